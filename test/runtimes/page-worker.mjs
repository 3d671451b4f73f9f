/** Runs the program in a page's worker: receives [source, threads], answers with the generated texts. */
import * as dasllama from '../../dist/index.js'
import { tell } from './program.mjs'

globalThis.onmessage = async ({ data }) => globalThis.postMessage(await tell(dasllama, ...data))
