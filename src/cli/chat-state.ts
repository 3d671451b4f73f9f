import { type Chat, type ChatOptions, createChat, type Model, type SamplingParams } from '../index.js'

/** What a chat in a terminal is: the chat, how it began, and the sampling that commands may change. */
export class ChatState {
  readonly model: Model
  params: SamplingParams
  readonly chat: Chat

  constructor(model: Model, params: SamplingParams, options: ChatOptions) {
    this.model = model
    this.params = params
    this.chat = createChat(model, options)
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
