import { describe, expect, it, vi } from 'vitest'
import { type KvType, reachableLength, type SequenceMemory } from '../../../src/backend/memory.js'
import type { Value } from '../../../src/backend/program.js'
import type { WasmExecutable } from '../../../src/backend/wasm/executable.js'
import { f16ToF32 } from '../../../src/gguf/half.js'
import type { Builder } from '../../../src/model/builder/builder.js'
import { type Config, readConfig } from '../../../src/model/config.js'
import { registerFamily } from '../../../src/model/registry.js'
import { pacer } from '../../../src/platform/pacer.js'
import { SMALL, smallModel, VOCAB } from '../../model/small.js'
import { append, contentOf, decode, engineOf, load, prefill, someIds } from './load.js'
import { windowedModel } from './windowed-family.js'

/** With one layer, a key depends only on its token and position, and a value only on its token. */
const SHAPE = { ...SMALL.shape, layers: 1, headDim: 32 }

async function evaluated(
  executable: WasmExecutable,
  ids: readonly number[],
  type: KvType,
  options?: { retain: number },
): Promise<SequenceMemory> {
  const memory = executable.createMemory(type, options)
  await prefill(executable, memory, ids)
  return memory
}

/**
 * The content of a memory's only layer as numbers: rows of keys and of values from position `first` on. `keyShare`: the part
 * of a position's numbers that are keys.
 */
async function held(memory: SequenceMemory, keyShare = 1 / 2) {
  const [{ first, bytes }] = await memory.save()
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  const size = { f32: 4, f16: 2, q8_0: 34 / 32 }[memory.type]
  const numbers = Float64Array.from({ length: bytes.length / size }, (_, i) => {
    if (memory.type === 'f32') return view.getFloat32(4 * i, true)
    if (memory.type === 'f16') return f16ToF32(view.getUint16(2 * i, true))
    const block = 34 * Math.floor(i / 32)
    return f16ToF32(view.getUint16(block, true)) * view.getInt8(block + 2 + (i % 32))
  })
  const positions = Math.max(1, memory.length - first)
  const keys = numbers.subarray(0, numbers.length * keyShare)
  const values = numbers.subarray(keys.length)
  return { first, keys, keyRow: keys.length / positions, values, valueRow: values.length / positions }
}

/**
 * Largest error, relative to the largest value of a row: half a step before the rotation, which turns two such errors into
 * √2 of one at worst, half a step after it, and half a step of the reference.
 */
const HALF_STEPS = 2 + Math.SQRT2
const TOLERANCE = { f32: 1e-6, f16: HALF_STEPS * 2 ** -11, q8_0: HALF_STEPS * (0.5 / 127) + 2 ** -10 }

function expectSame(actual: Float64Array, wanted: Float64Array): void {
  const at = actual.findIndex((value, i) => value !== wanted[i])
  expect([actual.length, at]).toEqual([wanted.length, -1])
}

/** Compares everything that both hold. */
async function expectMoved(
  actual: SequenceMemory,
  wanted: SequenceMemory,
  keep: number,
  keyShare?: number,
): Promise<void> {
  expect(actual.length).toBe(wanted.length)
  const [a, b] = [await held(actual, keyShare), await held(wanted, keyShare)]
  const first = Math.max(a.first, b.first)
  const { keyRow: row, valueRow } = b
  const valuesOf = (of: typeof a) => of.values.subarray((first - of.first) * valueRow)
  expectSame(valuesOf(a), valuesOf(b))
  const [keys, expectedKeys] = [a, b].map((of) => of.keys.subarray((first - of.first) * row))
  const kept = Math.max(0, keep - first) * row
  expectSame(keys.subarray(0, kept), expectedKeys.subarray(0, kept))
  for (let at = 0; at < keys.length; at += row) {
    const [actualRow, wantedRow] = [keys, expectedKeys].map((all) => all.subarray(at, at + row))
    const allowed = TOLERANCE[actual.type] * Math.max(...wantedRow.map(Math.abs))
    const worst = Math.max(...actualRow.map((value, i) => Math.abs(value - wantedRow[i])))
    expect(worst, `key ${first + at / row}`).toBeLessThanOrEqual(allowed)
  }
}

