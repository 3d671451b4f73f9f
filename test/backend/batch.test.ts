import { describe, expect, it } from 'vitest'
import { type Batch, batchOf, checkBatch, MAX_ROWS, type Run } from '../../src/backend/batch.js'
import type { SequenceMemory } from '../../src/backend/memory.js'

const VOCAB = 100

/** The part of a memory that `checkBatch` reads. */
function memoryOf(length: number): SequenceMemory {
  return { length } as SequenceMemory
}

const [first, second, foreign] = [memoryOf(7), memoryOf(0), memoryOf(3)]
const owns = (memory: SequenceMemory) => memory === first || memory === second

const SOUND: Batch = {
  ids: [5, 0, 99, 4, 3],
  positions: [7, 8, 0, 1, 2],
  runs: [
    { memory: first, firstRow: 0, rows: 2, phase: 'prefill' },
    { memory: second, firstRow: 2, rows: 3, phase: 'decode' },
  ],
  outputs: [1, 2, 4],
}

/** The valid batch with run `index` changed. */
function withRun(index: number, change: Partial<Record<keyof Run, unknown>>): Batch {
  const runs = SOUND.runs.map((run, i) => (i === index ? ({ ...run, ...change } as Run) : run))
  return { ...SOUND, runs }
}

function check(batch: Partial<Record<keyof Batch, unknown>>): void {
  checkBatch({ ...SOUND, ...batch } as Batch, { vocabSize: VOCAB, stateLength: 0 }, owns)
}

