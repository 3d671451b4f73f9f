import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Batch, MAX_ROWS, type Phase, type Run } from '../../../src/backend/batch.js'
import { KV_TYPES, type KvType, type SequenceMemory } from '../../../src/backend/memory.js'
import type { WasmExecutable } from '../../../src/backend/wasm/executable.js'
import { writeGguf } from '../../../src/gguf/writer.js'
import { smallModel } from '../../model/small.js'
import { FAMILY_CASES } from '../../support/family-models/index.js'
import {
  append,
  contentOf,
  decode,
  engineOf,
  expectSameBits,
  load,
  outputsOf,
  prefill,
  someIds,
} from './load.js'

const VOCAB = 357

/** Rows of 256 for formats with blocks of that size; heads of 32 for Q8_0 caches. */
const SHAPE = {
  embed: 256,
  layers: 2,
  heads: 8,
  kvHeads: 2,
  headDim: 32,
  feedForward: 256,
  vocab: VOCAB,
  context: 512,
}

interface Stretch {
  readonly phase: Phase
  readonly rows: number
}

/** A sequence: its initial length, and the phases of the rows that follow. */
interface Sequence {
  readonly start: number
  readonly stretches: readonly Stretch[]
}

/** The tokens of sequence `index` from `start` on. */
function tokensOf({ start, stretches }: Sequence, index: number): number[] {
  const length = stretches.reduce((sum, { rows }) => sum + rows, start)
  return someIds(length, VOCAB, index).slice(start)
}

/** Each token with its phase. */
function rowsOf(stretches: readonly Stretch[], tokens: readonly number[]): { id: number; phase: Phase }[] {
  const phases = stretches.flatMap(({ phase, rows }) => new Array<Phase>(rows).fill(phase))
  return phases.map((phase, i) => ({ phase, id: tokens[i] }))
}

/** Runs sequences together, in batches that `next` cuts; returns results by sequence and position. */
async function runTogether(
  executable: WasmExecutable,
  sequences: readonly Sequence[],
  memories: readonly SequenceMemory[],
  want: Batch['want'],
  next: (below: number) => number,
): Promise<Map<number, Float32Array>[]> {
  const all = sequences.map((each, i) => rowsOf(each.stretches, tokensOf(each, i)))
  const results = sequences.map(() => new Map<number, Float32Array>())
  const done = (i: number) => memories[i].length - sequences[i].start
  for (;;) {
    const waiting = sequences.flatMap((_, i) => (done(i) < all[i].length ? [i] : []))
    if (waiting.length === 0) return results
    const ids: number[] = []
    const positions: number[] = []
    const runs: Run[] = []
    const owners: number[] = []
    while (waiting.length > 0 && ids.length < MAX_ROWS) {
      const [i] = waiting.splice(next(waiting.length), 1)
      if (runs.length > 0 && next(4) === 0) continue
      const rest = all[i].slice(done(i))
      const change = rest.findIndex(({ phase }) => phase !== rest[0].phase)
      const most = Math.min(change < 0 ? rest.length : change, MAX_ROWS - ids.length)
      const rows = next(3) ? 1 + next(most) : most
      runs.push({ memory: memories[i], firstRow: ids.length, rows, phase: rest[0].phase })
      for (let row = 0; row < rows; row++) {
        positions.push(memories[i].length + row)
        ids.push(rest[row].id)
        owners.push(i)
      }
    }
    const chance = next(3)
    const outputs = [...ids.keys()].filter(() => chance === 0 || next(3) === 0)
    const got = await outputsOf(executable, { ids, positions, runs, outputs, want })
    expect([...got.keys()]).toEqual(outputs)
    for (const [row, values] of got) results[owners[row]].set(positions[row], values)
  }
}

/** Runs a sequence alone, each decoded token in its own batch; returns results by position. */
async function runAlone(
  executable: WasmExecutable,
  { stretches }: Sequence,
  memory: SequenceMemory,
  tokens: readonly number[],
  want: Batch['want'],
): Promise<Map<number, Float32Array>> {
  const rows = rowsOf(stretches, tokens)
  const results = new Map<number, Float32Array>()
  for (let at = 0; at < rows.length; ) {
    const { phase } = rows[at]
    const change = rows.findIndex((row, i) => i > at && row.phase !== phase)
    const end = phase === 'decode' ? at + 1 : Math.min(change < 0 ? rows.length : change, at + MAX_ROWS)
    const ids = rows.slice(at, end).map(({ id }) => id)
    const { length } = memory
    const got = await outputsOf(executable, {
      ids,
      positions: ids.map((_, row) => length + row),
      runs: [{ memory, firstRow: 0, rows: ids.length, phase }],
      outputs: [...ids.keys()],
      want,
    })
    for (const [row, values] of got) results.set(length + row, values)
    at = end
  }
  return results
}

const STARTS = [0, 1, 120, 126, 127, 128, 250, 255]