const IDS = Array.from({ length: 200 }, (_, i) => (i * 37 + 5) % VOCAB)
const LONG = someIds(700, VOCAB)

const SHIFTS = [
  { ids: IDS, keep: 4, dropped: 98 },
  { ids: IDS, keep: 0, dropped: 1 },
  { ids: IDS, keep: 60, dropped: 64 },
  { ids: IDS, keep: 10, dropped: 189 },
  { ids: IDS, keep: 10, dropped: 190 },
  { ids: IDS, keep: 0, dropped: 200 },
  { ids: LONG, keep: 4, dropped: 348 },
  { ids: LONG, keep: 128, dropped: 128 },
  { ids: LONG, keep: 100, dropped: 300 },
  { ids: LONG, keep: 0, dropped: 127 },
]

describe.each(['f32', 'f16', 'q8_0'] as const)('a shift of an %s memory', (type) => {
  it.each([
    ['plain', {}],
    ['YaRN, whose keys have a magnitude', { ropeScaling: { type: 'yarn', factor: 4, originalContext: 64 } }],
    ['linear scaling', { ropeScaling: { type: 'linear', factor: 4 } }],
  ] as const)('rotates keys to their new positions, and moves values unchanged: %s', async (_, options) => {
    const executable = await load(smallModel({ shape: SHAPE, ...(options as object) }))
    for (const { ids, keep, dropped } of SHIFTS) {
      const memory = await evaluated(executable, ids, type)
      await memory.shift(keep, dropped)
      const wanted = await evaluated(executable, [...ids.slice(0, keep), ...ids.slice(keep + dropped)], type)
      await expectMoved(memory, wanted, keep)
      expect(memory.bytes).toBe(wanted.bytes)
      memory.dispose()
      wanted.dispose()
    }
  })

  it('moves retained windows like layers without a window', async () => {
    const executable = await load(windowedModel({ window: 40, layers: 1, period: 9 }))
    for (const { ids, keep, dropped } of SHIFTS) {
      const memory = await evaluated(executable, ids, type, { retain: Math.max(1, keep) })
      await memory.shift(keep, dropped)
      const rest = [...ids.slice(0, keep), ...ids.slice(keep + dropped)]
      const wanted = await evaluated(executable, rest, type, { retain: 1 })
      await expectMoved(memory, wanted, keep)
      expect((await held(memory)).first).toBe(0)
      memory.dispose()
      wanted.dispose()
    }
  })
})

describe('a shift', () => {
  it('with pauses between its steps and a queued batch of another sequence has the same result', async () => {
    const executable = await load(smallModel())
    const [memory, other, third] = [
      await evaluated(executable, LONG, 'f16'),
      await evaluated(executable, LONG, 'f16'),
      await evaluated(executable, IDS, 'f16'),
    ]
    const fork = await third.fork()
    await memory.shift(4, 348)
    const expected = await append(executable, third, [1, 2, 3], 'prefill')
    const due = vi.spyOn(pacer, 'isDue').mockReturnValue(true)
    const shifting = other.shift(4, 348)
    const appended = append(executable, fork, [1, 2, 3], 'prefill')
    await shifting
    expect(await appended).toEqual(expected)
    due.mockRestore()
    expect(await contentOf(other)).toBe(await contentOf(memory))
  })

  it('is completed even if a thread has died: only the next batch reports it', async () => {
    const engine = await engineOf({ threads: 2 })
    const executable = await load(smallModel(), { engine })
    const alone = await load(smallModel())
    const [memory, wanted] = [await evaluated(executable, LONG, 'f16'), await evaluated(alone, LONG, 'f16')]
    await wanted.shift(4, 348)
    const due = vi.spyOn(pacer, 'isDue').mockReturnValue(true)
    const pause = vi.spyOn(pacer, 'pause').mockImplementationOnce(async () => {
      const [worker] = engine.pool.workers
      worker.terminate()
      await worker.ended
      await new Promise((resolve) => setImmediate(resolve))
    })
    await memory.shift(4, 348)
    expect(pause).toHaveBeenCalled()
    due.mockRestore()
    pause.mockRestore()
    expect(await contentOf(memory)).toBe(await contentOf(wanted))
    await expect(decode(executable, memory, [1])).rejects.toMatchObject({ code: 'THREAD_LOST' })
    expect(await decode(executable, memory, [1])).toEqual(await decode(alone, wanted, [1]))
    await executable.dispose()
  })
})

