/** A cold start of node-llama-cpp, through its public API. */
import type { Token } from 'node-llama-cpp'
import { processRuntime } from '../hosts/runtime.js'
import { asInstalled } from '../rivals/node-llama-cpp/installation.js'
import { Library } from '../rivals/node-llama-cpp/library.js'
import { CONTEXT_LENGTH, PROMPT, type Result, stopwatch, type Task } from './phases.js'

export async function run({ source }: Task): Promise<Result> {
  const lap = stopwatch()
  const start = lap()
  await asInstalled()
  const imported = lap()
  const library = new Library(asInstalled)
  await library.describe()
  const compile = lap()
  const context = await library.loadContext(source, { contextLength: CONTEXT_LENGTH, threads: 1 })
  const sequence = context.getSequence()
  const load = lap()
  const ids: Token[] = context.model.tokenize(PROMPT)
  const last = ids.length - 1
  await sequence.controlledEvaluate(
    ids.map((id, i) =>
      i < last ? id : [id, { generateNext: { token: true, options: { temperature: 0 } } }],
    ),
  )
  const token = lap()
  return { runtime: processRuntime(), start, import: imported, compile, load, token }
}