const sequences = fc.array(
  fc.record({
    start: fc.constantFrom(0, 0, ...STARTS),
    stretches: fc.array(
      fc.record({
        phase: fc.constantFrom<Phase>('decode', 'prefill'),
        rows: fc.integer({ min: 1, max: 20 }),
      }),
      { minLength: 1, maxLength: 4 },
    ),
  }),
  { minLength: 1, maxLength: 8 },
)

describe.each([
  ...(['F32', 'Q8_0', 'Q4_0', 'Q4_K'] as const).map((format) => ({ format, threads: 1 })),
  ...(['F32', 'Q4_0', 'Q4_K'] as const).map((format) => ({ format, threads: 2 })),
])('batches of several sequences, $format on $threads threads', ({ format, threads }) => {
  let executable: WasmExecutable
  beforeAll(async () => {
    const engine = await engineOf({ threads })
    executable = await load(smallModel({ shape: SHAPE, format, biases: format === 'Q4_0' }), { engine })
  })
  afterAll(() => executable.dispose())

  /** A memory with the first `start` positions of a sequence. */
  async function begun(index: number, start: number, type: KvType): Promise<SequenceMemory> {
    const memory = executable.createMemory(type)
    await prefill(executable, memory, someIds(start, VOCAB, index))
    return memory
  }

  it.each(KV_TYPES)('give each one the same bits as alone, %s cache', async (type) => {
    const unused = executable.bytesInUse
    await fc.assert(
      fc.asyncProperty(
        sequences,
        fc.constantFrom<NonNullable<Batch['want']>>('logits', 'logits', 'hidden'),
        fc.infiniteStream(fc.nat()),
        async (drawn, want, choices) => {
          const next = (below: number) => (choices.next().value as number) % below
          const alone = await Promise.all(drawn.map(({ start }, i) => begun(i, start, type)))
          const together = await Promise.all(alone.map((memory) => memory.fork()))
          const actual = await runTogether(executable, drawn, together, want, next)
          for (const [i, sequence] of drawn.entries()) {
            const expected = await runAlone(executable, sequence, alone[i], tokensOf(sequence, i), want)
            for (const [position, values] of actual[i]) {
              expectSameBits(values, expected.get(position), `sequence ${i}, position ${position}`)
            }
            expect(together[i].length).toBe(alone[i].length)
            expect((await contentOf(together[i])) === (await contentOf(alone[i])), `sequence ${i}`).toBe(true)
          }
          for (const memory of [...alone, ...together]) memory.dispose()
        },
      ),
      { numRuns: 8 },
    )
    expect(executable.bytesInUse).toBe(unused)
  })
})

describe.each(
  FAMILY_CASES.filter(({ name }) =>
    /soft cap|windows said by layer|an output bias|qwen3, Q4_0|gemma3, Q8_0|granitemoe, Q4_0|latent vectors|qwen35, Q4_K|qwen3next, value heads|lfm2, windows/.test(
      name,
    ),
  ),
)('batches of several sequences, $name', ({ parts, vocab }) => {
  it('give each one’s logits and hidden states the same bits as alone', async () => {
    const executable = await load(writeGguf(parts))
    const lengths = [0, 3, 130, 257]
    for (const want of ['logits', 'hidden'] as const) {
      const memories: SequenceMemory[] = []
      for (const [i, length] of lengths.entries()) {
        const memory = executable.createMemory('f16')
        await prefill(executable, memory, someIds(length, vocab, i))
        memories.push(memory)
      }
      const alone = await Promise.all(memories.map((memory) => memory.fork()))
      const phases: Phase[] = ['prefill', 'decode', 'prefill', 'decode']
      const rows = 10
      const outputs = await outputsOf(executable, {
        ids: memories.flatMap((_, i) => someIds(rows, vocab, 10 + i)),
        positions: memories.flatMap(({ length }) => Array.from({ length: rows }, (_, row) => length + row)),
        runs: memories.map((memory, i) => ({ memory, firstRow: rows * i, rows, phase: phases[i] })),
        outputs: Array.from({ length: rows * memories.length }, (_, row) => row),
        want,
      })
      for (const [i, memory] of alone.entries()) {
        const sequence = { start: memory.length, stretches: [{ phase: phases[i], rows }] }
        const ids = someIds(rows, vocab, 10 + i)
        const expected = await runAlone(executable, sequence, memory, ids, want)
        for (const [position, values] of expected) {
          const row = rows * i + position - sequence.start
          expectSameBits(outputs.get(row), values, `sequence ${i}, position ${position}`)
        }
        expect((await contentOf(memory)) === (await contentOf(memories[i]))).toBe(true)
      }
    }
  })

  it('give the same bits however a prompt is cut', async () => {
    const executable = await load(writeGguf(parts))
    const ids = someIds(140, vocab)
    const [whole, cut] = [executable.createMemory('f16'), executable.createMemory('f16')]
    await prefill(executable, whole, ids)
    for (const size of [1, 66, 2, 64, 7]) {
      await append(executable, cut, ids.slice(cut.length, cut.length + size), 'prefill')
    }
    expect((await contentOf(cut)) === (await contentOf(whole))).toBe(true)
    const next = someIds(3, vocab, 1)
    expect(await decode(executable, cut, next)).toEqual(await decode(executable, whole, next))
  })
})