/** Windows that free pages. */
describe.each([5, 40, 129, 200])('a shift of a memory with a window of %d that retains nothing', (window) => {
  const make = () => load(windowedModel({ window, layers: 1, period: 9 }))

  it.each([
    { keep: 0, dropped: 100 },
    { keep: 0, dropped: 350 },
    { keep: 4, dropped: 348 },
    { keep: 4, dropped: 20 },
    { keep: 300, dropped: 100 },
    { keep: 0, dropped: 695 },
    { keep: 0, dropped: 650 },
    { keep: 600, dropped: 90 },
    { keep: 690, dropped: 5 },
    { keep: 4, dropped: 694 },
  ])('is correct or rejected: $keep kept, $dropped dropped', async ({ keep, dropped }) => {
    const executable = await make()
    const unused = executable.bytesInUse
    const memory = await evaluated(executable, LONG, 'f16')
    const left = LONG.length - dropped
    const before = await contentOf(memory)
    const outcome = await memory.shift(keep, dropped).catch((error) => error)
    // The next row sees kept positions that are in its window, which have been freed unless they are near the end.
    const isPossible = left - window + 1 >= keep || keep > LONG.length - window
    if (outcome !== undefined) {
      expect(outcome).toMatchObject({ code: 'UNSUPPORTED', hint: expect.stringContaining('contextShift') })
      expect(isPossible).toBe(false)
      expect(await contentOf(memory)).toBe(before)
    } else {
      const rest = [...LONG.slice(0, keep), ...LONG.slice(keep + dropped)]
      const wanted = await evaluated(executable, rest, 'f16')
      await expectMoved(memory, wanted, keep)
      expect(reachableLength(memory.reach, left)).toBe(left)
      expect((await held(memory)).first).toBeLessThanOrEqual(Math.max(0, left - window + 1))
      // Lengths that it reports as reachable are held.
      for (const to of [left, left - 1, left - 50, left - 128, left - 200]) {
        if (to < 0) continue
        const fork = await memory.fork()
        const reached = await fork.truncate(to)
        const all = executable.createMemory('f16', { retain: 1 })
        await prefill(executable, all, rest.slice(0, reached))
        await expectMoved(fork, all, keep)
        expect((await held(fork)).first).toBeLessThanOrEqual(Math.max(0, reached - window + 1))
        fork.dispose()
        all.dispose()
      }
      wanted.dispose()
    }
    await decode(executable, memory, someIds(300, VOCAB))
    memory.dispose()
    expect(executable.bytesInUse).toBe(unused)
  })
})

describe('a shift of a memory with a window', () => {
  it.each([5, 40, 129, 200])(
    'of %d forgets the end of the prompt, whose window it has not moved completely',
    async (window) => {
      const executable = await load(windowedModel({ window, layers: 1, period: 9 }))
      /** The first `prompt` of them as a prompt, the others one by one. */
      const evaluate = async (ids: readonly number[], prompt: number, options?: { retain: number }) => {
        const memory = await evaluated(executable, ids.slice(0, prompt), 'f16', options)
        await decode(executable, memory, ids.slice(prompt))
        return memory
      }
      for (const dropped of [1, 100, 200, 290]) {
        const memory = await evaluate(LONG, 300)
        expect(reachableLength(memory.reach, 300)).toBe(300)
        await memory.shift(0, dropped)
        const rest = LONG.slice(dropped)
        for (let to = rest.length; to > 0; to -= 89) {
          const fork = await memory.fork()
          const reached = await fork.truncate(to)
          const all = await evaluate(rest.slice(0, reached), Math.min(300 - dropped, reached), { retain: 1 })
          await expectMoved(fork, all, 0)
          expect((await held(fork)).first).toBeLessThanOrEqual(Math.max(0, reached - window + 1))
          fork.dispose()
          all.dispose()
        }
        memory.dispose()
      }
    },
  )

  it('for which there is no memory changes nothing', async () => {
    const engine = await engineOf()
    const executable = await load(windowedModel({ window: 200, layers: 1, period: 9 }), { engine })
    const memory = await evaluated(executable, LONG, 'f16')
    const [before, bytes, used] = [await contentOf(memory), memory.bytes, executable.bytesInUse]
    const { allocate } = engine.arena
    // Two freed pages are needed again for what is moved there.
    for (const pages of [0, 1]) {
      let left = pages
      const limited = vi.spyOn(engine.arena, 'allocate').mockImplementation((size, purpose) => {
        return allocate.call(engine.arena, left-- > 0 ? size : 2 ** 40, purpose)
      })
      await expect(memory.shift(0, 400)).rejects.toMatchObject({ code: 'OUT_OF_MEMORY' })
      limited.mockRestore()
      expect([await contentOf(memory), memory.bytes, executable.bytesInUse]).toEqual([before, bytes, used])
    }
    await memory.shift(0, 400)
    await expectMoved(memory, await evaluated(executable, LONG.slice(400), 'f16'), 0)
  })
})

