import { chatSampling, type Model, type SamplingParams } from '../../index.js'
import { type ServedChat, ServedChats } from '../../serving/chats.js'
import { IdleList } from '../../serving/idle-list.js'
import type { ServedModelOptions } from '../options.js'
import { Admission } from './admission.js'
import type { ReplyCounts } from './generating.js'
import type { ServedModel } from './models.js'
import { type KeptSession, ServedSessions } from './sessions.js'
import type { LoadedSpeculation } from './speculation.js'

interface LoadedModelOptions {
  readonly name: string
  readonly model: Model
  readonly settings: ServedModelOptions
  readonly speculation: LoadedSpeculation
  readonly cachedConversations: number
}

/** What is called while a request runs. */
export interface RequestWatcher {
  counted(counts: ReplyCounts): void
  /** Whether it waits for memory. */
  waits(isWaiting: boolean): void
}

/** A loaded model with what the server keeps for it. */
export class LoadedModel {
  readonly name: string
  readonly model: Model
  readonly #settings: ServedModelOptions
  readonly #speculation: LoadedSpeculation
  readonly #sampling: SamplingParams
  readonly #chats: IdleList<ServedChat>
  readonly #sessions: IdleList<KeptSession>
  readonly #admission: Admission

  constructor({ name, model, settings, speculation, cachedConversations }: LoadedModelOptions) {
    this.name = name
    this.model = model
    this.#settings = settings
    this.#speculation = speculation
    this.#sampling = { ...chatSampling(model), ...settings.sampling }
    this.#chats = new IdleList(cachedConversations)
    this.#sessions = new IdleList(cachedConversations)
    this.#admission = new Admission(model, { free: () => this.free() })
  }

  /** The model for a request of this tenant. */
  under(tenant: string, watcher: RequestWatcher): ServedModel {
    const { name, model } = this
    const { template, replyFormat } = this.#settings
    return {
      name,
      model,
      chats: new ServedChats(model, this.#chats, tenant),
      sessions: new ServedSessions(model, this.#sessions, tenant),
      chatSettings: { template, replyFormat },
      sampling: this.#sampling,
      speculation: this.#speculation.speculation,
      free: () => this.free(),
      progress: (counts) => watcher.counted(counts),
      admit: async (texts, signal) => {
        const { prompt, reply } = texts
        const bytes = (count: number) =>
          count * model.sessionBytes(Math.min(model.contextLength, prompt + (reply ?? model.contextLength)))
        // Several texts at the same time share their prompt, if it is kept.
        const isTogether =
          texts.count > 1 && model.prefixCache !== undefined && bytes(texts.count) <= this.#admission.room
        const needed = bytes(isTogether ? texts.count : 1)
        watcher.waits(this.#admission.isFull(needed))
        const leave = await this.#admission.enter(needed, signal)
        watcher.waits(false)
        return { leave, isTogether }
      },
    }
  }

  /** Frees memory that no request uses; resolves with whether there was any. */
  async free(): Promise<boolean> {
    const freed = await Promise.all([this.#chats.free(), this.#sessions.free()])
    return freed.includes(true)
  }

  async close({ disposes }: { readonly disposes: boolean }): Promise<void> {
    await Promise.all([this.#chats.close(), this.#sessions.close()])
    await this.#speculation.close()
    if (disposes) await this.model.dispose()
  }
}
