/** A cold start of this package in a process of Node or on a page, where the engine runs in a Worker, as it does by default. */
import { browserRuntime, processRuntime } from '../hosts/runtime.js'
import { CONTEXT_LENGTH, PROMPT, type Result, stopwatch, type Task } from './phases.js'

const isProcess = globalThis.process?.versions !== undefined

export async function run({ source, kernels: file }: Task): Promise<Result> {
  const lap = stopwatch()
  const start = lap()
  const { loadModel } = await import('dasllama')
  const imported = lap()
  const kernels = await WebAssembly.compile(await read(file))
  const compile = lap()
  let open: number | undefined
  const model = await loadModel(source, {
    ...{ kernels, threads: 1, contextLength: CONTEXT_LENGTH },
    onProgress() {
      open ??= lap()
    },
  })
  const load = lap()
  await model.createSession().generate(PROMPT, { maxTokens: 1 }).result()
  const token = lap()
  const runtime = isProcess ? processRuntime() : await browserRuntime()
  return { runtime, start, import: imported, compile, open, load, token }
}

async function read(file: string): Promise<BufferSource> {
  if (!isProcess) return (await fetch(file)).arrayBuffer()
  const { readFile } = await import('node:fs/promises')
  return new Uint8Array(await readFile(file))
}