describe('a batch', () => {
  it('that is valid is accepted, with arrays or typed arrays', () => {
    check({})
    check({ ids: Int32Array.from([5, 0, 99, 4, 3]), positions: Uint32Array.from([7, 8, 0, 1, 2]) })
    check({ outputs: [] })
    check({ outputs: [0, 1, 2, 3, 4], want: 'hidden' })
    check({ want: undefined, signal: new AbortController().signal })
  })

  it('of one run continues its memory', () => {
    const batch = batchOf([3, 4], { memory: first, phase: 'decode', outputs: [1], want: 'hidden' })
    expect(batch).toEqual({
      ids: [3, 4],
      positions: Int32Array.of(7, 8),
      runs: [{ memory: first, firstRow: 0, rows: 2, phase: 'decode' }],
      outputs: [1],
      want: 'hidden',
    })
    check(batch as Batch)
  })

  it.each<[string, Partial<Record<keyof Batch, unknown>>, string]>([
    ['no rows', { ids: [] }, `it has 0 rows; 1 to ${MAX_ROWS} are possible`],
    ['too many rows', { ids: new Array(129).fill(1) }, '129 rows'],
    ['too few positions', { positions: [7, 8, 0, 1] }, 'it has 5 ids and 4 positions'],
    ['too many positions', { positions: [7, 8, 0, 1, 2, 3] }, 'it has 5 ids and 6 positions'],
    [
      'an id that is too large',
      { ids: [5, 0, 100, 4, 3] },
      'row 2: token 100 is not in the vocabulary (0 to 99)',
    ],
    ['a negative id', { ids: [5, 0, 99, 4, -1] }, 'row 4: token -1'],
    ['half an id', { ids: [0.5, 0, 99, 4, 3] }, 'row 0: token 0.5'],
    ['an id that is NaN', { ids: [5, Number.NaN, 99, 4, 3] }, 'row 1: token NaN'],
    ['an id that is text', { ids: [5, 0, '99', 4, 3] }, 'row 2: token "99"'],
    ['an id that is missing', { ids: [5, 0, undefined, 4, 3] }, 'row 2: token undefined'],
    ['no runs', { runs: [] }, 'rows 0 to 4 are not in any run'],
    ['rows after the last run', { runs: SOUND.runs.slice(0, 1) }, 'rows 2 to 4 are not in any run'],
    ['a run that begins late', withRun(1, { firstRow: 3 }), 'run 1 begins at row 3, not at 2'],
    ['a run that begins early', withRun(1, { firstRow: 1 }), 'run 1 begins at row 1, not at 2'],
    ['a first run that begins late', { runs: SOUND.runs.slice(1) }, 'run 0 begins at row 2, not at 0'],
    ['runs in another order', { runs: [...SOUND.runs].reverse() }, 'run 0 begins at row 2'],
    ['a run that is too long', withRun(1, { rows: 4 }), 'run 1 has 4 rows; 3 are left'],
    ['a run of no rows', withRun(1, { rows: 0 }), 'run 1 has 0 rows; 3 are left'],
    ['a run of a negative number of rows', withRun(0, { rows: -2 }), 'run 0 has -2 rows; 5 are left'],
    ['a run of half a row', withRun(0, { rows: 1.5 }), 'run 0 has 1.5 rows; 5 are left'],
    ['a run of NaN rows', withRun(0, { rows: Number.NaN }), 'run 0 has NaN rows'],
    ['an unknown phase', withRun(1, { phase: 'verify' }), 'run 1: phase "verify" is unknown'],
    ['no phase', withRun(0, { phase: undefined }), 'run 0: phase undefined is unknown'],
    [
      'a memory of another model',
      withRun(1, { memory: foreign }),
      'run 1: its memory is disposed or belongs to another model',
    ],
    [
      'no memory',
      withRun(0, { memory: undefined }),
      'run 0: its memory is disposed or belongs to another model',
    ],
    ['two runs on one memory', withRun(1, { memory: first }), 'run 1: an earlier run has the same memory'],
    [
      'a position that skips',
      { positions: [7, 9, 0, 1, 2] },
      "row 1 is at position 9, not at 8, where run 0's memory continues",
    ],
    [
      'a position that repeats',
      { positions: [7, 8, 0, 0, 1] },
      "row 3 is at position 0, not at 1, where run 1's memory continues",
    ],
    ['positions before the end', { positions: [6, 7, 0, 1, 2] }, 'row 0 is at position 6, not at 7'],
    ['positions after the end', { positions: [7, 8, 1, 2, 3] }, 'row 2 is at position 1, not at 0'],
    ['a position that is NaN', { positions: [7, Number.NaN, 0, 1, 2] }, 'row 1 is at position NaN, not at 8'],
    [
      'an output row that does not exist',
      { outputs: [1, 5] },
      'output row 5; rows 0 to 4 in ascending order are possible',
    ],
    ['an output row before the first', { outputs: [-1] }, 'output row -1'],
    ['output rows out of order', { outputs: [2, 1] }, 'output row 1'],
    ['an output row twice', { outputs: [2, 2] }, 'output row 2'],
    ['half an output row', { outputs: [0.5] }, 'output row 0.5'],
    ['an output row that is NaN', { outputs: [Number.NaN] }, 'output row NaN'],
    ['an unknown want', { want: 'scores' }, 'want is "scores"; "logits", "hidden" and "both" are possible'],
    ['an empty want', { want: '' }, 'want is ""'],
  ])('with %s is rejected', (_, change, message) => {
    expect(() => check(change)).toThrow(
      expect.objectContaining({
        name: 'DasllamaError',
        code: 'INVALID_ARGUMENT',
        message: expect.stringMatching(/^the batch is invalid: /),
      }),
    )
    expect(() => check(change)).toThrow(message)
  })

  it('whose signal is aborted is rejected with its reason', () => {
    expect(() => check({ signal: AbortSignal.abort(new Error('enough')) })).toThrow('enough')
  })

  it('is rejected with a message that shortens long values', () => {
    const ids = [5, 0, 'x'.repeat(10_000), 4, 3]
    expect(() => check({ ids })).toThrow(
      expect.objectContaining({ message: expect.stringMatching(/^.{0,250}$/) }),
    )
  })
})
