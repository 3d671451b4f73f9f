import type { Model } from '../facade/model.js'
import type { TokenId, Tokenizer } from '../tokenizer/tokenizer.js'
import { Template } from './jinja/template.js'
import { FROM_TEMPLATE, Text } from './jinja/text.js'
import type { ChatMessage } from './message.js'
import { chooseTemplate, reservedTokens } from './model-templates.js'
import { provenanceOf, renderConversation } from './render.js'
import type { ThinkingControl } from './reply/thinking.js'
import type { FunctionTool } from './tools.js'
import { segmentsOf, type TokenSpan, type Transcript } from './transcript.js'

/** A prompt before tokenization. */
interface PromptText {
  readonly text: Text
  /** The spans of the text that the model generated. */
  readonly spans: readonly TokenSpan[]
  /** The beginning of the reply, if the prompt contains it: markers around reasoning. */
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

/** Renders messages with a chat template and tokenizes the result. */
export class PromptBuilder {
  readonly template: { readonly name: string; readonly source: string }
  readonly #template: Template
  readonly #tokenizer: Tokenizer
  readonly #reserved: ReadonlySet<TokenId>
  readonly #options: PromptOptions

  /** Throws `NO_TEMPLATE`, `TEMPLATE_FAILED`, `LIMIT`, and `INVALID_ARGUMENT` for an unknown template name. */
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
   * The prompt for the next reply, with or without thinking. It omits `omitted` messages after the system message.
   */
  build(...parts: Parameters<PromptBuilder['render']>): Prompt {
    const prompt = this.render(...parts)
    const segments = segmentsOf(prompt.text, prompt.spans)
    return { ...prompt, ids: this.#tokenizer.encodeSegments(segments, { reserved: this.#reserved }) }
  }

  /** The same without the ids, which is faster. */
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
    // Only text of the template itself can open the reasoning.
    const opening = thinking?.opening(last?.provenance === FROM_TEMPLATE ? last.text : '')
    const { append = '', prefill = '' } = opening ?? {}
    const text = append === '' ? rendered : Text.join([rendered, Text.of(append, FROM_TEMPLATE)])
    const assistants = new Set(
      messages.flatMap(({ role }, i) => (role === 'assistant' ? [provenanceOf(i)] : [])),
    )
    const spans = transcript.spansIn(text, (provenance) => assistants.has(provenance))
    return { text, spans, prefill }
  }

  /** Whether this token may come only from the template or from the model. */
  isSpecial(id: TokenId): boolean {
    return this.#tokenizer.isControl(id) || this.#reserved.has(id)
  }

  /** Number of tokens before the first message that is not the system message; 4 if the template cannot be rendered. */
  systemLength(history: readonly ChatMessage[], now: Date): number {
    const first = history[0]?.role === 'system' ? 1 : 0
    const messages = [...history.slice(0, first), { role: 'user', content: '?' }] as const
    try {
      const text = this.#render(messages, now, { opensReply: false })
      const provenance = provenanceOf(first)
      let length = 0
      for (const run of text.runs) {
        if (run.provenance === provenance) break
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
