import { fileURLToPath } from 'node:url'
import { describe } from 'vitest'
import { programSuite } from './program-suite.js'

const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url))

// By its own first line, not by Node's name.
describe('the dasllama program', () => programSuite([CLI]))
