/** Numbers of sequences that are decoded together, in turns. */

import type { TestRecord } from '../record.js'
import type { Player, Turns } from '../turns.js'

/** An id for each of the first sequences. */
export type Step = readonly number[]

export interface BatchWork {
  /** How many sequences are decoded together, each number of them apart. */
  readonly sequences: readonly number[]
  /** Each step has an id for every sequence that there is. */
  readonly steps: readonly Step[]
}

/** The same steps for the first `count` sequences alone. */
export function firstOf(steps: readonly Step[], count: number): Step[] {
  return steps.map((ids) => ids.slice(0, count))
}

/** `tg4x8`: 4 tokens for each of 8 sequences. */
export function batchTestName(steps: number, sequences: number): string {
  return `tg${steps}x${sequences}`
}

/** The `8` of `tg4x8`. */
export function sequencesOf(test: string): number {
  return Number(/x(\d+)$/.exec(test)?.[1] ?? 1)
}

/**
 * One turn after the other for each number of sequences and, within it, for each player: so that what is compared,
 * numbers of sequences as well as players, meets the same disturbances. Before that each player warms up with the first
 * steps of each number. Samples and failures are treated as in `takeTurns`: a player takes no turn that would exceed its
 * budget for a number of sequences, and one that fails is left out with all its samples.
 */
export async function takeBatchTurns(
  { sequences, steps }: BatchWork,
  players: readonly Player[],
  { repetitions, budgetMs, warmUpMs }: Turns,
  failed: (name: string, error: Error) => void,
): Promise<Omit<TestRecord, 'threads'>[]> {
  const able = new Set(players)
  const tests = sequences.flatMap((count) =>
    players.map((player) => ({ player, count, samples: [] as number[] })),
  )
  const turn = async ({ player, count }: (typeof tests)[number], steps: readonly Step[]): Promise<number> => {
    if (!able.has(player)) return Number.NaN
    try {
      return await player.link.ask({ do: 'timeBatched', steps: firstOf(steps, count) })
    } catch (error) {
      able.delete(player)
      failed(player.name, error as Error)
      return Number.NaN
    }
  }
  for (const test of tests) {
    const since = performance.now()
    do {
      await turn(test, steps.slice(0, 2))
    } while (able.has(test.player) && performance.now() - since < warmUpMs)
  }
  for (let repetition = 0; repetition < repetitions; repetition++) {
    for (const test of tests) {
      const { samples } = test
      const spent = samples.reduce((sum, ms) => sum + ms, 0)
      if (samples.length > 0 && spent + samples[samples.length - 1] > budgetMs) continue
      const ms = await turn(test, steps)
      if (able.has(test.player)) samples.push(ms)
    }
  }
  return tests
    .filter(({ player }) => able.has(player))
    .map(({ player, count, samples }) => ({
      test: batchTestName(steps.length, count),
      tokens: steps.length * count,
      contestant: player.name,
      samples,
    }))
}
