/** A cold start of wllama 3 on a page; its worker compiles and evaluates. */
import { browserRuntime } from '../hosts/runtime.js'
import { loadWllama } from '../rivals/wllama-3/wllama.js'
import { CONTEXT_LENGTH, PROMPT, type Result, stopwatch, type Task } from './phases.js'

export async function run({ source }: Task): Promise<Result> {
  const lap = stopwatch()
  const start = lap()
  const wllama = await loadWllama(source, { contextLength: CONTEXT_LENGTH, threads: 1 })
  const load = lap()
  await wllama.createCompletion({ prompt: PROMPT, max_tokens: 1, temperature: 0 })
  const token = lap()
  return { runtime: await browserRuntime(), start, load, token }
}
