import { DasllamaError } from '../errors.js'
import type { TokenId, Tokenizer } from '../tokenizer/tokenizer.js'
import { systemNotFirst, tooManyMessages } from './failures.js'
import { type ChatMessage, checkMessage, lastOf, MAX_MESSAGES, type MessageInput } from './message.js'
import { type FittingPrompt, NOTHING_OMITTED, type Omission } from './overflow.js'
import type { Prompt, PromptBuilder } from './prompt.js'
import type { ThinkingControl } from './reply/thinking.js'
import type { SavedConversation } from './saved-chat.js'
import { Transcript } from './transcript.js'

/** What `Conversation` is constructed with. */
interface ConversationParts {
  readonly tokenizer: Tokenizer
  readonly prompts: PromptBuilder
  /** The current time for templates; default: the time of creation and of each reset. */
  readonly now: Date | undefined
}

/** A chat's messages, the spans of their prompt that the model generated, and what prompts have omitted. */
export class Conversation {
  readonly #tokenizer: Tokenizer
  readonly #prompts: PromptBuilder
  readonly #transcript: Transcript
  readonly #fixedNow: Date | undefined
  #now: Date
  #messages: ChatMessage[] = []
  #omission = NOTHING_OMITTED
  #revision = 0

  constructor({ tokenizer, prompts, now }: ConversationParts) {
    this.#tokenizer = tokenizer
    this.#prompts = prompts
    this.#transcript = new Transcript(tokenizer)
    this.#fixedNow = now
    this.#now = now ?? new Date()
  }

  /** A view, not a copy. */
  get messages(): readonly ChatMessage[] {
    return this.#messages
  }

  /** Counts the changes of the history, so that a reply requested before one of them can be rejected. */
  get revision(): number {
    return this.#revision
  }

  /** What the latest prompt omitted. */
  get omission(): Omission {
    return this.#omission
  }

  get system(): string | undefined {
    const [first] = this.#messages
    return first?.role === 'system' ? first.content : undefined
  }

  /** Replaces or removes the system message. Throws `INVALID_ARGUMENT`. */
  set system(content: string | undefined) {
    const message = content === undefined ? [] : [checkMessage({ role: 'system', content }, 'system')]
    const rest = this.system === undefined ? this.#messages : this.#messages.slice(1)
    this.#messages = [...message, ...rest]
    // An omission of tokens starts after the old system message, so it is no longer valid.
    this.#omission = { ...NOTHING_OMITTED, messages: this.#omission.messages }
    this.#revision++
  }

  /** Throws `INVALID_ARGUMENT` for an invalid message, or one that may not follow here; `LIMIT`. */
  add(message: MessageInput): ChatMessage {
    const checked = checkMessage(message, 'the message')
    if (this.#messages.length >= MAX_MESSAGES) throw tooManyMessages(this.#messages.length + 1, MAX_MESSAGES)
    if (checked.role === 'system' && this.#messages.length > 0) throw systemNotFirst()
    this.#messages.push(checked)
    this.#revision++
    return checked
  }

  /** Removes a message, if it is the last one. */
  takeBack(message: ChatMessage): void {
    if (this.#messages.at(-1) !== message) return
    this.#messages.pop()
    this.#revision++
  }

  /** Removes and returns the last message of the user and all after it. */
  undo(): ChatMessage[] {
    const at = lastOf(this.#messages, 'user')
    if (at < 0) return []
    this.#revision++
    const taken = this.#messages.splice(at)
    const first = this.system === undefined ? 0 : 1
    // What was omitted to fit a turn that is now removed may be included again.
    if (this.#omission.messages >= this.#messages.length - first) this.#omission = NOTHING_OMITTED
    return taken
  }

  /** Removes all messages but the system message. */
  reset(): void {
    this.#messages = this.#messages.slice(0, this.system === undefined ? 0 : 1)
    this.#omission = NOTHING_OMITTED
    this.#now = this.#fixedNow ?? new Date()
    this.#revision++
  }

  /**
   * Continues with other, validated messages; rebuilds the spans that the model generated as if each reply had just been
   * generated with `thinking`.
   */
  replace(messages: ChatMessage[], thinking: ThinkingControl): void {
    this.#messages = messages
    this.#omission = NOTHING_OMITTED
    this.#transcript.state = { text: '', spans: [] }
    this.#revision++
    for (const [i, { ids }] of messages.entries()) {
      // A history may come from anywhere: ids of control tokens are trusted only if they were generated here.
      if (!ids?.every((id) => id < this.#tokenizer.vocabSize && !this.#prompts.isSpecial(id))) continue
      try {
        const before = messages.slice(0, i)
        const { text, spans } = this.#prompts.render(before, 0, this.#now, this.#transcript, thinking)
        this.#transcript.begin(text, spans)
        this.#transcript.append(ids)
      } catch (error) {
        // Then the reply is tokenized like any text, or `respond` reports what is wrong with the history.
        if (!(error instanceof DasllamaError)) throw error
      }
    }
  }

  /** The prompt for the next reply, without `omitted` messages after the system message. */
  prompt(omitted: number, thinking: ThinkingControl): Prompt {
    return this.#prompts.build(this.#messages, omitted, this.#now, this.#transcript, thinking)
  }

  /** Number of tokens of the system message. */
  systemLength(): number {
    return this.#prompts.systemLength(this.#messages, this.#now)
  }

  /** A reply to this prompt begins. */
  begin({ prompt, omission }: FittingPrompt): void {
    this.#revision++
    this.#omission = omission
    this.#transcript.begin(prompt.text, prompt.spans)
  }

  /** Adds a message that the model generated as these ids. */
  append(message: ChatMessage, ids: readonly TokenId[]): void {
    this.#messages.push(message)
    this.#transcript.append(ids)
  }

  save(): SavedConversation {
    return {
      history: this.#messages,
      transcript: this.#transcript.state,
      omission: this.#omission,
      now: this.#now.toISOString(),
    }
  }

  restore({ history, transcript, omission, now }: SavedConversation): void {
    this.#messages = history
    this.#transcript.state = transcript
    this.#omission = omission
    this.#now = this.#fixedNow ?? new Date(now)
    this.#revision++
  }
}
