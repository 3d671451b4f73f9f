import { describe, expect, it } from 'vitest'
import type { KvType } from '../../../src/backend/memory.js'
import { Arena } from '../../../src/backend/wasm/arena.js'
import { createEngine } from '../../../src/backend/wasm/engine.js'
import { type LoadOptions, WasmExecutable } from '../../../src/backend/wasm/executable.js'
import { sequenceBytes } from '../../../src/backend/wasm/kv-layout.js'
import { openGguf } from '../../../src/gguf/reader.js'
import { writeGguf } from '../../../src/gguf/writer.js'
import { planModel } from '../../../src/model/plan.js'
import { platform } from '../../../src/platform/node/platform.js'
import { bytesSource } from '../../../src/storage/bytes.js'
import type { ByteSource } from '../../../src/storage/source.js'
import { smallModel, smallParts, VOCAB } from '../../model/small.js'
import { append, engineOf, load, prefill, someIds } from './load.js'

/** A source that reports reads. */
function watched(bytes: Uint8Array, onRead: (offset: number, length: number) => void): ByteSource {
  const source = bytesSource(bytes, 'm.gguf')
  return {
    ...source,
    async read(offset, target, signal) {
      onRead(offset, target.length)
      await source.read(offset, target, signal)
    },
  }
}

/** Logits after running `ids` as a prompt in batches of the given sizes, or token by token in the decode phase. */
async function logitsOf(
  executable: WasmExecutable,
  ids: readonly number[],
  batches: readonly number[] | 'decoded',
  type: KvType = 'f16',
): Promise<Float32Array> {
  const memory = executable.createMemory(type)
  const sizes = batches === 'decoded' ? ids.map(() => 1) : batches
  let logits: Float32Array = new Float32Array()
  for (const size of sizes) {
    const { length } = memory
    const phase = batches === 'decoded' ? 'decode' : 'prefill'
    logits = await append(executable, memory, ids.slice(length, length + size), phase)
  }
  expect(memory.length).toBe(ids.length)
  memory.dispose()
  return logits
}

const IDS = Array.from({ length: 70 }, (_, i) => (i * 37 + 5) % VOCAB)

