import { describeFailure } from '../../describe.js'
import { DasllamaError } from '../../errors.js'
import type { TokenId, Tokenizer } from '../../tokenizer/tokenizer.js'
import type { Warning } from '../../warnings.js'
import type { StateListener } from '../evaluator.js'
import type { StatsMeter } from '../stats.js'
import type { DraftModel } from './draft-model.js'
import type { DraftSource } from './draft-source.js'
import { DraftExperience, DraftSpeculator } from './draft-speculator.js'
import { DraftText } from './draft-text.js'
import { type HeadHost, HeadText } from './head-text.js'
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
  /** The model's own draft head; `undefined` if it has not been loaded. */
  readonly draftHead: HeadHost | undefined
}

/** The generation that drafts are for. */
interface DraftedGeneration {
  /** The evaluated tokens of the session, as a view. */
  readonly text: () => readonly TokenId[]
  readonly stats: Pick<StatsMeter, 'drafting'>
}

/** What makes drafts. */
interface Draft {
  /** The draft model, or the model's own head. */
  readonly by: DraftModel | 'mtp'
  readonly source: DraftSource
  readonly experience: DraftExperience
}

/** What a session keeps of its drafts from one generation to the next. */
export class KeptDrafts {
  readonly #host: DraftHost
  readonly #cost = new PassCost()
  #draft: Draft | undefined
  #hasWarned = false

  constructor(host: DraftHost) {
    this.#host = host
  }

  /**
   * Rejects with `MISMATCH` for a draft model with another vocabulary, `UNSUPPORTED` for a draft head that has not been loaded, or
   * with the signal's reason.
   */
  static async check(
    speculation: Speculation,
    { tokenizer, draftHead }: Pick<DraftHost, 'tokenizer' | 'draftHead'>,
    signal: AbortSignal,
  ): Promise<void> {
    if (speculation === 'mtp' && !draftHead) throw noDraftHead()
    if (typeof speculation !== 'object') return
    await checkVocabularies(tokenizer, speculation.draft.tokenizer, signal)
  }

  /** Who wants the hidden states of a generation's prompt and of what follows it; `undefined` if nobody does. */
  listener(speculation: Speculation): StateListener | undefined {
    if (speculation !== 'mtp') return undefined
    const draft = this.#attempt(() => this.#draftBy('mtp'))
    return draft?.source instanceof HeadText ? draft.source : undefined
  }

  /** For a generation whose prompt has been evaluated; `undefined` if it has no drafts. */
  speculator(speculation: Speculation, { text, stats }: DraftedGeneration): Speculator | undefined {
    if (speculation === 'none') return undefined
    if (speculation === 'lookup') return new LookupSpeculator(text(), this.#cost)
    return this.#attempt(() => {
      const { source, experience } = this.#draftBy(speculation === 'mtp' ? 'mtp' : speculation.draft)
      return new DraftSpeculator({
        draft: source,
        experience,
        text,
        vocabSize: this.#host.vocabSize,
        endIds: this.#host.tokenizer.endOfGeneration,
        cost: this.#cost,
        onDrafted: (ms) => stats.drafting(ms),
        onFailure: (reason) => this.#fail(reason),
        now: () => performance.now(),
      })
    })
  }

  /** The same for a fork of the session. If there is no memory for a copy, the text is read again. */
  async fork(): Promise<KeptDrafts> {
    const fork = new KeptDrafts(this.#host)
    const { by, source } = this.#draft ?? {}
    const copy = await source?.fork().catch(() => undefined)
    if (by && copy) fork.#draft = { by, source: copy, experience: new DraftExperience() }
    return fork
  }

  async dispose(): Promise<void> {
    const draft = this.#draft
    this.#draft = undefined
    await draft?.source.dispose()
  }

  #draftBy(by: Draft['by']): Draft {
    if (this.#draft?.by === by) return this.#draft
    void this.dispose()
    const source = by === 'mtp' ? HeadText.create(this.#host.draftHead!) : DraftText.create(by)
    this.#draft = { by, source, experience: new DraftExperience() }
    return this.#draft
  }

  #attempt<T>(work: () => T): T | undefined {
    try {
      return work()
    } catch (reason) {
      this.#fail(reason)
      return undefined
    }
  }

  /** Frees the memory of the drafts; the next generation tries again. */
  #fail(reason: unknown): void {
    void this.dispose()
    if (this.#hasWarned) return
    this.#hasWarned = true
    this.#host.warn({
      code: 'NO_DRAFT',
      message: `the draft model, or the draft head, has failed, and the text is generated without it: ${describeFailure(reason)} (said once per session)`,
      hint: 'leave speculation out, or load the draft model again; with a larger memoryLimit or a smaller contextLength if memory is short',
    })
  }
}

function noDraftHead(): DasllamaError {
  return new DasllamaError(
    'UNSUPPORTED',
    "speculation 'mtp' needs the model's draft head, which has not been loaded",
    { hint: 'load the model with draftHead: true, if its file has one' },
  )
}
