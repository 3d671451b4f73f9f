/** The command line behaves as a program should on every engine that has one. */
import { describe } from 'vitest'
import { programSuite } from '../cli/program-suite.js'
import { CLI, engines, launch } from './launch.js'

describe.each(await engines())('dasllama on $program $version ($path)', (engine) => {
  programSuite(launch(engine, CLI))
})
