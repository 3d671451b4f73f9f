/** Shared by all hosts: one contestant that answers one request at a time. */
import type { BatchedSequences, Contestant, Sequence } from '../contestants/contestant.js'
import type { Answer, Loaded, Replies, Request, TimeRequest } from './protocol.js'

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
  let batched: BatchedSequences | undefined
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

  async function timeLoad(load: () => Promise<void>): Promise<Loaded> {
    const rssBefore = rss()
    const since = performance.now()
    await load()
    return { loadMs: performance.now() - since, rssBefore, rssLoaded: rss() }
  }

  async function time({ kind, ids, before = [] }: TimeRequest): Promise<number> {
    await prepare(before)
    const since = performance.now()
    await (kind === 'pp' ? loaded().prefill(ids) : loaded().decode(ids))
    return performance.now() - since
  }

  function loadedBatched(): BatchedSequences {
    if (!batched) throw new Error('no model has been loaded for several sequences')
    return batched
  }

  /** Decodes from empty sequences; resolves with the milliseconds that it took. */
  async function timeBatched(steps: readonly (readonly number[])[]): Promise<number> {
    const sequences = loadedBatched()
    await sequences.reset()
    const since = performance.now()
    if (sequences.write) await sequences.write(steps[0], steps.length)
    else for (const ids of steps) await sequences.decode(ids)
    return performance.now() - since
  }

  /** Decodes from empty sequences; a digest of all logits that each sequence had. */
  async function digest(steps: readonly (readonly number[])[]): Promise<string[]> {
    const sequences = loadedBatched()
    if (!sequences.logits) return []
    await sequences.reset()
    const digests: string[] = steps[0].map(() => '')
    for (const ids of steps) {
      await sequences.decode(ids)
      for (const i of ids.keys()) digests[i] = await digestOf(digests[i], sequences.logits(i))
    }
    return digests
  }

  async function reply(request: Request): Promise<Replies[keyof Replies]> {
    switch (request.do) {
      case 'describe':
        return { runtime, versions: await contestant.describe() }
      case 'load':
        return timeLoad(async () => {
          sequence = await contestant.load(request.source, request.options)
        })
      case 'loadBatched':
        return timeLoad(async () => {
          if (!contestant.loadBatched) throw new Error('it has no way to decode several sequences together')
          batched = await contestant.loadBatched(request.source, request.options)
        })
      case 'timeBatched':
        return timeBatched(request.steps)
      case 'digest':
        return digest(request.steps)
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

/** SHA-256 of what came before and `logits`, bit by bit. */
async function digestOf(before: string, logits: Float32Array): Promise<string> {
  const bytes = new Uint8Array(before.length + logits.byteLength)
  new TextEncoder().encodeInto(before, bytes)
  bytes.set(new Uint8Array(logits.buffer, logits.byteOffset, logits.byteLength), before.length)
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
