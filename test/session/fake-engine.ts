import type { Batch, Phase, TakeOutput } from '../../src/backend/batch.js'
import type { SequenceMemory } from '../../src/backend/memory.js'
import { Scheduler } from '../../src/session/scheduler.js'
import type { Work } from '../../src/session/work.js'

/** A batch that runs until the test ends it. */
interface Pass {
  readonly batch: Batch
  /** Takes the results, lets the memories grow and resolves. */
  finish(ms?: number): Promise<void>
  /** Takes the results of the first `taken` outputs, then rejects. */
  fail(error: unknown, taken?: number): Promise<void>
}

/** Runs nothing: a test decides when, and how, each batch ends. Results are the row's token. */
export class FakeEngine {
  /** Every batch so far, in words: see `shapeOf`. */
  readonly batches: string[] = []
  readonly signals: (AbortSignal | undefined)[] = []
  #pass: Pass | undefined

  get isIdle(): boolean {
    return this.#pass === undefined
  }

  /** The batch that is running. */
  get pass(): Pass {
    if (this.#pass) return this.#pass
    throw new Error('no batch is running')
  }

  run(batch: Batch, take: TakeOutput): Promise<number> {
    if (this.#pass) throw new Error('a batch is running already')
    this.batches.push(shapeOf(batch))
    this.signals.push(batch.signal)
    checkRuns(batch)
    return new Promise((resolve, reject) => {
      const deliver = (count: number) => {
        for (const row of batch.outputs.slice(0, count)) take(row, Float32Array.of(batch.ids[row]), 0)
      }
      const end = async (settle: () => void) => {
        this.#pass = undefined
        settle()
        await settled()
      }
      this.#pass = {
        batch,
        finish: (ms = 10) => {
          try {
            deliver(batch.outputs.length)
          } catch (error) {
            return end(() => reject(error))
          }
          for (const { memory, rows } of batch.runs) (memory as FakeMemory).length += rows
          return end(() => resolve(ms))
        },
        fail: (error, taken = 0) => {
          deliver(taken)
          return end(() => reject(error))
        },
      }
    })
  }
}

export type FakeMemory = { length: number; readonly name: string } & Omit<SequenceMemory, 'length'>

export function fakeMemory(name: string, length = 0): FakeMemory {
  return { name, length } as FakeMemory
}

/** Runs by sequence: `a` a decode, `a*3` three of them, `a:128` rows of a prompt; `hidden` before them where that is wanted. */
export function shapeOf({ runs, want }: Batch): string {
  const parts = runs.map(({ memory, rows, phase }) => {
    const { name } = memory as FakeMemory
    return phase === 'prefill' ? `${name}:${rows}` : rows === 1 ? name : `${name}*${rows}`
  })
  return [...(want === 'hidden' ? ['hidden'] : []), ...parts].join(' ')
}

/** What a work has seen, and how it ended. */
export interface Watched {
  readonly memory: FakeMemory
  /** Row and value of each result. */
  readonly taken: [number, number][]
  readonly advances: number[]
  readonly ms: number[]
  outcome: unknown
}

/** A scheduler on a fake engine, whose turns of the event loop a test runs. */
export function fakeScheduler() {
  const engine = new FakeEngine()
  const turns: (() => void)[] = []
  const scheduler = new Scheduler({
    engine,
    turn: () => new Promise((resolve) => void turns.push(resolve)),
  })

  /** Hands in a work of `rows` rows. */
  function run(
    memory: FakeMemory,
    rows: number,
    options: Partial<Pick<Work, 'signal' | 'want' | 'outputs' | 'take' | 'priority'>> & {
      phase?: Phase
    } = {},
  ): Watched {
    const { phase = 'prefill', outputs = [rows - 1], ...rest } = options
    const watched: Watched = { memory, taken: [], advances: [], ms: [], outcome: 'running' }
    const ended = scheduler.run({
      memory,
      ids: Array.from({ length: rows }, (_, row) => 1000 + row),
      phase,
      outputs,
      take: (row, [value]) => void watched.taken.push([row, value]),
      advanced: (count, ms) => {
        watched.advances.push(count)
        watched.ms.push(ms)
      },
      ...rest,
    })
    ended.then(
      () => {
        watched.outcome = 'done'
      },
      (reason) => {
        watched.outcome = reason
      },
    )
    return watched
  }

  return {
    engine,
    scheduler,
    run,
    /** A generated token. */
    decode: (memory: FakeMemory, options: { signal?: AbortSignal } = {}) =>
      run(memory, 1, { phase: 'decode', ...options }),
    /** Turns of the event loop that somebody waits for, or has waited for in vain. */
    get turns() {
      return turns.length
    },
    /** Lets the event loop run once. */
    async turn(): Promise<void> {
      for (const resolve of turns.splice(0)) resolve()
      await settled()
    },
  }
}

/** Lets all promises settle that wait for nothing else. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

function checkRuns({ runs, positions }: Batch): void {
  if (new Set(runs.map(({ memory }) => memory)).size < runs.length) throw new Error('two runs on one memory')
  for (const { memory, firstRow, rows } of runs) {
    for (let row = 0; row < rows; row++) {
      if (positions[firstRow + row] !== memory.length + row)
        throw new Error(`row ${firstRow + row} is misplaced`)
    }
  }
}
