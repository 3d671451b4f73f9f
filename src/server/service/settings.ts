import { DasllamaError } from '../../index.js'
import type { ChatSettings } from '../../serving/chats.js'
import type { ChatRequest } from '../request/chat.js'
import type { ServedModel } from './models.js'

/** What of a request decides how its prompt begins. */
export type PromptRequest = Pick<
  ChatRequest,
  'messages' | 'tools' | 'thinking' | 'isThinkingOptional' | 'templateVariables' | 'overflow'
>

/**
 * Calls a function with the settings of a request's chat. If reasoning is optional and the model shows none, it is called
 * again without. Throws what the function throws.
 */
export function withSettings<T>(
  { chatSettings }: Pick<ServedModel, 'chatSettings'>,
  { tools, thinking, isThinkingOptional = false, templateVariables, overflow }: PromptRequest,
  use: (settings: ChatSettings) => T,
): T {
  const settings = { ...chatSettings, tools, thinking, templateVariables, overflow }
  try {
    return use(settings)
  } catch (error) {
    const isUnsupported = error instanceof DasllamaError && error.code === 'UNSUPPORTED'
    if (!isThinkingOptional || thinking === undefined || !isUnsupported) throw error
    return use({ ...settings, thinking: undefined })
  }
}

/** The prompt of a request, whose reply is not wanted. Throws what `ServedChats.render` throws. */
export function promptOf(
  served: ServedModel,
  request: PromptRequest,
): ReturnType<ServedModel['chats']['render']> {
  return withSettings(served, request, (settings) => served.chats.render(settings, request.messages))
}
