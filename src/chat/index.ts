/** Chats: conversations with a model by its template, and replies in parts. */
export { Chat, createChat } from './chat.js'
export type { ChatOptions, RespondOptions } from './chat-options.js'
export type { ChatReply, ChatResult, ReplyParts } from './chat-reply.js'
export { CHAT_SAMPLING, chatSampling } from './chat-sampling.js'
export type { Content, TextPart } from './content.js'
export type { ChatMessage, CutReason, MessageInput, Role, ToolCall } from './message.js'
export { type ChosenTemplate, defaultTemplate } from './model-templates.js'
export { DEFAULT_OVERFLOW, type OverflowPolicy } from './overflow.js'
export type { MalformedReason, ParsedToolCall, ReplyEvent } from './reply/events.js'
export {
  type ReasoningFormat,
  type ReplyFormat,
  type ReplyFormatOverrides,
  replyFormat,
  replyFormatOf,
  type ThinkingEfforts,
  type ThinkingVariable,
  type ToolFormat,
} from './reply/format.js'
export {
  createReplyParser,
  type ReplyParser,
  type ReplyParserOptions,
  type ReplyToken,
} from './reply/parser.js'
export { type Thinking, type ThinkingControl, thinkingControl } from './reply/thinking.js'
export { toolResult } from './reply/tool-result.js'
export { templateFamily } from './template-family.js'
export type { ToolChoice, ToolUse } from './tool-choice.js'
export type { FunctionTool, ToolDefinition } from './tools.js'
