import {
  type Chat,
  type ChatOptions,
  chatSampling,
  createChat,
  DEFAULT_SAMPLING,
  type Model,
  type SamplingParams,
  templateFamily,
} from '../../index.js'
import type { GivenFormat } from '../arguments/format-options.js'
import { definitions } from '../output/layout.js'
import { briefParams } from './params.js'

/** The initial settings of a chat in a terminal. */
export interface ChatStart {
  /** The model's path or URL, as given. */
  readonly source: string
  /** The given sampling parameters. */
  readonly params: SamplingParams
  /** The format of every reply. */
  readonly given: GivenFormat | undefined
}

/** The state of a chat in a terminal: the chat, its initial settings, and the sampling parameters, which commands may change. */
export class ChatState {
  readonly model: Model
  readonly source: string
  /** Defaults of parameters that were not given: the file's recommendation, or the preset of chats. */
  readonly defaults: SamplingParams
  params: SamplingParams
  readonly given: GivenFormat | undefined
  readonly chat: Chat
  readonly #templateIsGiven: boolean

  constructor(model: Model, { source, params, given }: ChatStart, options: ChatOptions) {
    this.model = model
    this.source = source
    this.defaults = { ...DEFAULT_SAMPLING, ...chatSampling(model) }
    this.params = { ...this.defaults, ...params }
    this.given = given
    this.chat = createChat(model, { ...options, responseFormat: given?.format })
    this.#templateIsGiven = options.template !== undefined
  }

  /** The banner shown before the first message, wrapped at `width`. */
  greeting(width: number | undefined): string {
    const { model, chat } = this
    const rows: [string, string][] = [
      ['model', `${fileName(this.source)}, ${model.architecture}`],
      ['template', this.#template()],
      ['sampling', this.#sampling()],
      ['context', `${chat.session.contextLength} tokens`],
    ]
    return `${definitions(rows, width, '').join('')}/? lists commands, Ctrl-D leaves\n`
  }

  dispose(): Promise<void> {
    return this.chat.dispose()
  }

  #template(): string {
    const { name, source } = this.chat.template
    const family = templateFamily(source)
    const looksLike = family !== undefined && family !== name ? ` (${family})` : ''
    if (this.model.chatTemplates.has(name)) {
      return name === 'default' ? `from the file${looksLike}` : `${name}, from the file${looksLike}`
    }
    if (name === 'given') return `from --template${looksLike}`
    return this.#templateIsGiven ? `${name}, from --template` : `${name}, by the file's vocabulary`
  }

  #sampling(): string {
    const changed = briefParams(this.params, DEFAULT_SAMPLING)
    const isGreedy = (this.params.temp ?? 0) <= 0
    const said = isGreedy ? ['greedy', ...(changed === '' ? [] : [changed])].join(', ') : changed
    const usual = briefParams(this.params, this.defaults) === ''
    if (!usual) return said
    return Object.keys(this.model.recommendedSampling).length > 0
      ? `${said}, recommended by the file`
      : `${said}, the default`
  }
}

function fileName(source: string): string {
  return (
    source
      .replace(/[?#].*$/, '')
      .split(/[/\\]/)
      .at(-1) || source
  )
}
