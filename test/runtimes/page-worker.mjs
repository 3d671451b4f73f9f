/** Runs the program in a page's worker: takes [source, threads], answers with what was told. */
import * as dasllama from '../../dist/index.js'
import { tell } from './program.mjs'

globalThis.onmessage = async ({ data }) => globalThis.postMessage(await tell(dasllama, ...data))
