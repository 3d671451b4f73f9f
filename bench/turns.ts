import type { RemoteContestant } from './contestants/remote.js'
import type { TestRecord } from './record.js'
import { type Workload, workloadName } from './workload.js'

export interface Player {
  readonly name: string
  readonly remote: Pick<RemoteContestant, 'ask'>
}

/** A B A B …: what disturbs the machine for a while disturbs all alike. The first turn of each does not count. */
export async function takeTurns(
  workload: Workload,
  ids: readonly number[],
  players: readonly Player[],
  repetitions: number,
): Promise<TestRecord[]> {
  const samples = new Map(players.map(({ name }): [string, number[]] => [name, []]))
  for (let turn = 0; turn <= repetitions; turn++) {
    for (const { name, remote } of players) {
      const ms = await remote.ask({ do: 'time', kind: workload.kind, ids })
      if (turn > 0) samples.get(name)?.push(ms)
    }
  }
  return [...samples].map(([contestant, samples]) => ({
    test: workloadName(workload),
    tokens: workload.tokens,
    contestant,
    samples,
  }))
}
