import type { Model, Session, TokenId } from '../../index.js'
import { IdleList } from './idle-list.js'

/** The sessions of a model for texts without a chat; kept for prompts with the same beginning, as chats are. */
export class ServedSessions {
  readonly #model: Model
  readonly #idle: IdleList<Session>

  constructor(model: Model, cached: number) {
    this.#model = model
    this.#idle = new IdleList(cached)
  }

  /** A session for a prompt. Throws what `createSession` throws. */
  take(prompt: readonly TokenId[], reuse: 'exact' | 'all'): Session {
    const held = this.#idle.take(
      (session) => session.cachedPrefixLength(prompt, reuse) / Math.max(1, session.position),
    )
    return held ?? this.#model.createSession()
  }

  give(session: Session): void {
    this.#idle.put(session)
  }

  /** Frees the memory of sessions that are not in use; resolves with whether there were any. */
  free(): Promise<boolean> {
    return this.#idle.clear()
  }

  close(): Promise<void> {
    return this.#idle.close()
  }
}
