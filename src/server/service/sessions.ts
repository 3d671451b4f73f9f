import type { Model, Session, TokenId } from '../../index.js'
import { IdleList } from '../../serving/idle-list.js'

/** The sessions of a model for texts without a chat; kept for prompts with the same beginning, as chats are. */
export class ServedSessions extends IdleList<Session> {
  readonly #model: Model

  constructor(model: Model, cached: number) {
    super(cached)
    this.#model = model
  }

  /** A session for a prompt. Throws what `createSession` throws. */
  take(prompt: readonly TokenId[], reuse: 'exact' | 'all'): Session {
    const share = (session: Session) =>
      session.cachedPrefixLength(prompt, reuse) / Math.max(1, session.position)
    return this.takeBest(share) ?? this.#model.createSession()
  }
}
