import { abortable } from '../../abortable.js'
import { drafts } from '../lazy-modules.js'
import type { DraftHost, KeptDrafts } from './kept-drafts.js'
import type { Speculation } from './speculation.js'

/** A session's place for its drafts, which are made when it first speculates. The session's lease holds it, so it must not hold the session. */
export class SpeculationSlot {
  readonly #host: DraftHost
  #kept: KeptDrafts | undefined

  constructor(host: DraftHost) {
    this.#host = host
  }

  /**
   * Resolves with the session's drafts. Rejects with `MISMATCH` for a draft model with another vocabulary, or with the signal's
   * reason.
   */
  async prepare(speculation: Speculation, signal: AbortSignal): Promise<KeptDrafts> {
    const { KeptDrafts } = await abortable(drafts.load(), signal)
    await KeptDrafts.check(speculation, this.#host, signal)
    this.#kept ??= new KeptDrafts(this.#host)
    return this.#kept
  }

  /** The same for a fork of the session. */
  async fork(): Promise<SpeculationSlot> {
    const fork = new SpeculationSlot(this.#host)
    fork.#kept = await this.#kept?.fork()
    return fork
  }

  /** Releases the memory of draft models. */
  dispose(): void {
    void this.#kept?.dispose()
    this.#kept = undefined
  }
}