describe('page boundaries', () => {
  const LENGTHS = [1, 126, 127, 128, 129, 254, 255, 256, 257]

  it.each(KV_TYPES)('are crossed by some sequences of a batch and not by others, %s cache', async (type) => {
    const executable = await load(smallModel({ shape: SHAPE, format: 'Q8_0' }))
    const next = someIds(6, VOCAB, 50)
    const expected: Float32Array[][] = []
    const memories: SequenceMemory[] = []
    for (const [i, length] of LENGTHS.entries()) {
      const ids = someIds(length, VOCAB, i)
      const [alone, together] = [executable.createMemory(type), executable.createMemory(type)]
      await prefill(executable, alone, ids)
      // Not cut at multiples of a batch.
      for (const size of [100, 27, 2, 126, 2]) {
        const piece = ids.slice(together.length, together.length + size)
        if (piece.length > 0) await append(executable, together, piece, 'prefill')
      }
      expect(together.length).toBe(length)
      expected.push(await decode(executable, alone, next))
      memories.push(together)
    }
    for (const [step, id] of next.entries()) {
      const outputs = await outputsOf(executable, {
        ids: memories.map(() => id),
        positions: memories.map(({ length }) => length),
        runs: memories.map((memory, firstRow) => ({ memory, firstRow, rows: 1, phase: 'decode' })),
        outputs: memories.map((_, row) => row),
      })
      for (const [i, logits] of expected.entries()) {
        expect(outputs.get(i), `length ${LENGTHS[i]}, step ${step}`).toEqual(logits[step])
      }
    }
  })

  it('do not affect a decoded run, however it is cut', async () => {
    const executable = await load(smallModel({ shape: SHAPE, format: 'Q4_0' }))
    const ids = someIds(260, VOCAB)
    const [whole, single] = [executable.createMemory('f16'), executable.createMemory('f16')]
    const expected = await decode(executable, single, ids)
    for (const size of [125, 5, 126, 2, 2]) {
      const { length } = whole
      const outputs = await outputsOf(executable, {
        ids: ids.slice(length, length + size),
        positions: Array.from({ length: size }, (_, row) => length + row),
        runs: [{ memory: whole, firstRow: 0, rows: size, phase: 'decode' }],
        outputs: Array.from({ length: size }, (_, row) => row),
      })
      for (const [row, values] of outputs) expectSameBits(values, expected[length + row])
    }
    expect((await contentOf(whole)) === (await contentOf(single))).toBe(true)
  })
})

describe('a full batch', () => {
  it('of 128 sequences gives each one the same logits as alone', async () => {
    const executable = await load(smallModel({ shape: SHAPE, format: 'Q8_0' }))
    const unused = executable.bytesInUse
    const memories = Array.from({ length: MAX_ROWS }, () => executable.createMemory('f16'))
    const ids = someIds(MAX_ROWS, VOCAB)
    for (let position = 0; position < 2; position++) {
      const outputs = await outputsOf(executable, {
        ids,
        positions: ids.map(() => position),
        runs: memories.map((memory, firstRow) => ({ memory, firstRow, rows: 1, phase: 'decode' })),
        outputs: [...ids.keys()],
      })
      expect(outputs.size).toBe(MAX_ROWS)
      for (const row of [0, 1, 63, 126, 127]) {
        const alone = executable.createMemory('f16')
        const logits = await decode(executable, alone, new Array(position + 1).fill(ids[row]))
        expect(outputs.get(row)).toEqual(logits[position])
        alone.dispose()
      }
    }
    for (const memory of memories) memory.dispose()
    expect(executable.bytesInUse).toBe(unused)
  })

  it('of one prompt gives the logits of every output row, in order', async () => {
    const executable = await load(smallModel({ shape: SHAPE, format: 'Q8_0' }))
    const ids = someIds(MAX_ROWS, VOCAB)
    const batch = (memory: SequenceMemory, outputs: readonly number[], want: Batch['want']): Batch => ({
      ids,
      positions: [...ids.keys()],
      runs: [{ memory, firstRow: 0, rows: MAX_ROWS, phase: 'prefill' }],
      outputs,
      want,
    })
    for (const want of ['logits', 'hidden'] as const) {
      const all = await outputsOf(executable, batch(executable.createMemory('f16'), [...ids.keys()], want))
      expect([...all.keys()]).toEqual([...ids.keys()])
      expect(new Set([...all.values()].map((values) => values.join())).size).toBe(MAX_ROWS)
      const width = want === 'hidden' ? SHAPE.embed : VOCAB
      for (const values of all.values()) expect(values).toHaveLength(width)
      for (const outputs of [
        [],
        [0],
        [127],
        [5, 6, 7, 8, 9, 10, 11, 12, 13],
        [0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 127],
      ]) {
        const some = await outputsOf(executable, batch(executable.createMemory('f16'), outputs, want))
        expect([...some.keys()]).toEqual(outputs)
        for (const [row, values] of some) expect(values).toEqual(all.get(row))
      }
    }
  })
})
