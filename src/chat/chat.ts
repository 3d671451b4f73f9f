import { checkOptions } from '../checks.js'
import type { Model } from '../facade/model.js'
import { given } from '../given.js'
import { isConstrained } from '../grammar/format.js'
import { isArray } from '../read-list.js'
import type { GenerateOptions } from '../session/generate-options.js'
import type { Session } from '../session/session.js'
import type { SessionOptions } from '../session/session-options.js'
import type { SessionStats } from '../session/stats.js'
import type { TokenId } from '../tokenizer/tokenizer.js'
import {
  type ChatOptions,
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
import { PromptBuilder } from './prompt.js'
import { BudgetedGeneration, type ReplyGeneration } from './reply/budget.js'
import { type ReplyFormat, replyFormatOf } from './reply/format.js'
import { createReplyParser } from './reply/parser.js'
import { type Thinking, type ThinkingControl, thinkingControl } from './reply/thinking.js'
import { decodeChat, encodeChat } from './saved-chat.js'
import { type CallPlan, planCalls, type ToolUse } from './tool-choice.js'
import type { FunctionTool } from './tools.js'
import { idsWithin } from './transcript.js'

/**
 * Creates a chat with a model: a history of messages, and a session that has evaluated them.
 *
 * ```js
 * await using chat = createChat(model, { system: 'You are a pirate.' })
 * const { content } = await chat.send('Who are you?', { maxTokens: 100 })
 * ```
 *
 * Throws `NO_TEMPLATE`, `TEMPLATE_FAILED` for a template that cannot be parsed, `INVALID_ARGUMENT` for bad options, what
 * `createSession` throws, and what `generate` throws for a `responseFormat`.
 */
export function createChat(model: Model, options: ChatOptions = {}): Chat {
  return Chat.create(model, options)
}

const ASSISTANT_EXTRAS = { keys: ['reasoning', 'toolCalls'], aliases: MESSAGE_ALIASES }
const TOOL_EXTRAS = { keys: ['toolCallId', 'name'], aliases: { ...MESSAGE_ALIASES, id: 'toolCallId' } }

/** A conversation with a model, turn by turn. See `createChat`. */
export class Chat {
  /** The session that evaluates the messages, for inspection. It is disposed with the chat. */
  readonly session: Session
  readonly #prompts: PromptBuilder
  readonly #conversation: Conversation
  readonly #defaults: GenerateOptions
  readonly #overflow: OverflowPolicy
  readonly #tokenizer: Model['tokenizer']
  readonly #tools: readonly FunctionTool[]
  readonly #toolUse: ToolUse
  readonly #format: ReplyFormat
  /** Whether and how long the model thinks, unless a reply's options say otherwise. */
  readonly #thinking: ThinkingControl
  #busy = false
  /** The reply in progress. */
  #reply: ChatReply | undefined
  /** The latest generation, if it had more than one phase. */
  #latest: BudgetedGeneration | undefined

  private constructor(model: Model, options: ChatOptions) {
    const resolved = resolveChatOptions(options, model)
    const { system, template, templateVariables, tools, history, overflow, now, session, generate } = resolved
    this.#overflow = overflow
    this.#tokenizer = model.tokenizer
    this.#defaults = generate
    this.#prompts = new PromptBuilder(model, { template, templateVariables, tools })
    this.#conversation = new Conversation({ tokenizer: this.#tokenizer, prompts: this.#prompts, now })
    this.#tools = tools
    this.#toolUse = resolved.toolUse
    this.#format = replyFormatOf(this.template.source, model.tokenizer, resolved.replyFormat)
    this.#thinking = this.#control(resolved.thinking)
    this.#conversation.replace(openingMessages(system, history), this.#thinking)
    const shifts = overflow === 'shift' && session.contextShift === undefined
    this.session = model.createSession(
      shifts ? { ...session, contextShift: { keep: this.#keepOf(model, session) } } : session,
    )
    try {
      // A generation that is never read does nothing, but validates the options of all replies.
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

  /** A copy of the messages so far: plain data for JSON, or for the option `history` of another chat. */
  get history(): ChatMessage[] {
    return structuredClone([...this.#conversation.messages])
  }

  /** Continues with another conversation. The session reuses the cached prefix that both share. */
  set history(messages: readonly MessageInput[]) {
    this.#assertFree()
    this.#conversation.replace(checkHistory(messages), this.#thinking)
  }

  /** The system message, if there is one. */
  get system(): string | undefined {
    return this.#conversation.system
  }

  /** Replaces or removes the system message; the rest of the conversation stays. */
  set system(content: string | undefined) {
    this.#assertFree()
    this.#conversation.system = content
  }

  /** The template in use: its name (`default`, a variant of the file, a family or `given`) and its source. */
  get template(): { readonly name: string; readonly source: string } {
    return this.#prompts.template
  }

  /** How the model's replies are parsed: as detected from the template, or as the option `replyFormat` says. */
  get replyFormat(): ReplyFormat {
    return this.#format
  }

  /** How much of the conversation, after the system message, the latest prompt omitted: see the option `overflow`. */
  get omitted(): Pick<Omission, 'messages' | 'tokens'> {
    const { messages, tokens } = this.#conversation.omission
    return { messages, tokens }
  }

  /**
   * Whether a reply is in progress, or the chat is being saved or restored: meanwhile everything that would change the
   * conversation or render a prompt throws `BUSY`. `dispose` ends what is running.
   */
  get isBusy(): boolean {
    return this.#busy
  }

  /** Adds a message of the user. Throws what `add` throws. */
  addUser(content: Content): void {
    this.add({ role: 'user', content })
  }

  /** Adds a message of the assistant that the model did not generate. */
  addAssistant(content: Content, more: Pick<ChatMessage, 'reasoning' | 'toolCalls'> = {}): void {
    checkOptions(more)
    checkKeys('more', more, ASSISTANT_EXTRAS)
    this.add({ role: 'assistant', content, ...more })
  }

  /** Adds the result of a tool. Without `toolCallId` it belongs to the first of the latest calls without a result. */
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
   * Appends a message of any role. Throws `INVALID_ARGUMENT` for an invalid message, including one with keys that its role
   * does not have, and `LIMIT` beyond 10,000 messages.
   */
  add(message: MessageInput): void {
    this.#assertFree()
    this.#conversation.add(message)
  }

  /**
   * Lets the model answer. Nothing runs before the first token is requested; only what the session has not cached is
   * evaluated. `options` override the chat's. Throws `CONTEXT_FULL` for a conversation that does not fit (see `overflow`),
   * `TEMPLATE_REFUSED` for one that the template refuses, `TEMPLATE_FAILED`, `UNSUPPORTED` and `LIMIT` for a template that
   * cannot be rendered, and `BUSY`; none of them changes the chat.
   */
  respond(options: RespondOptions = {}): ChatReply {
    this.#assertFree()
    const { thinking, toolUse, generate } = resolveRespondOptions(options)
    const merged = { ...this.#defaults, ...generate }
    const control = thinking === undefined ? this.#thinking : this.#control(thinking)
    const fitting = this.#fit(merged.maxTokens, control)
    const plan = planCalls({
      format: this.#format,
      tools: this.#tools,
      tokenizer: this.#tokenizer,
      options: merged,
      use: { ...this.#toolUse, ...toolUse },
      prefill: fitting.prompt.prefill,
      isThinkingOff: control.isOff,
      warn: (warning) => this.session.warn(warning),
    })
    // Checks the options before anything changes; a generation that is never read does nothing.
    this.session.generate(fitting.ids, merged)
    const { revision, messages } = this.#conversation
    const parser = createReplyParser(this.#format, {
      tools: plan.tools,
      prefill: fitting.prompt.prefill,
      firstCall: messages.reduce((count, { toolCalls = [] }) => count + toolCalls.length, 0),
    })
    const begin = (reply: ChatReply): ReplyGeneration => {
      this.#assertFree()
      if (revision !== this.#conversation.revision) throw changed()
      const generation = this.#generate(fitting.ids, plan, control, () => parser.isReasoning)
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
   * Adds a text (or parts of one) from the user, or a message of any role, and resolves with the whole reply. `options` are
   * those of `respond`; an aborted reply resolves, with `stopReason` `abort`. Rejects with what `add` and `respond` throw,
   * and with the error that the reply fails with; if no part of a reply is in the history then, neither is the message.
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

  /** The ids that the next `respond` would evaluate: those that the session has not cached. Nothing runs. */
  renderTurn(): TokenId[] {
    this.#assertFree()
    const { maxTokens, reuse } = this.#defaults
    const { ids } = this.#fit(maxTokens, this.#thinking)
    return ids.slice(this.session.cachedPrefixLength(ids, reuse))
  }

  /** The text and the ids of the whole prompt of the next `respond`. Nothing runs. */
  renderPrompt(): { text: string; ids: TokenId[] } {
    this.#assertFree()
    const { prompt, ids } = this.#fit(this.#defaults.maxTokens, this.#thinking)
    return { text: prompt.text.text, ids: [...ids] }
  }

  /** Statistics of the latest reply. */
  stats(): SessionStats {
    return this.#latest?.stats() ?? this.session.stats()
  }

  /** Removes the last turn, which is the last message of the user and all after it, and returns it. */
  undo(): ChatMessage[] {
    this.#assertFree()
    return this.#conversation.undo()
  }

  /** Removes all messages but the system message. The session keeps its cache of that. */
  reset(): void {
    this.#assertFree()
    this.#conversation.reset()
  }

  /** The history, for `JSON.stringify(chat)`. */
  toJSON(): { history: ChatMessage[] } {
    return { history: this.history }
  }

  /**
   * Serializes the conversation and the state of the session, for `restore` in any runtime. The template, tools and other
   * options are not included.
   */
  save(): Promise<Uint8Array> {
    return this.#occupied(async () => {
      const conversation = this.#conversation.save()
      return encodeChat(conversation, await this.session.save())
    })
  }

  /**
   * Continues a saved chat. A failure leaves this chat unchanged: `BAD_FORMAT`, `TRUNCATED`, `UNSUPPORTED`, and what
   * `session.restore` rejects with.
   */
  restore(bytes: Uint8Array): Promise<void> {
    return this.#occupied(async () => {
      const { conversation, session } = decodeChat(bytes, this.#tokenizer.vocabSize)
      await this.session.restore(session)
      this.#conversation.restore(conversation)
    })
  }

  /**
   * Ends the chat and frees its session's memory. A reply in progress ends with `stopReason` `abort`; what was generated is
   * in the history. Idempotent.
   */
  async dispose(): Promise<void> {
    await Promise.all([this.session.dispose(), this.#reply?.end()])
  }

  /** `dispose()` at the end of a `using` scope, without waiting for it. */
  [Symbol.dispose](): void {
    void this.dispose()
  }

  /** `dispose()` at the end of an `await using` scope. */
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
    { options, constraint }: CallPlan,
    { budget }: ThinkingControl,
    isReasoning: () => boolean,
  ): ReplyGeneration {
    this.#latest = undefined
    if (!budget && !(isConstrained(options) && isReasoning())) {
      return this.session.generateWithin(constraint?.([]), ids, options)
    }
    this.#latest = new BudgetedGeneration({
      session: this.session,
      tokenizer: this.#tokenizer,
      promptIds: ids,
      options,
      constraint,
      budget,
      isReasoning,
    })
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

  /** Runs `work` with the chat marked as busy. */
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

/** Strings and arrays are content; everything else is validated as a message. */
function isMessage(message: Content | MessageInput): message is MessageInput {
  return typeof message !== 'string' && !isArray(message)
}
