import { describe, expect, it } from 'vitest'
import { Arena } from '../../src/backend/wasm/arena.js'
import { createEngine } from '../../src/backend/wasm/engine.js'
import { openGguf } from '../../src/gguf/reader.js'
import { writeGguf } from '../../src/gguf/writer.js'
import { type LoadOptions, Network } from '../../src/model/network.js'
import { platform } from '../../src/platform/node/platform.js'
import { kvCacheBytes, SessionKvCache } from '../../src/session/kv-cache.js'
import { bytesSource } from '../../src/storage/bytes.js'
import type { ByteSource } from '../../src/storage/source.js'
import { smallModel, smallParts, VOCAB } from './small.js'

/** A source that tells what has been read from it. */
function watched(bytes: Uint8Array, onRead: (offset: number, length: number) => void = () => {}): ByteSource {
  const source = bytesSource(bytes, 'm.gguf')
  return {
    ...source,
    async read(offset, target, signal) {
      onRead(offset, target.length)
      await source.read(offset, target, signal)
    },
  }
}

async function load(bytes: Uint8Array, options: LoadOptions = {}): Promise<Network> {
  const engine = await createEngine(await platform.loadKernels())
  return Network.load(await openGguf(watched(bytes)), engine, options)
}

/** Logits after running `ids` in batches of the given sizes. */
async function logitsOf(
  network: Network,
  ids: readonly number[],
  batches: readonly number[],
  type: 'f16' | 'f32' = 'f16',
) {
  const cache = new SessionKvCache(network.engine.arena, network.config, 256, type)
  let logits = new Float32Array()
  let position = 0
  for (const size of batches) {
    const wantLogits = position + size === ids.length
    const pass = { cache, ids: ids.slice(position, position + size), position, wantLogits }
    await network.forward(pass, () => {
      if (wantLogits) logits = network.logits().slice()
    })
    position += size
  }
  expect(position).toBe(ids.length)
  cache.dispose()
  return logits
}

const IDS = Array.from({ length: 70 }, (_, i) => (i * 37 + 5) % VOCAB)

describe('loading', () => {
  it('refuses a limit that is too small before it reads a weight, and says the need', async () => {
    const engine = await createEngine(await platform.loadKernels(), { memoryLimit: 2 ** 20 })
    const used = engine.arena.bytesInUse
    let reads = 0
    const file = await openGguf(watched(smallModel(), () => reads++))
    const readsOfHeader = reads
    await expect(Network.load(file, engine)).rejects.toMatchObject({
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

  it('counts what sessions will need, and at the limit that it accepts they get it', async () => {
    const file = await openGguf(watched(smallModel()))
    const module = await platform.loadKernels()
    for (const contextLength of [1, 7, 100, 101]) {
      const reserve: LoadOptions['reserve'] = (config) => kvCacheBytes(config, contextLength, 'f16')
      const loadWithin = async (limit: number) => {
        const { arena, ...rest } = await createEngine(module)
        const bounded = new Arena(arena.memory, rest.kernels.heap_base(), limit)
        return Network.load(file, { ...rest, arena: bounded }, { reserve })
      }
      // The smallest limit that is accepted, to the byte.
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
      const network = await loadWithin(accepted)
      const cache = new SessionKvCache(network.engine.arena, network.config, contextLength, 'f16')
      expect(network.engine.arena.bytesInUse).toBeLessThan(accepted)
      cache.dispose()
    }
  })

  it('reads each weight once, in order, and tells how far it is', async () => {
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
    await Network.load(file, await createEngine(await platform.loadKernels()), {
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

  it('counts progress by what it reads: a tensor that nobody uses is not waited for', async () => {
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

  it('reads large tensors in pieces, each of which can be the last', async () => {
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

  it('hears a timer even when the bytes are at hand', async () => {
    // 96 MiB of embedding: without a turn for the runtime the timer would come after the last piece.
    const shape = { embed: 4096, layers: 1, heads: 1, headDim: 32, feedForward: 32, vocab: 6150, context: 8 }
    const format = (name: string) => (name === 'token_embd.weight' ? 'F32' : 'Q8_0')
    const controller = new AbortController()
    const loading = load(smallModel({ shape, format, tied: true }), {
      signal: controller.signal,
      onProgress: ({ loaded }) => {
        if (loaded === 16 * 2 ** 20) setTimeout(() => controller.abort('time is up'), 0)
        const until = performance.now() + 3
        while (performance.now() < until);
      },
    })
    await expect(loading).rejects.toBe('time is up')
  })

  it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])('refuses a rotary factor of %d', async (factor) => {
    const ropeFactors = [1, 2, 3, factor, 5, 6, 7, 8]
    await expect(load(smallModel({ ropeFactors }))).rejects.toMatchObject({
      code: 'BAD_FORMAT',
      message: expect.stringContaining('index 3'),
    })
  })

  it('does not begin when it is cancelled already', async () => {
    let steps = 0
    const signal = AbortSignal.abort(new Error('never mind'))
    await expect(load(smallModel(), { signal, onProgress: () => steps++ })).rejects.toThrow('never mind')
    expect(steps).toBe(0)
  })
})

/** Splits of 70 tokens into batches of at least four each, which go through the tiled kernel. */
const SPLITS = [
  [64, 6],
  [35, 35],
  [4, 62, 4],
  [10, 10, 10, 10, 10, 10, 10],
  [5, 4, 7, 33, 4, 4, 13],
]

describe.each(['F32', 'F16', 'Q8_0'])('a network of %s', (format) => {
  it.each(['f16', 'f32'] as const)(
    'gives the same bits however a prompt is cut, with an %s cache',
    async (type) => {
      const network = await load(smallModel({ format }))
      const [whole, ...others] = await Promise.all(SPLITS.map((split) => logitsOf(network, IDS, split, type)))
      expect(new Set(whole).size).toBeGreaterThan(VOCAB / 2)
      for (const logits of others) expect(logits).toEqual(whole)
    },
  )

  it('decodes token by token to nearly the same: 16-bit activations are all that differs', async () => {
    const ids = IDS.slice(0, 20)
    // A network each: nothing that one run leaves behind can help the other.
    const [whole, single] = [
      await logitsOf(await load(smallModel({ format })), ids, [20], 'f32'),
      await logitsOf(await load(smallModel({ format })), ids, new Array(20).fill(1), 'f32'),
    ]
    const largest = Math.max(...whole.map(Math.abs))
    for (const [id, logit] of whole.entries())
      expect(Math.abs(single[id] - logit)).toBeLessThan(2e-3 * largest)
  })
})

describe('a network', () => {
  it('depends on every id, on their order, and on their positions', async () => {
    const network = await load(smallModel())
    const base = await logitsOf(network, [1, 2, 3, 4, 5], [5])
    expect(await logitsOf(network, [9, 2, 3, 4, 5], [5])).not.toEqual(base)
    expect(await logitsOf(network, [1, 3, 2, 4, 5], [5])).not.toEqual(base)
    expect(await logitsOf(network, [1, 2, 3, 4, 6], [5])).not.toEqual(base)
    expect(await logitsOf(network, [1, 2, 3, 4, 5], [5])).toEqual(base)
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
})