describe('a shift of keys that are not simply rotated', () => {
  const variants = {
    'scaled-keys': (l: Builder, k: Value) => l.scale(l.rope(k), 0.5),
    'plain-keys': (_: Builder, k: Value) => k,
    'normed-keys': (l: Builder, k: Value) => l.multiply(l.rope(k), l.rope(k)),
    'warmed-keys': (l: Builder, k: Value) => l.temperature(k, 0.1, 8),
    // Two parts of each head are rotated, by different embeddings, and the rest is not; values have half the width.
    'joined-keys': (l: Builder, k: Value) =>
      l.concat(
        l.rope(l.slice(k, 0, 16), { dims: 4, first: 8 }),
        l.scale(l.rope(l.slice(k, 16, 16), { dims: 12, theta: 100 }), 2),
      ),
  }
  for (const [architecture, make] of Object.entries(variants)) {
    registerFamily({
      architectures: [architecture],
      hyperparameters: (reader) => readConfig(reader, { ropeType: 'neox' }),
      build(b, h: Config) {
        let x = b.embed('token_embd')
        for (const l of b.layers()) {
          const { q, k, v } = l.qkv(l.rmsNorm(x, 'attn_norm'))
          const values = architecture === 'joined-keys' ? l.slice(v, 8, 16) : v
          const attended = l.attention(l.rope(q), make(l, k), values)
          x = l.add(x, l.linear(attended, 'attn_output', h.embeddingLength))
          x = l.add(x, l.swiglu(l.rmsNorm(x, 'ffn_norm')))
        }
        b.logits(b.rmsNorm(x, 'output_norm'))
      },
    })
  }

  it.each(['scaled-keys', 'plain-keys'])(
    'moves %s to their values at the new positions',
    async (architecture) => {
      const executable = await load(smallModel({ shape: SHAPE, architecture }))
      const memory = await evaluated(executable, LONG, 'f16')
      expect(memory.canShift).toBe(true)
      await memory.shift(100, 300)
      const rest = [...LONG.slice(0, 100), ...LONG.slice(400)]
      await expectMoved(memory, await evaluated(executable, rest, 'f16'), 100)
    },
  )

  it('moves keys that are joined of rotated parts, and narrower values', async () => {
    const executable = await load(smallModel({ shape: SHAPE, architecture: 'joined-keys' }))
    expect(executable.canShift).toBe(true)
    for (const type of ['f32', 'f16'] as const) {
      const memory = await evaluated(executable, LONG, type)
      const fork = await memory.fork()
      await fork.shift(100, 300)
      const rest = [...LONG.slice(0, 100), ...LONG.slice(400)]
      await expectMoved(fork, await evaluated(executable, rest, type), 100, 2 / 3)
      await expectMoved(memory, await evaluated(executable, LONG, type), 700, 2 / 3)
    }
  })

  it.each(['normed-keys', 'warmed-keys'])(
    'is rejected if %s depend on positions in another way',
    async (architecture) => {
      const executable = await load(smallModel({ shape: SHAPE, architecture }))
      const memory = await evaluated(executable, LONG, 'f16')
      expect(memory.canShift).toBe(false)
      const before = await contentOf(memory)
      await expect(memory.shift(100, 300)).rejects.toMatchObject({
        code: 'UNSUPPORTED',
        message: expect.stringContaining('cannot be shifted'),
      })
      expect(await contentOf(memory)).toBe(before)
    },
  )
})
