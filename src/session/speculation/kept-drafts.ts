import { describeFailure } from '../../describe.js'
import type { TokenId, Tokenizer } from '../../tokenizer/tokenizer.js'
import type { Warning } from '../../warnings.js'
import type { StatsMeter } from '../stats.js'
import type { DraftModel } from './draft-model.js'
import { DraftExperience, DraftSpeculator } from './draft-speculator.js'
import { DraftText } from './draft-text.js'
import { LookupSpeculator } from './lookup-speculator.js'
import { PassCost } from './pass-cost.js'
import type { Speculation } from './speculation.js'
import type { Speculator } from './speculator.js'
import { checkVocabularies } from './vocabularies.js'

/** What drafts need of the model that they are for. */
export interface DraftHost {
  readonly tokenizer: Tokenizer
  readonly vocabSize: number
  readonly warn: (warning: Warning) => void
}

/** The generation that drafts are for. */
interface DraftedGeneration {
  /** The evaluated tokens of the session, as a view. */
  readonly text: () => readonly TokenId[]
  readonly stats: Pick<StatsMeter, 'drafting'>
}

/** What a session keeps of its drafts from one generation to the next. */
export class KeptDrafts {
  readonly #host: DraftHost
  readonly #cost = new PassCost()
  #draft: { readonly text: DraftText; readonly experience: DraftExperience } | undefined
  #hasWarned = false

  constructor(host: DraftHost) {
    this.#host = host
  }

  /** Rejects with `MISMATCH` for a draft model with another vocabulary, or with the signal's reason. */
  static async check(
    speculation: Speculation,
    { tokenizer }: Pick<DraftHost, 'tokenizer'>,
    signal: AbortSignal,
  ): Promise<void> {
    if (typeof speculation !== 'object') return
    await checkVocabularies(tokenizer, speculation.draft.tokenizer, signal)
  }

  /** For a generation whose prompt has been evaluated; `undefined` if it has no drafts. */
  speculator(speculation: Speculation, { text, stats }: DraftedGeneration): Speculator | undefined {
    if (speculation === 'none') return undefined
    if (speculation === 'lookup') return new LookupSpeculator(text(), this.#cost)
    try {
      return new DraftSpeculator({
        ...this.#draftOf(speculation.draft),
        text,
        vocabSize: this.#host.vocabSize,
        endIds: this.#host.tokenizer.endOfGeneration,
        cost: this.#cost,
        onDrafted: (ms) => stats.drafting(ms),
        onFailure: (reason) => this.#fail(reason),
        now: () => performance.now(),
      })
    } catch (reason) {
      this.#fail(reason)
      return undefined
    }
  }

  /** The same for a fork of the session. If there is no memory for a copy, the draft model reads the text again. */
  async fork(): Promise<KeptDrafts> {
    const fork = new KeptDrafts(this.#host)
    const text = await this.#draft?.text.fork().catch(() => undefined)
    if (text) fork.#draft = { text, experience: new DraftExperience() }
    return fork
  }

  async dispose(): Promise<void> {
    const draft = this.#draft
    this.#draft = undefined
    await draft?.text.dispose()
  }

  #draftOf(model: DraftModel): { readonly draft: DraftText; readonly experience: DraftExperience } {
    if (this.#draft?.text.model !== model) {
      void this.dispose()
      this.#draft = { text: DraftText.create(model), experience: new DraftExperience() }
    }
    return { draft: this.#draft.text, experience: this.#draft.experience }
  }

  /** Frees the memory of the draft model's session; the next generation tries again. */
  #fail(reason: unknown): void {
    void this.dispose()
    if (this.#hasWarned) return
    this.#hasWarned = true
    this.#host.warn({
      code: 'NO_DRAFT',
      message: `the draft model has failed, and the text is generated without it: ${describeFailure(reason)} (said once per session)`,
      hint: 'leave speculation out, or load the draft model again; with a larger memoryLimit or a smaller contextLength if memory is short',
    })
  }
}
