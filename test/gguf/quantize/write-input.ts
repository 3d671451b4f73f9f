/** Writes the quantizers' input, for record.py. */
import { writeFileSync } from 'node:fs'
import { quantizeF32 } from '../../../src/gguf/quantize.js'
import { quantizerInput } from './input.js'

writeFileSync(process.argv[2], quantizeF32(quantizerInput()))
