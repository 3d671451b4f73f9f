/** Shared by all hosts: one contestant that answers one request at a time. */
import type { Contestant, Sequence } from '../contestants/contestant.js'
import type { Answer, Replies, Request, TimeRequest } from './protocol.js'

export interface Surroundings {
  readonly runtime: string
  /** Resident bytes of the process, if it can report them. */
  rss?(): number | undefined
}

export function answering(
  contestant: Contestant,
  { runtime, rss = () => undefined }: Surroundings,
): (request: Request) => Promise<Answer> {
  let sequence: Sequence | undefined
  /** How many ids of the last request's `before` the sequence begins with. */
  let before: readonly number[] = []

  function loaded(): Sequence {
    if (!sequence) throw new Error('no model has been loaded')
    return sequence
  }

  /** Makes the sequence hold exactly `wanted`, keeping the part that it already holds. */
  async function prepare(wanted: readonly number[]): Promise<void> {
    const kept = before.every((id, i) => id === wanted[i]) ? before.length : 0
    before = []
    await loaded().rewind(kept)
    if (kept < wanted.length) await loaded().prefill(wanted.slice(kept))
    before = wanted
  }

  async function time({ kind, ids, before = [] }: TimeRequest): Promise<number> {
    await prepare(before)
    const since = performance.now()
    await (kind === 'pp' ? loaded().prefill(ids) : loaded().decode(ids))
    return performance.now() - since
  }

  async function reply(request: Request): Promise<Replies[keyof Replies]> {
    switch (request.do) {
      case 'describe':
        return { runtime, versions: await contestant.describe() }
      case 'load': {
        const rssBefore = rss()
        const since = performance.now()
        sequence = await contestant.load(request.source, request.options)
        return { loadMs: performance.now() - since, rssBefore, rssLoaded: rss() }
      }
      case 'time':
        return time(request)
      case 'memory':
        return { engineBytes: loaded().memoryBytes?.(), rss: rss() }
    }
  }

  return async (request) => {
    try {
      return { value: await reply(request) }
    } catch (error) {
      return { error: error instanceof Error ? error.message : String(error) }
    }
  }
}
