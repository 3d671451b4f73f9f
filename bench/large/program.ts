/** Loads a model of more than one memory, and writes a few tokens greedily. */
import { inspectModel, loadModel, type MemoryPart } from 'dasllama'
import { browserRuntime, processRuntime } from '../hosts/runtime.js'

export interface Task {
  /** A path, or an address. */
  readonly source: string
  readonly threads: number
  readonly prompt: readonly number[]
  /** Tokens to write. */
  readonly tokens: number
}

export interface Result {
  readonly runtime: string
  /** Threads of each memory's engine. */
  readonly threads: number
  readonly loadMs: number
  /** Weights, scratch and the sequence, in all memories. */
  readonly memoryBytes: number
  readonly memories: readonly MemoryPart[]
  readonly promptMs: number
  /** The tokens written, and how long each took. */
  readonly ids: readonly number[]
  readonly tokenMs: readonly number[]
}

export const CONTEXT_LENGTH = 512

export async function run({ source, threads, prompt, tokens }: Task): Promise<Result> {
  const inBrowser = globalThis.process?.versions === undefined
  const { memory } = await inspectModel(source, { contextLength: CONTEXT_LENGTH })
  let since = performance.now()
  const lap = () => {
    const ms = performance.now() - since
    since += ms
    return ms
  }
  const model = await loadModel(source, { threads, contextLength: CONTEXT_LENGTH })
  const loadMs = lap()
  const session = model.createSession()
  await session.eval(prompt)
  const promptMs = lap()
  const ids: number[] = []
  const tokenMs: number[] = []
  while (ids.length < tokens) {
    ids.push(largest(session.logits()))
    await session.eval(ids.slice(-1))
    tokenMs.push(lap())
  }
  const { memoryBytes } = model
  const used = { threads: model.threads, loadMs, memoryBytes, memories: memory?.memories ?? [] }
  await model.dispose()
  const runtime = inBrowser ? await browserRuntime() : processRuntime()
  return { runtime, ...used, promptMs, ids, tokenMs }
}

function largest(logits: Float32Array): number {
  let best = 0
  for (let id = 1; id < logits.length; id++) if (logits[id] > logits[best]) best = id
  return best
}