describe('loading', () => {
  it('rejects a limit that is too small before it reads a weight, and reports the need', async () => {
    const engine = await engineOf({ memoryLimit: 2 ** 20 })
    const used = engine.arena.bytesInUse
    let reads = 0
    const file = await openGguf(watched(smallModel(), () => reads++))
    const readsOfHeader = reads
    const { program } = planModel(file)
    await expect(WasmExecutable.load(file, program, engine)).rejects.toMatchObject({
      name: 'DasllamaError',
      code: 'OUT_OF_MEMORY',
      message: expect.stringMatching(
        /^m\.gguf needs \d\.\d MiB of memory \(weights \d\.\d MiB\), and \d\.\d MiB are allowed$/,
      ),
      hint: expect.stringContaining('memoryLimit'),
    })
    expect(reads).toBe(readsOfHeader)
    expect(engine.arena.bytesInUse).toBe(used)
    expect(engine.arena.memory.buffer.byteLength).toBe(2 ** 20)
  })

  it('includes what sessions reserve, and at the smallest accepted limit they get it', async () => {
    const file = await openGguf(bytesSource(smallModel(), 'm.gguf'))
    const { program } = planModel(file)
    const module = await platform.loadKernels()
    for (const contextLength of [1, 7, 127, 128, 129, 300]) {
      const reserve = sequenceBytes(program.memories, contextLength, 'f16')
      // The kernels' static data is below the arena.
      let base = 0
      const loadWithin = async (limit: number) => {
        const { arena, ...rest } = await createEngine(module)
        base = rest.kernels.heap_base()
        const bounded = new Arena(arena.memory, base, limit)
        return WasmExecutable.load(file, program, { ...rest, arena: bounded }, { reserve })
      }
      // Finds the smallest accepted limit, to the byte.
      let [refused, accepted] = [0, 4 * 2 ** 20]
      while (accepted - refused > 1) {
        const middle = (refused + accepted) >> 1
        const isAccepted = await loadWithin(middle).then(
          () => true,
          (error) => error.code !== 'OUT_OF_MEMORY' && Promise.reject(error),
        )
        if (isAccepted) accepted = middle
        else refused = middle
      }
      const executable = await loadWithin(accepted)
      const memory = executable.createMemory('f16')
      await prefill(executable, memory, someIds(contextLength, VOCAB))
      expect(memory.bytes).toBeLessThanOrEqual(reserve)
      expect(executable.bytesInUse).toBeLessThan(accepted)
      // The estimate is tight: one page more would not fit.
      const pageBytes = sequenceBytes(program.memories, 1, 'f16')
      expect(accepted - base - executable.bytesInUse).toBeLessThan(pageBytes)
    }
  })

  it('takes at most what bytesFor predicts, plus the pages of sequences', async () => {
    const file = await openGguf(bytesSource(smallModel(), 'm.gguf'))
    const { program } = planModel(file)
    const engine = await engineOf()
    const { bytes: foreseen } = WasmExecutable.memoryFor(file, program, engine, { available: 0 })
    const executable = await WasmExecutable.load(file, program, engine)
    expect(executable.bytesInUse).toBeLessThanOrEqual(foreseen)
    const memory = executable.createMemory('f16')
    expect(executable.bytesInUse).toBeLessThanOrEqual(foreseen)
    expect(memory.bytes).toBe(0)
    await append(executable, memory, [1], 'decode')
    expect(executable.bytesInUse).toBeLessThanOrEqual(foreseen + memory.bytes)
    expect(executable.bytesInUse).toBeGreaterThan(0.98 * foreseen)
  })

  it('reads each weight once, in order, and reports its progress', async () => {
    const bytes = smallModel()
    let read = 0
    let start = Number.POSITIVE_INFINITY
    const file = await openGguf(
      watched(bytes, (offset, length) => {
        if (offset >= start) read += length
      }),
    )
    start = Math.min(...[...file.tensors.values()].map(({ offset }) => offset))
    const steps: { loaded: number; total: number }[] = []
    await WasmExecutable.load(file, planModel(file).program, await engineOf(), {
      onProgress: (progress) => steps.push(progress),
    })
    expect(read).toBe(file.tensorBytes)
    expect(steps).toHaveLength(file.tensors.size)
    expect(steps.at(-1)).toEqual({ loaded: file.tensorBytes, total: file.tensorBytes })
    for (const [i, { loaded, total }] of steps.entries()) {
      expect(total).toBe(file.tensorBytes)
      expect(loaded).toBeGreaterThan(steps[i - 1]?.loaded ?? 0)
    }
  })

  it('passes every byte of every tensor in the file’s format to onBytes', async () => {
    const bytes = smallModel({ format: 'Q4_0' })
    const heard = new Map<string, number>()
    await load(bytes, {
      onBytes(tensor, start, piece) {
        const at = tensor.offset + start
        expect(Buffer.compare(piece, bytes.subarray(at, at + piece.length))).toBe(0)
        heard.set(tensor.name, (heard.get(tensor.name) ?? 0) + piece.length)
      },
    })
    const file = await openGguf(bytesSource(bytes, 'm.gguf'))
    expect(heard.size).toBe(file.tensors.size)
    for (const [name, { byteLength }] of file.tensors) expect(heard.get(name)).toBe(byteLength)
  })

  it('reports progress only for what it reads: unused tensors do not count', async () => {
    const parts = smallParts()
    const unused = {
      name: 'blk.0.attn_rot_embd.weight',
      shape: [1000],
      format: 'F32',
      data: new Uint8Array(4000),
    }
    const steps: { loaded: number; total: number }[] = []
    await load(writeGguf({ ...parts, tensors: [...parts.tensors, unused] }), {
      onProgress: (progress) => steps.push(progress),
    })
    expect(steps.at(-1)!.loaded).toBe(steps.at(-1)!.total)
  })

  it('reads large tensors in pieces, and can be aborted after each', async () => {
    // An embedding of 32 MiB and a little: three pieces.
    const shape = { embed: 4096, layers: 1, heads: 1, headDim: 32, feedForward: 32, vocab: 2100, context: 8 }
    const bytes = smallModel({
      shape,
      format: (name) => (name === 'token_embd.weight' ? 'F32' : 'Q8_0'),
      tied: true,
    })
    const controller = new AbortController()
    const steps: number[] = []
    const loading = load(bytes, {
      signal: controller.signal,
      onProgress: ({ loaded }) => {
        steps.push(loaded)
        if (steps.length === 2) controller.abort('enough')
      },
    })
    await expect(loading).rejects.toBe('enough')
    expect(steps).toEqual([16 * 2 ** 20, 32 * 2 ** 20])
  })

  it('lets timers run even if the source answers from memory', async () => {
    // 96 MiB of embedding: without yielding to the event loop, the timer would run after the last piece.
    const shape = { embed: 4096, layers: 1, heads: 1, headDim: 32, feedForward: 32, vocab: 6150, context: 8 }
    const format = (name: string) => (name === 'token_embd.weight' ? 'F32' : 'Q8_0')
    const controller = new AbortController()
    const onProgress: LoadOptions['onProgress'] = ({ loaded }) => {
      if (loaded === 16 * 2 ** 20) setTimeout(() => controller.abort('time is up'), 0)
      const until = performance.now() + 3
      while (performance.now() < until);
    }
    const loading = load(smallModel({ shape, format, tied: true }), { signal: controller.signal, onProgress })
    await expect(loading).rejects.toBe('time is up')
  })

  it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])('rejects a rotary factor of %d', async (factor) => {
    const ropeFactors = [1, 2, 3, factor, 5, 6, 7, 8]
    await expect(load(smallModel({ ropeFactors }))).rejects.toMatchObject({
      code: 'BAD_FORMAT',
      message: expect.stringContaining('index 3'),
    })
  })

  it('does not start if it is already aborted', async () => {
    let steps = 0
    const signal = AbortSignal.abort(new Error('never mind'))
    await expect(load(smallModel(), { signal, onProgress: () => steps++ })).rejects.toThrow('never mind')
    expect(steps).toBe(0)
  })
})

