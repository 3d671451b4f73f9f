import type { Link } from './hosts/link.js'
import type { TestRecord } from './record.js'
import { type Workload, workloadName } from './workload.js'

export interface Player {
  readonly name: string
  readonly link: Pick<Link, 'ask'>
}

export interface Turns {
  /** Samples of each player. */
  readonly repetitions: number
  /** Maximum total time of a player's turns, in milliseconds: a turn that would exceed it is not started. */
  readonly budgetMs: number
  /** Minimum warm-up of a player, in milliseconds: engines recompile hot code. */
  readonly warmUpMs: number
}

/** Tokens of a warm-up turn. */
const WARM_UP_TOKENS = { pp: 64, tg: 16 }

/**
 * A B A B …: a temporary disturbance of the machine affects all of them equally. Before that each player warms up with the
 * beginning of the work. A player that would exceed its budget with all of it does only the beginning that fits,
 * recorded as `tokens`. One that fails takes no more turns; its samples are dropped, and `failed` is called with it.
 */
export async function takeTurns(
  workload: Workload,
  { before, ids }: { readonly before: readonly number[]; readonly ids: readonly number[] },
  players: readonly Player[],
  { repetitions, budgetMs, warmUpMs }: Turns,
  failed: (name: string, error: Error) => void,
): Promise<Omit<TestRecord, 'threads'>[]> {
  const records = new Map<string, { ids: readonly number[]; samples: number[] }>()
  /** How long the work takes, in milliseconds; undefined when it cannot be done. */
  const turn = async ({ name, link }: Player, ids: readonly number[]): Promise<number | undefined> => {
    try {
      return await link.ask({ do: 'time', kind: workload.kind, ids, before })
    } catch (error) {
      records.delete(name)
      failed(name, error as Error)
      return undefined
    }
  }
  for (const player of players) {
    const start = ids.slice(0, WARM_UP_TOKENS[workload.kind])
    const since = performance.now()
    let ms: number | undefined
    do {
      ms = await turn(player, start)
    } while (ms !== undefined && performance.now() - since < warmUpMs)
    if (ms === undefined) continue
    const fitting = (budgetMs / ms) * start.length
    const count = fitting < ids.length ? Math.max(16 * Math.floor(fitting / 16), start.length) : ids.length
    records.set(player.name, { ids: ids.slice(0, count), samples: [] })
  }
  for (let repetition = 0; repetition < repetitions; repetition++) {
    for (const player of players) {
      const record = records.get(player.name)
      if (!record || spent(record.samples) + (record.samples.at(-1) ?? 0) > budgetMs) continue
      const ms = await turn(player, record.ids)
      if (ms !== undefined) record.samples.push(ms)
    }
  }
  return [...records].map(([contestant, { ids, samples }]) => ({
    test: workloadName(workload),
    tokens: ids.length,
    contestant,
    samples,
  }))
}

function spent(samples: readonly number[]): number {
  return samples.reduce((sum, ms) => sum + ms, 0)
}
