/** Runs a function of store-program.mjs in a Worker. */
import { pullAll, tell } from './store-program.mjs'

const tasks = { pullAll, tell }

globalThis.onmessage = async ({ data: [task, ...values] }) => {
  globalThis.postMessage(await tasks[task](...values))
}
