/** Runs the program on Node, Bun or Deno: reads the settings as JSON from the command line, prints the answers as JSON. */
import process from 'node:process'
import * as dasllama from '../../dist/index.js'
import * as sampling from '../../dist/sampling.js'
import { compute } from './program.mjs'

const [internalsPath, source, settings] = process.argv.slice(2)
const internals = await import(internalsPath)
const answer = await compute({ dasllama, sampling, internals, source, settings: JSON.parse(settings) })
console.log(JSON.stringify(answer))
