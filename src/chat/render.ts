import { DasllamaError } from '../errors.js'
import { foldSystem, toolsAsText, toolTurnsAsText } from './fallbacks.js'
import { Budget } from './jinja/budget.js'
import { toValue } from './jinja/convert.js'
import type { Template } from './jinja/template.js'
import { FROM_TEMPLATE, type Provenance, Text } from './jinja/text.js'
import { List, type Value } from './jinja/values.js'
import type { ChatMessage } from './message.js'
import {
  type MessageShape,
  messageValue,
  type TemplateMessage,
  toTemplateMessage,
} from './template-message.js'
import type { FunctionTool } from './tools.js'

/** What a template is rendered with. */
export interface Conversation {
  readonly messages: readonly ChatMessage[]
  readonly tools: readonly FunctionTool[]
  /** Additional variables for the template, such as `enable_thinking`. */
  readonly variables: Readonly<Record<string, unknown>>
  readonly bos: string
  readonly eos: string
  readonly now: Date
  /** Whether the template should open the assistant's turn at the end. */
  readonly opensReply: boolean
}

/** The provenance of the texts of message `index`. */
export function provenanceOf(index: number): Provenance {
  return index + 1
}

const TOOLS: Provenance = -1
const VARIABLES: Provenance = -2

/** How a conversation is passed to a template. The first strategy, the plain one, passes it unchanged. */
interface Strategy extends MessageShape {
  readonly foldsSystem: boolean
  readonly toolsInText: boolean
  readonly turnsInText: boolean
}

/**
 * Renders a conversation. Templates differ in what they expect (see `Strategy`), and some do not support all of it: the first
 * strategy with which the template neither fails nor drops anything is used. If there is none, returns the first rendering
 * that drops something, or throws what the plain strategy throws.
 */
export function renderConversation(template: Template, conversation: Conversation): Text {
  let failure: unknown
  let incomplete: Text | undefined
  const budget = new Budget()
  for (const strategy of strategies(conversation, template)) {
    try {
      const { text, wanted } = renderWith(strategy, template, conversation, budget)
      const found = new Set(text.runs.map(({ provenance }) => provenance))
      if (wanted.every((provenance) => found.has(provenance))) return text
      incomplete ??= text
    } catch (error) {
      if (!isRecoverable(error, { isPlain: failure === undefined && incomplete === undefined })) throw error
      failure ??= error
    }
  }
  if (incomplete) return incomplete
  throw failure
}

/** Whether another strategy may succeed. Strategies other than the plain one may also need unsupported features. */
function isRecoverable(error: unknown, { isPlain }: { readonly isPlain: boolean }): boolean {
  if (!(error instanceof DasllamaError)) return false
  return (
    ['TEMPLATE_FAILED', 'TEMPLATE_REFUSED'].includes(error.code) || (!isPlain && error.code === 'UNSUPPORTED')
  )
}

/** A template that reads content as parts contains the key of their text. */
const READS_PARTS = /['"]text['"]|\.text\b/

function* strategies({ messages, tools }: Conversation, template: Template): Generator<Strategy> {
  const either = (is: boolean) => (is ? [false, true] : [false])
  const hasCalls = messages.some(({ toolCalls }) => toolCalls !== undefined && toolCalls.length > 0)
  const hasTurns = hasCalls || messages.some(({ role }) => role === 'tool')
  for (const turnsInText of either(hasTurns)) {
    for (const toolsInText of either(tools.length > 0)) {
      for (const foldsSystem of either(messages[0]?.role === 'system' || toolsInText)) {
        for (const parts of either(READS_PARTS.test(template.source))) {
          for (const textArguments of either(hasCalls && !turnsInText)) {
            for (const noneForEmpty of hasCalls && !turnsInText ? [true, false] : [false]) {
              yield { turnsInText, toolsInText, foldsSystem, parts, textArguments, noneForEmpty }
            }
          }
        }
      }
    }
  }
}

function renderWith(strategy: Strategy, template: Template, conversation: Conversation, budget: Budget) {
  const { messages, bos, eos, now, opensReply } = conversation
  const variables = new Map<string, Value>()
  for (const [name, value] of Object.entries(conversation.variables)) {
    variables.set(name, toValue(value, VARIABLES, `templateVariables.${name}`))
  }
  let templateMessages: readonly TemplateMessage[] = messages.map((message, i) =>
    toTemplateMessage(message, provenanceOf(i)),
  )
  const wanted = templateMessages.filter(mustAppear).map(({ provenance }) => provenance)
  if (conversation.tools.length > 0) {
    wanted.push(TOOLS)
    const tools = toValue(conversation.tools, TOOLS, 'tools') as List
    if (strategy.toolsInText) templateMessages = toolsAsText(templateMessages, tools, TOOLS)
    else variables.set('tools', tools)
  }
  if (strategy.turnsInText) templateMessages = toolTurnsAsText(templateMessages)
  if (strategy.foldsSystem) templateMessages = foldSystem(templateMessages)
  variables.set('messages', new List(templateMessages.map((message) => messageValue(message, strategy))))
  variables.set('bos_token', Text.of(bos, FROM_TEMPLATE))
  variables.set('eos_token', Text.of(eos, FROM_TEMPLATE))
  variables.set('add_generation_prompt', opensReply)
  // A template that prints a message's content even if there is none expects an empty string.
  const options = { refusesNone: strategy.noneForEmpty }
  return { text: template.render(variables, now, budget, options), wanted }
}

/** A template may drop content of the assistant (as some do with reasoning), but not its calls or anyone else's content. */
function mustAppear({ role, content, calls }: TemplateMessage): boolean {
  if (role === 'assistant') return calls !== undefined && content.length === 0
  return content.text.trim() !== ''
}
