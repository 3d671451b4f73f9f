/** Runs the program on Node, Bun or Deno: reads the task as JSON from the command line, prints the answers as JSON. */
import process from 'node:process'
import * as dasllama from '../../dist/index.js'
import * as sampling from '../../dist/sampling.js'
import { compute } from './program.mjs'

const { internals, source, settings, worker } = JSON.parse(process.argv[2])
const answer = await compute({
  dasllama,
  sampling,
  internals: await import(internals),
  source,
  settings,
  worker,
})
console.log(JSON.stringify(answer))
