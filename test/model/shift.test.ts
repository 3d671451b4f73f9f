import { describe, expect, it } from 'vitest'
import { createEngine } from '../../src/backend/wasm/engine.js'
import type { Pointer } from '../../src/backend/wasm/kernels.js'
import { f16ToF32 } from '../../src/gguf/half.js'
import { openGguf } from '../../src/gguf/reader.js'
import type { KvType } from '../../src/model/kv-cache.js'
import { Network } from '../../src/model/network.js'
import { platform } from '../../src/platform/node/platform.js'
import { SessionKvCache } from '../../src/session/kv-cache.js'
import { bytesSource } from '../../src/storage/bytes.js'
import { SMALL, smallModel, VOCAB } from './small.js'

/** With one layer a key is a function of its token and its position alone, and a value of its token. */
const SHAPE = { ...SMALL.shape, layers: 1, headDim: 32 }
const ROW = SHAPE.kvHeads! * SHAPE.headDim

async function loadOneLayer(options: Parameters<typeof smallModel>[0]): Promise<Network> {
  const file = await openGguf(bytesSource(smallModel({ shape: SHAPE, ...options }), 'm.gguf'))
  return Network.load(file, await createEngine(await platform.loadKernels()))
}

async function evaluate(network: Network, ids: readonly number[], type: KvType): Promise<SessionKvCache> {
  const cache = new SessionKvCache(network.engine.arena, network.config, 256, type)
  for (let at = 0; at < ids.length; at += 64) {
    await network.forward({ cache, ids: ids.slice(at, at + 64), position: at, tiled: true })
  }
  return cache
}

/** What the cache holds at the first `rows` positions, as numbers. */
function held(network: Network, cache: SessionKvCache, at: Pointer, rows: number): Float64Array {
  const bytesOf = { f32: 4, f16: 2, q8_0: 34 / 32 }[cache.type]
  const bytes = network.engine.arena.bytes(at, rows * ROW * bytesOf)
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  return Float64Array.from({ length: rows * ROW }, (_, i) => {
    if (cache.type === 'f32') return view.getFloat32(4 * i, true)
    if (cache.type === 'f16') return f16ToF32(view.getUint16(2 * i, true))
    const block = 34 * Math.floor(i / 32)
    return f16ToF32(view.getUint16(block, true)) * view.getInt8(block + 2 + (i % 32))
  })
}

/**
 * Largest error, as a part of the largest value of a row: half a step before the turn, which turns two such errors into
 * √2 of one at worst, half a step after it, and half a step of what it is compared with.
 */
const HALF_STEPS = 2 + Math.SQRT2
const TOLERANCE = { f32: 1e-6, f16: HALF_STEPS * 2 ** -11, q8_0: HALF_STEPS * (0.5 / 127) + 2 ** -10 }

const IDS = Array.from({ length: 200 }, (_, i) => (i * 37 + 5) % VOCAB)

const SHIFTS = [
  { keep: 4, dropped: 98 },
  { keep: 0, dropped: 1 },
  { keep: 60, dropped: 64 },
  { keep: 10, dropped: 189 },
  { keep: 10, dropped: 190 },
]

describe.each(['f32', 'f16', 'q8_0'] as const)('a shift of an %s cache', (type) => {
  it.each([
    ['plain', {}],
    ['YaRN, whose keys have a magnitude', { ropeScaling: { type: 'yarn', factor: 4, originalContext: 64 } }],
    ['linear scaling', { ropeScaling: { type: 'linear', factor: 4 } }],
  ] as const)('turns keys to where they now stand, and moves values as they are: %s', async (_, options) => {
    const network = await loadOneLayer(options as object)
    for (const { keep, dropped } of SHIFTS) {
      const count = IDS.length - keep - dropped
      const cache = await evaluate(network, IDS, type)
      await network.shift(cache, keep + dropped, keep, count)
      const expected = await evaluate(network, [...IDS.slice(0, keep), ...IDS.slice(keep + dropped)], type)
      const rows = keep + count
      const of = (which: 'keys' | 'values', from: SessionKvCache) => held(network, from, from[which](0), rows)
      expect(of('values', cache)).toEqual(of('values', expected))
      const keys = of('keys', cache)
      const expectedKeys = of('keys', expected)
      expect(keys.subarray(0, keep * ROW)).toEqual(expectedKeys.subarray(0, keep * ROW))
      for (let row = 0; row < rows; row++) {
        const [actual, wanted] = [keys, expectedKeys].map((all) => all.subarray(row * ROW, (row + 1) * ROW))
        const allowed = TOLERANCE[type] * Math.max(...wanted.map(Math.abs))
        for (let i = 0; i < ROW; i++) expect(Math.abs(actual[i] - wanted[i])).toBeLessThanOrEqual(allowed)
      }
      cache.dispose()
      expected.dispose()
    }
  })
})
