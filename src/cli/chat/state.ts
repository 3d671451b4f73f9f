import { type Chat, type ChatOptions, createChat, type Model, type SamplingParams } from '../../index.js'
import type { GivenFormat } from '../arguments/format-options.js'

/** What a chat in a terminal is: the chat, how it began, and the sampling that commands may change. */
export class ChatState {
  readonly model: Model
  params: SamplingParams
  /** What every reply must look like. */
  readonly given: GivenFormat | undefined
  readonly chat: Chat

  constructor(model: Model, params: SamplingParams, given: GivenFormat | undefined, options: ChatOptions) {
    this.model = model
    this.params = params
    this.given = given
    this.chat = createChat(model, { ...options, responseFormat: given?.format })
  }

  greeting(): string {
    const { name } = this.chat.template
    const template = name === 'default' ? '' : `, template ${name}`
    return `${this.model.architecture}, context ${this.chat.session.contextLength}${template}; /help lists commands, Ctrl-D leaves`
  }

  dispose(): void {
    this.chat.dispose()
  }
}