/** Splits of 70 tokens into batches, single tokens among them. */
const SPLITS = [
  [70],
  [64, 6],
  [35, 35],
  [4, 62, 4],
  [10, 10, 10, 10, 10, 10, 10],
  [5, 4, 7, 33, 4, 4, 13],
  [1, 2, 3, 63, 1],
  new Array(70).fill(1),
]

describe.each(['F32', 'F16', 'Q8_0', 'Q4_0'])('an executable of %s', (format) => {
  it.each(['f16', 'f32'] as const)(
    'gives the same bits however a prompt is cut into batches, with an %s cache',
    async (type) => {
      const executable = await load(smallModel({ format }))
      const cut = (split: readonly number[]) => logitsOf(executable, IDS, split, type)
      const [whole, ...others] = await Promise.all(SPLITS.map(cut))
      expect(new Set(whole).size).toBeGreaterThan(VOCAB / 2)
      for (const logits of others) expect(logits).toEqual(whole)
    },
  )

  it('decodes token by token to nearly the same: only the 16-bit activations differ', async () => {
    const ids = IDS.slice(0, 20)
    // Separate executables, so that nothing is shared between the runs.
    const [whole, single] = [
      await logitsOf(await load(smallModel({ format })), ids, [20], 'f32'),
      await logitsOf(await load(smallModel({ format })), ids, 'decoded', 'f32'),
    ]
    const largest = Math.max(...whole.map(Math.abs))
    for (const [id, logit] of whole.entries()) {
      expect(Math.abs(single[id] - logit)).toBeLessThan(2e-3 * largest)
    }
  })
})

