/** The same in llama.cpp, through node-llama-cpp. */
import type { Token } from 'node-llama-cpp'
import { processRuntime } from '../hosts/runtime.js'
import { asInstalled } from '../rivals/node-llama-cpp/installation.js'
import { Library } from '../rivals/node-llama-cpp/library.js'
import { CONTEXT_LENGTH, type Result, type Task } from './program.js'

const GREEDY = { generateNext: { token: true, options: { temperature: 0 } } } as const

export async function run({ source, threads, prompt, tokens }: Task): Promise<Result> {
  const library = new Library(asInstalled)
  await library.describe()
  let since = performance.now()
  const lap = () => {
    const ms = performance.now() - since
    since += ms
    return ms
  }
  const context = await library.loadContext(source, { contextLength: CONTEXT_LENGTH, threads })
  const sequence = context.getSequence()
  const loadMs = lap()
  const next = async (ids: readonly number[]) => {
    const last = ids.length - 1
    const input = ids.map((id, i): Token | [Token, typeof GREEDY] =>
      i < last ? (id as Token) : [id as Token, GREEDY],
    )
    const results = await sequence.controlledEvaluate(input)
    return Number(results[last]?.next.token)
  }
  const ids = [await next(prompt)]
  const promptMs = lap()
  const tokenMs: number[] = []
  while (tokenMs.length < tokens) {
    ids.push(await next(ids.slice(-1)))
    tokenMs.push(lap())
  }
  const memories = { memoryBytes: 0, memories: [] }
  return {
    runtime: processRuntime(),
    threads,
    loadMs,
    ...memories,
    promptMs,
    ids: ids.slice(0, tokens),
    tokenMs,
  }
}
