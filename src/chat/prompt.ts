import type { Model } from '../facade/model.js'
import type { TokenId, Tokenizer } from '../tokenizer/tokenizer.js'
import { Template } from './jinja/template.js'
import { FROM_TEMPLATE, Text } from './jinja/text.js'
import type { ChatMessage } from './message.js'
import { chooseTemplate, reservedTokens } from './model-templates.js'
import { renderConversation, sourceOf } from './render.js'
import type { ThinkingControl } from './reply/thinking.js'
import type { FunctionTool } from './tools.js'
import { type Pin, segmentsOf, type Transcript } from './transcript.js'

/** A prompt that has not been tokenized. */
interface PromptText {
  readonly text: Text
  /** Where in the text the model's own words stand. */
  readonly pins: readonly Pin[]
  /** What it has of the reply already: markers around thoughts. */
  readonly prefill: string
}

export interface Prompt extends PromptText {
  readonly ids: readonly TokenId[]
}

interface PromptOptions {
  readonly template: string | undefined
  readonly templateVariables: Readonly<Record<string, unknown>>
  readonly tools: readonly FunctionTool[]
}

/** From messages to the ids of a prompt, by a chat template. */
export class PromptMaker {
  readonly template: { readonly name: string; readonly source: string }
  readonly #template: Template
  readonly #tokenizer: Tokenizer
  readonly #reserved: ReadonlySet<TokenId>
  readonly #options: PromptOptions

  /** Throws `NO_TEMPLATE`, `TEMPLATE_FAILED`, `LIMIT`, and `INVALID_ARGUMENT` for the name of a template that is none. */
  constructor(
    { tokenizer, chatTemplates }: Pick<Model, 'tokenizer' | 'chatTemplates'>,
    options: PromptOptions,
  ) {
    this.template = chooseTemplate(chatTemplates, tokenizer, {
      wanted: options.template,
      hasTools: options.tools.length > 0,
    })
    this.#template = new Template(this.template.source)
    this.#tokenizer = tokenizer
    this.#reserved = reservedTokens(tokenizer, this.template.source)
    this.#options = options
  }

  /**
   * The prompt that asks for the next reply, with thoughts or without. `omitted` messages after the system message are
   * left out.
   */
  make(...parts: Parameters<PromptMaker['render']>): Prompt {
    const prompt = this.render(...parts)
    const segments = segmentsOf(prompt.text, prompt.pins)
    return { ...prompt, ids: this.#tokenizer.encodeSegments(segments, { reserved: this.#reserved }) }
  }

  /** The same without ids, which take longer. */
  render(
    history: readonly ChatMessage[],
    omitted: number,
    now: Date,
    transcript: Transcript,
    thinking?: ThinkingControl,
  ): PromptText {
    const first = history[0]?.role === 'system' ? 1 : 0
    const messages = omitted === 0 ? history : history.filter((_, i) => i < first || i >= first + omitted)
    const rendered = this.#render(messages, now, { opensReply: true, variables: thinking?.templateVariables })
    const last = rendered.runs.at(-1)
    // Only what the template has written opens anything.
    const opening = thinking?.opening(last?.source === FROM_TEMPLATE ? last.text : '')
    const { append = '', prefill = '' } = opening ?? {}
    const text = append === '' ? rendered : Text.join([rendered, Text.of(append, FROM_TEMPLATE)])
    const assistants = new Set(messages.flatMap(({ role }, i) => (role === 'assistant' ? [sourceOf(i)] : [])))
    const pins = transcript.pinsOf(text, (source) => assistants.has(source))
    return { text, pins, prefill }
  }

  /** Whether only the template, or the model itself, may write this token. */
  isSpecial(id: TokenId): boolean {
    return this.#tokenizer.isControl(id) || this.#reserved.has(id)
  }

  /** Tokens of what stands before the first message that is not the system's; 4 where the template does not tell. */
  systemLength(history: readonly ChatMessage[], now: Date): number {
    const first = history[0]?.role === 'system' ? 1 : 0
    const messages = [...history.slice(0, first), { role: 'user', content: '?' }] as const
    try {
      const text = this.#render(messages, now, { opensReply: false })
      const source = sourceOf(first)
      let length = 0
      for (const run of text.runs) {
        if (run.source === source) break
        length += run.text.length
      }
      return this.#tokenizer.encodeSegments(segmentsOf(text.slice(0, length), []), {
        reserved: this.#reserved,
      }).length
    } catch {
      return 4
    }
  }

  #render(
    messages: readonly ChatMessage[],
    now: Date,
    {
      opensReply,
      variables = {},
    }: { readonly opensReply: boolean; readonly variables?: Readonly<Record<string, unknown>> },
  ): Text {
    const { bosId, eosId } = this.#tokenizer
    const name = (id: TokenId | undefined) => (id === undefined ? '' : this.#tokenizer.piece(id))
    return renderConversation(this.#template, {
      messages,
      tools: this.#options.tools,
      variables: { ...variables, ...this.#options.templateVariables },
      bos: name(bosId),
      eos: name(eosId),
      now,
      opensReply,
    })
  }
}
