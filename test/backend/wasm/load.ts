import { expect } from 'vitest'
import { type Batch, batchOf, type Phase } from '../../../src/backend/batch.js'
import type { Executable } from '../../../src/backend/executable.js'
import type { SequenceMemory } from '../../../src/backend/memory.js'
import { createEngine, createThreadedEngine, type Engine } from '../../../src/backend/wasm/engine.js'
import { type LoadOptions, WasmExecutable } from '../../../src/backend/wasm/executable.js'
import type { KernelBuild } from '../../../src/backend/wasm/kernel-builds.js'
import type { ThreadHost } from '../../../src/backend/wasm/threads.js'
import { openGguf } from '../../../src/gguf/reader.js'
import { planModel } from '../../../src/model/plan.js'
import { platform } from '../../../src/platform/node/platform.js'
import { bytesSource } from '../../../src/storage/bytes.js'
import type { ByteSource } from '../../../src/storage/source.js'

/** An engine with the baseline kernels, on one thread by default. */
export async function engineOf({
  threads = 1,
  memoryLimit,
  kernels = 'baseline',
}: {
  threads?: number
  memoryLimit?: number
  kernels?: KernelBuild
} = {}): Promise<Engine> {
  const source = await platform.loadKernels(kernels)
  if (threads === 1) return createEngine(source, { memoryLimit })
  return createThreadedEngine(source as Uint8Array, threads, platform.threads as ThreadHost, { memoryLimit })
}

/** The executable of a model file, in a new engine unless one is given. */
export async function load(
  model: Uint8Array | ByteSource,
  { engine, ...options }: LoadOptions & { engine?: Engine } = {},
): Promise<WasmExecutable> {
  const file = await openGguf(model instanceof Uint8Array ? bytesSource(model, 'm.gguf') : model)
  return WasmExecutable.load(file, planModel(file).program, engine ?? (await engineOf()), options)
}

/** Runs a batch; returns the results by row. */
export async function outputsOf(
  executable: Pick<WasmExecutable, 'run'>,
  batch: Batch,
): Promise<Map<number, Float32Array>> {
  const results = new Map<number, Float32Array>()
  await executable.run(batch, (row, values) => void results.set(row, values.slice()))
  return results
}

/** Appends ids to a memory as one run; returns the result of the last row. */
export async function append(
  executable: Pick<WasmExecutable, 'run'>,
  memory: SequenceMemory,
  ids: readonly number[],
  phase: Phase,
  rest: Partial<Pick<Batch, 'want' | 'signal'>> = {},
): Promise<Float32Array> {
  const last = ids.length - 1
  const outputs = await outputsOf(executable, batchOf(ids, { memory, phase, outputs: [last], ...rest }))
  return outputs.get(last)!
}

/** Appends a prompt in batches of at most 128; returns the logits of its last row. */
export async function prefill(
  executable: Pick<WasmExecutable, 'run'>,
  memory: SequenceMemory,
  ids: readonly number[],
): Promise<Float32Array> {
  let logits: Float32Array = new Float32Array()
  for (let at = 0; at < ids.length; at += 128) {
    logits = await append(executable, memory, ids.slice(at, at + 128), 'prefill')
  }
  return logits
}

/** Appends tokens one at a time; returns the logits after each. */
export async function decode(
  executable: Pick<WasmExecutable, 'run'>,
  memory: SequenceMemory,
  ids: readonly number[],
): Promise<Float32Array[]> {
  const logits: Float32Array[] = []
  for (const id of ids) logits.push(await append(executable, memory, [id], 'decode'))
  return logits
}

/** What an executable has in use when all that has been asked of it is done: behind a channel, that takes a round trip. */
export async function bytesInUse(executable: Executable): Promise<number> {
  const memory = executable.createMemory('f32')
  await memory.truncate(0)
  memory.dispose()
  return executable.bytesInUse
}

/** Token ids without a short period. */
export function someIds(count: number, vocab: number, seed = 0): number[] {
  return Array.from({ length: count }, (_, i) => (i * 37 + 5 + seed * 91 + ((i * i) % 11)) % vocab)
}

/** A memory's records and length as text, which is quick to compare. */
export async function contentOf(memory: SequenceMemory): Promise<string> {
  const records = await memory.save()
  const parts = records.map(({ kind, first, bytes }) => [kind, first, Buffer.from(bytes).toString('base64')])
  return JSON.stringify([memory.type, memory.length, ...parts])
}

/** Expects the same bits. Fast, because thousands of rows would take minutes value by value. */
export function expectSameBits(
  actual: Float32Array | readonly Float32Array[] | undefined,
  expected: Float32Array | readonly Float32Array[] | undefined,
  what = 'logits',
): void {
  const rowsOf = (rows: typeof actual) => (rows instanceof Float32Array ? [rows] : (rows ?? []))
  const [a, b] = [rowsOf(actual), rowsOf(expected)]
  const bytes = ({ buffer, byteOffset, byteLength }: Float32Array) =>
    Buffer.from(buffer, byteOffset, byteLength)
  const at = a.findIndex((row, i) => b[i] === undefined || !bytes(row).equals(bytes(b[i])))
  if (at >= 0) expect(a[at], `${what}, row ${at}`).toEqual(b[at])
  expect([a.length > 0, a.length], what).toEqual([true, b.length])
}
