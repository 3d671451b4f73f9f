import { checkOptions } from '../checks.js'
import type { Model } from '../facade/model.js'
import { isArray } from '../read-list.js'
import type { GenerateOptions } from '../session/generate-options.js'
import type { Session } from '../session/session.js'
import type { SessionOptions } from '../session/session-options.js'
import type { SessionStats } from '../session/stats.js'
import type { TokenId } from '../tokenizer/tokenizer.js'
import {
  type ChatOptions,
  given,
  type RespondOptions,
  resolveChatOptions,
  resolveRespondOptions,
} from './chat-options.js'
import { ChatReply, type ChatResult, type ReplyParts, replyMessage } from './chat-reply.js'
import type { Content } from './content.js'
import { Conversation } from './conversation.js'
import { busy, changed, nothingToAnswer } from './failures.js'
import { checkKeys } from './known-keys.js'
import {
  type ChatMessage,
  checkHistory,
  MESSAGE_ALIASES,
  type MessageInput,
  openingMessages,
} from './message.js'
import { openCall } from './open-call.js'
import { type FittingPrompt, fitPrompt, type Omission, type OverflowPolicy } from './overflow.js'
import { PromptMaker } from './prompt.js'
import { BudgetedGeneration, isConstrained, type ReplyGeneration } from './reply/budget.js'
import { type ReplyFormat, replyFormatOf } from './reply/format.js'
import { createReplyParser } from './reply/parser.js'
import { type Thinking, type ThinkingControl, thinkingControl } from './reply/thinking.js'
import { decodeChat, encodeChat } from './saved-chat.js'
import type { ToolDefinition } from './tools.js'
import { idsWithin } from './transcript.js'

/**
 * A chat with a model: a history of messages, and a session that has evaluated them.
 *
 * ```js
 * await using chat = createChat(model, { system: 'You are a pirate.' })
 * const { content } = await chat.send('Who are you?', { maxTokens: 100 })
 * ```
 *
 * Throws `NO_TEMPLATE`, `TEMPLATE_FAILED` for one that cannot be parsed, `INVALID_ARGUMENT` for bad options, what
 * `createSession` throws, and what `generate` throws for a `responseFormat`.
 */
export function createChat(model: Model, options: ChatOptions = {}): Chat {
  return Chat.create(model, options)
}

const ASSISTANT_EXTRAS = { keys: ['reasoning', 'toolCalls'], aliases: MESSAGE_ALIASES }
const TOOL_EXTRAS = { keys: ['toolCallId', 'name'], aliases: { ...MESSAGE_ALIASES, id: 'toolCallId' } }

/** A conversation with a model, turn by turn. See `createChat`. */
export class Chat {
  /** What evaluates the messages: to look at. It is disposed with the chat. */
  readonly session: Session
  readonly #prompts: PromptMaker
  readonly #conversation: Conversation
  readonly #defaults: GenerateOptions
  readonly #overflow: OverflowPolicy
  readonly #tokenizer: Model['tokenizer']
  readonly #tools: readonly ToolDefinition[]
  readonly #format: ReplyFormat
  /** How the chat's own replies are thought about. */
  readonly #thinking: ThinkingControl
  #busy = false
  /** The one that is being made. */
  #reply: ChatReply | undefined
  /** The latest generation, if it had more than one leg. */
  #latest: BudgetedGeneration | undefined

