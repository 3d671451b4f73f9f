import type { Model, Session, TokenId } from '../../index.js'
import type { IdleList } from '../../serving/idle-list.js'

/** A session that is kept, and whose it is. */
export interface KeptSession {
  readonly session: Session
  readonly tenant: string
  dispose(): Promise<void>
}

/** The sessions of a model for one tenant's texts without a chat; kept for prompts with the same beginning, as chats are. */
export class ServedSessions {
  readonly #model: Model
  readonly #kept: IdleList<KeptSession>
  readonly #tenant: string

  /** `kept`: what all tenants' requests have left. */
  constructor(model: Model, kept: IdleList<KeptSession>, tenant: string) {
    this.#model = model
    this.#kept = kept
    this.#tenant = tenant
  }

  /** A session for a prompt. Throws what `createSession` throws. */
  take(prompt: readonly TokenId[], reuse: 'exact' | 'all'): Session {
    const tenant = this.#tenant
    const share = ({ session, tenant: its }: KeptSession) =>
      its === tenant ? session.cachedPrefixLength(prompt, reuse) / Math.max(1, session.position) : undefined
    return this.#kept.takeBest(share)?.session ?? this.takeNew()
  }

  /** A session that was not kept. Throws what `createSession` throws. */
  takeNew(): Session {
    return this.#model.createSession({ prefixCache: { scope: this.#tenant } })
  }

  /** Keeps a session for the tenant's next request. */
  give(session: Session): void {
    this.#kept.give({ session, tenant: this.#tenant, dispose: () => session.dispose() })
  }
}