describe('an executable', () => {
  it('depends on every id, on their order, and on their positions', async () => {
    const executable = await load(smallModel())
    const base = await logitsOf(executable, [1, 2, 3, 4, 5], [5])
    expect(await logitsOf(executable, [9, 2, 3, 4, 5], [5])).not.toEqual(base)
    expect(await logitsOf(executable, [1, 3, 2, 4, 5], [5])).not.toEqual(base)
    expect(await logitsOf(executable, [1, 2, 3, 4, 6], [5])).not.toEqual(base)
    expect(await logitsOf(executable, [1, 2, 3, 4, 5], [5])).toEqual(base)
  })

  it.each([
    ['biases', { biases: true }],
    ['rotary factors', { ropeFactors: [1, 2, 3, 4, 5, 6, 7, 8] }],
    ['linear scaling', { ropeScaling: { type: 'linear', factor: 4 } }],
    ['YaRN', { ropeScaling: { type: 'yarn', factor: 4, originalContext: 16 } }],
    ['another rotary base', { ropeBase: 500 }],
    ['a tied output', { tied: true }],
  ] as const)('is changed by %s', async (_, options) => {
    const plain = await logitsOf(await load(smallModel()), IDS.slice(0, 12), [12])
    const changed = await logitsOf(await load(smallModel(options as object)), IDS.slice(0, 12), [12])
    expect(changed.every(Number.isFinite)).toBe(true)
    expect(changed).not.toEqual(plain)
  })

  it('gives the same bits with all its memory above 2 GiB', async () => {
    const engine = await engineOf()
    engine.arena.allocate(2 ** 31, 'a test')
    for (const type of ['f16', 'q8_0'] as const) {
      const model = smallModel({ format: 'Q4_0', shape: { ...smallShape, headDim: 32 } })
      const high = await load(model, { engine })
      const low = await load(model)
      expect(await logitsOf(high, IDS, [70], type)).toEqual(await logitsOf(low, IDS, [70], type))
      expect(await logitsOf(high, IDS, 'decoded', type)).toEqual(await logitsOf(low, IDS, 'decoded', type))
    }
  })

  it('reports what it is and how much memory it uses', async () => {
    const engine = await engineOf({ memoryLimit: 8 * 2 ** 20 })
    const executable = await load(smallModel(), { engine })
    expect(executable).toMatchObject({
      vocabSize: VOCAB,
      embeddingLength: 96,
      memoryLimit: 8 * 2 ** 20,
      threads: 1,
      kernels: 'baseline',
    })
    const kv = { kind: 'kv', kvHeads: 2, keyDim: 16, valueDim: 16, window: undefined }
    expect(executable.memories).toEqual([kv, kv])
    expect(executable.bytesInUse).toBe(engine.arena.bytesInUse)
    await executable.dispose()
    await executable.dispose()
    expect(executable.bytesInUse).toBe(0)
  })

  it('rejects a cache type whose blocks do not fit its heads', async () => {
    const executable = await load(smallModel())
    expect(() => executable.createMemory('q8_0')).toThrow(
      expect.objectContaining({
        code: 'UNSUPPORTED',
        message: expect.stringContaining('heads of 16'),
        hint: expect.stringContaining('f16'),
      }),
    )
  })

  it('ends its threads when it is disposed, and does nothing afterwards', async () => {
    const engine = await engineOf({ threads: 2 })
    const executable = await load(smallModel(), { engine })
    expect(executable.threads).toBe(2)
    const memory = executable.createMemory('f16')
    const threads = [...engine.pool.workers]
    await executable.dispose()
    await Promise.all(threads.map(({ ended }) => ended))
    const disposed = expect.objectContaining({ code: 'DISPOSED' })
    await expect(append(executable, memory, [1], 'decode')).rejects.toEqual(disposed)
    expect(() => executable.createMemory('f16')).toThrow(disposed)
  })
})

const smallShape = {
  embed: 96,
  layers: 2,
  heads: 6,
  kvHeads: 2,
  feedForward: 160,
  vocab: VOCAB,
  context: 256,
}