  private constructor(model: Model, options: ChatOptions) {
    const resolved = resolveChatOptions(options, model)
    const { system, template, templateVariables, tools, history, overflow, now, session, generate } = resolved
    this.#overflow = overflow
    this.#tokenizer = model.tokenizer
    this.#defaults = generate
    this.#prompts = new PromptMaker(model, { template, templateVariables, tools })
    this.#conversation = new Conversation({ tokenizer: this.#tokenizer, prompts: this.#prompts, now })
    this.#tools = tools.map((tool) => tool.function)
    this.#format = replyFormatOf(this.template.source, model.tokenizer, resolved.replyFormat)
    this.#thinking = this.#control(resolved.thinking)
    this.#conversation.replace(openingMessages(system, history), this.#thinking)
    const shifts = overflow === 'shift' && session.contextShift === undefined
    this.session = model.createSession(
      shifts ? { ...session, contextShift: { keep: this.#keepOf(model, session) } } : session,
    )
    try {
      // A generation that is never read does nothing, but says what is wrong with the options of all replies.
      this.session.generate([0], this.#defaults)
    } catch (error) {
      void this.session.dispose()
      throw error
    }
  }

  /** @internal Chats come from `createChat`. */
  static create(model: Model, options: ChatOptions): Chat {
    return new Chat(model, options)
  }

  /** The messages so far, as a copy: plain data, fit for JSON, and for the option `history` of another chat. */
  get history(): ChatMessage[] {
    return structuredClone([...this.#conversation.messages])
  }

  /** Goes on with another conversation. Of what the session has, what is the same still serves. */
  set history(messages: readonly MessageInput[]) {
    this.#assertFree()
    this.#conversation.replace(checkHistory(messages), this.#thinking)
  }

  /** The system message, if there is one. */
  get system(): string | undefined {
    return this.#conversation.system
  }

  /** Replaces the system message, or takes it away; the rest of the conversation stays. */
  set system(content: string | undefined) {
    this.#assertFree()
    this.#conversation.system = content
  }

  /** The template in use: its name (`default`, a variant of the file, a family or `given`) and its source. */
  get template(): { readonly name: string; readonly source: string } {
    return this.#prompts.template
  }

  /** How the model's replies are read: as the template has it, or as the option `replyFormat` says. */
  get replyFormat(): ReplyFormat {
    return this.#format
  }

  /** How much of the conversation the latest prompt has left out, after the system message: see the option `overflow`. */
  get omitted(): Pick<Omission, 'messages' | 'tokens'> {
    const { messages, tokens } = this.#conversation.omission
    return { messages, tokens }
  }

  /**
   * Whether a reply is being made, or the chat saved or restored: then whatever would change the conversation or make a
   * prompt of it throws `BUSY`. `dispose` ends what is running.
   */
  get isBusy(): boolean {
    return this.#busy
  }

  /** Says something as the user. Throws as `add` does. */
  addUser(content: Content): void {
    this.add({ role: 'user', content })
  }

  /** Puts words into the assistant's mouth. */
  addAssistant(content: Content, more: Pick<ChatMessage, 'reasoning' | 'toolCalls'> = {}): void {
    checkOptions(more)
    checkKeys('more', more, ASSISTANT_EXTRAS)
    this.add({ role: 'assistant', content, ...more })
  }

  /** The result of a tool. Without `toolCallId` it belongs to the first of the latest calls that has none yet. */
  addTool(content: Content, of: Pick<ChatMessage, 'toolCallId' | 'name'> = {}): void {
    checkOptions(of)
    checkKeys('of', of, TOOL_EXTRAS)
    this.add({
      role: 'tool',
      content,
      ...(of.toolCallId === undefined ? { ...openCall(this.#conversation.messages), ...given(of) } : of),
    })
  }

  /**
   * Appends a message of any role. Throws `INVALID_ARGUMENT` for what is not a message, keys that no message of its role
   * has included, and `LIMIT` beyond 10,000 messages.
   */
  add(message: MessageInput): void {
    this.#assertFree()
    this.#conversation.add(message)
  }

  /**
   * Lets the model answer. Nothing runs before the first token is asked for; only what the session does not have yet is
   * evaluated. `options` go before the chat's own. Throws `CONTEXT_FULL` for a conversation that does not fit (see
   * `overflow`), `TEMPLATE_REFUSED` for one that the template does not take, `TEMPLATE_FAILED`, `UNSUPPORTED` and
   * `LIMIT` for what it cannot do, `BUSY`; none of them changes the chat.
   */
  respond(options: RespondOptions = {}): ChatReply {
    this.#assertFree()
    const { thinking, generate } = resolveRespondOptions(options)
    const merged = { ...this.#defaults, ...generate }
    const control = thinking === undefined ? this.#thinking : this.#control(thinking)
    const fitting = this.#fit(merged.maxTokens, control)
    // Checks the options before anything changes; a generation that is never read does nothing.
    this.session.generate(fitting.ids, merged)
    const { revision, messages } = this.#conversation
    const parser = createReplyParser(this.#format, {
      // An answer in a given form is no call, whatever it looks like.
      tools: isConstrained(merged) ? [] : this.#tools,
      prefill: fitting.prompt.prefill,
      firstCall: messages.reduce((count, { toolCalls = [] }) => count + toolCalls.length, 0),
    })
    const begin = (reply: ChatReply): ReplyGeneration => {
      this.#assertFree()
      if (revision !== this.#conversation.revision) throw changed()
      const generation = this.#generate(fitting.ids, merged, control, () => parser.isReasoning)
      this.#busy = true
      this.#reply = reply
      this.#conversation.begin(fitting)
      return generation
    }
    return ChatReply.create({
      promptIds: fitting.ids,
      parser,
      tokenizer: this.#tokenizer,
      host: { begin, end: (generation, parts) => this.#finish(generation, parts) },
    })
  }

  /**
   * Says something and resolves with the whole reply: a text (or parts of one) from the user, or a message of any role.
   * `options` as those of `respond`; an aborted reply resolves, with `stopReason` `abort`. Rejects as `add` and `respond`
   * throw, and with what the reply fails with; where nothing of a reply is in the history then, neither is the message.
   *
   * ```js
   * const { content, toolCalls, stopReason } = await chat.send('What is the capital of France?')
   * ```
   */
  async send(message: Content | MessageInput, options: RespondOptions = {}): Promise<ChatResult> {
    this.#assertFree()
    const added = this.#conversation.add(isMessage(message) ? message : { role: 'user', content: message })
    try {
      return await this.respond(options).result()
    } catch (error) {
      if (!this.#busy) this.#conversation.takeBack(added)
      throw error
    }
  }

  /** The ids that the next `respond` would evaluate: what the session does not have yet. Nothing runs. */
  renderTurn(): TokenId[] {
    this.#assertFree()
    const { maxTokens, reuse } = this.#defaults
    const { ids } = this.#fit(maxTokens, this.#thinking)
    return ids.slice(this.session.reusable(ids, reuse))
  }

  /** The text and the ids of the whole prompt that the next `respond` would answer. Nothing runs. */
  renderPrompt(): { text: string; ids: TokenId[] } {
    this.#assertFree()
    const { prompt, ids } = this.#fit(this.#defaults.maxTokens, this.#thinking)
    return { text: prompt.text.text, ids: [...ids] }
  }

  /** What the latest reply has cost. */
  stats(): SessionStats {
    return this.#latest?.stats() ?? this.session.stats()
  }

  /** Takes back the last turn: the last message of the user and all after it, which it returns. */
  undo(): ChatMessage[] {
    this.#assertFree()
    return this.#conversation.undo()
  }

  /** Forgets all messages but the system message. What the session has of it still serves. */
  reset(): void {
    this.#assertFree()
    this.#conversation.reset()
  }

  /** The history, for `JSON.stringify(chat)`. */
  toJSON(): { history: ChatMessage[] } {
    return { history: this.history }
  }

  /**
   * The chat as bytes: the conversation and the state of the session, for `restore` in any runtime. Template, tools and
   * other options are not in it.
   */
  save(): Promise<Uint8Array> {
    return this.#occupied(async () => {
      const conversation = this.#conversation.save()
      return encodeChat(conversation, await this.session.save())
    })
  }

  /**
   * Takes the place of the chat that was saved. A failure leaves this one as it was: `BAD_FORMAT`, `TRUNCATED`,
   * `UNSUPPORTED`, and what `session.restore` rejects with.
   */
  restore(bytes: Uint8Array): Promise<void> {
    return this.#occupied(async () => {
      const { conversation, session } = decodeChat(bytes, this.#tokenizer.vocabSize)
      await this.session.restore(session)
      this.#conversation.restore(conversation)
    })
  }

  /**
   * Ends the chat and gives its session's memory back. A reply that is being made ends with `stopReason` `abort`; what it
   * has said is in the history. Idempotent.
   */
  async dispose(): Promise<void> {
    await Promise.all([this.session.dispose(), this.#reply?.end()])
  }

  [Symbol.dispose](): void {
    void this.dispose()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose()
  }

  #fit(maxTokens: number | undefined, control: ThinkingControl): FittingPrompt {
    const conversation = this.#conversation
    if (!conversation.messages.some(({ role }) => role !== 'system')) throw nothingToAnswer()
    return fitPrompt({
      policy: this.#overflow,
      history: conversation.messages,
      contextLength: this.session.contextLength,
      maxTokens,
      before: conversation.omission,
      keep: this.#overflow === 'shift' ? conversation.systemLength() : 0,
      render: (omitted) => conversation.prompt(omitted, control),
    })
  }

  #control(thinking: Thinking | undefined): ThinkingControl {
    return thinkingControl(this.#format, this.#tokenizer, thinking)
  }

  #generate(
    ids: readonly TokenId[],
    options: GenerateOptions,
    { budget }: ThinkingControl,
    isReasoning: () => boolean,
  ): ReplyGeneration {
    this.#latest = undefined
    if (!budget && !(isConstrained(options) && isReasoning())) return this.session.generate(ids, options)
    this.#latest = new BudgetedGeneration(this.session, this.#tokenizer, ids, options, budget, isReasoning)
    return this.#latest
  }

  #finish(generation: ReplyGeneration, parts: ReplyParts): ChatMessage | undefined {
    this.#busy = false
    this.#reply = undefined
    const ids = idsWithin(generation.ids, generation.text, this.#tokenizer)
    const message = replyMessage(generation, parts, ids)
    if (message) this.#conversation.append(message, ids)
    return message && structuredClone(message)
  }

  /** Tokens that a context shift keeps: the system message, but half of the context at most. */
  #keepOf(model: Model, { contextLength = model.contextLength }: SessionOptions): number {
    return Math.min(this.#conversation.systemLength(), contextLength >> 1)
  }

  /** Takes the chat for a call that is not a reply. */
  async #occupied<T>(work: () => Promise<T>): Promise<T> {
    this.#assertFree()
    this.#busy = true
    try {
      return await work()
    } finally {
      this.#busy = false
    }
  }

  #assertFree(): void {
    if (this.#busy) throw busy()
  }
}

/** Texts and arrays are content; what is neither will be refused as a message. */
function isMessage(message: Content | MessageInput): message is MessageInput {
  return typeof message !== 'string' && !isArray(message)
}
