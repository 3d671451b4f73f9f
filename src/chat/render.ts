import { DasllamaError } from '../errors.js'
import { type Draft, draftOf, type MessageShape, messageValue } from './drafts.js'
import { foldSystem, toolsAsText, toolTurnsAsText } from './fallbacks.js'
import { Budget } from './jinja/budget.js'
import { toValue } from './jinja/convert.js'
import type { Template } from './jinja/template.js'
import { FROM_TEMPLATE, type Source, Text } from './jinja/text.js'
import { List, type Value } from './jinja/values.js'
import type { ChatMessage } from './message.js'
import type { FunctionTool } from './tools.js'

/** What a template is to be rendered with. */
export interface Conversation {
  readonly messages: readonly ChatMessage[]
  readonly tools: readonly FunctionTool[]
  /** More variables of the template, such as `enable_thinking`. */
  readonly variables: Readonly<Record<string, unknown>>
  readonly bos: string
  readonly eos: string
  readonly now: Date
  /** Whether the template is to open the assistant's turn at the end. */
  readonly opensReply: boolean
}

/** The source of the texts of message `index`. */
export function sourceOf(index: number): Source {
  return index + 1
}

const TOOLS: Source = -1
const VARIABLES: Source = -2

/** Ways to hand a conversation to a template, the first one as it is. */
interface Way extends MessageShape {
  readonly folds: boolean
  readonly toolsInText: boolean
  readonly turnsInText: boolean
}

/**
 * Renders a conversation. Templates differ in what they expect (see `Way`) and some lack a part of it: the first way in
 * which the template fails at nothing and drops nothing is taken. Throws what the plain way throws where none does.
 */
export function renderConversation(template: Template, conversation: Conversation): Text {
  let failure: unknown
  let incomplete: Text | undefined
  const budget = new Budget()
  for (const way of ways(conversation, template)) {
    try {
      const { text, wanted } = renderIn(way, template, conversation, budget)
      const found = new Set(text.runs.map(({ source }) => source))
      if (wanted.every((source) => found.has(source))) return text
      incomplete ??= text
    } catch (error) {
      if (!mayPass(error, { isPlain: failure === undefined && incomplete === undefined })) throw error
      failure ??= error
    }
  }
  if (incomplete) return incomplete
  throw failure
}

/** Whether another way may help. One that is not plain may also ask for what the plain one does without. */
function mayPass(error: unknown, { isPlain }: { readonly isPlain: boolean }): boolean {
  if (!(error instanceof DasllamaError)) return false
  return (
    ['TEMPLATE_FAILED', 'TEMPLATE_REFUSED'].includes(error.code) || (!isPlain && error.code === 'UNSUPPORTED')
  )
}

/** A template that reads content in parts names the key of their text. */
const READS_PARTS = /['"]text['"]|\.text\b/

function* ways({ messages, tools }: Conversation, template: Template): Generator<Way> {
  const either = (is: boolean) => (is ? [false, true] : [false])
  const hasCalls = messages.some(({ toolCalls }) => toolCalls !== undefined && toolCalls.length > 0)
  const hasTurns = hasCalls || messages.some(({ role }) => role === 'tool')
  for (const turnsInText of either(hasTurns)) {
    for (const toolsInText of either(tools.length > 0)) {
      for (const folds of either(messages[0]?.role === 'system' || toolsInText)) {
        for (const parts of either(READS_PARTS.test(template.source))) {
          for (const textArguments of either(hasCalls && !turnsInText)) {
            for (const noneForEmpty of hasCalls && !turnsInText ? [true, false] : [false]) {
              yield { turnsInText, toolsInText, folds, parts, textArguments, noneForEmpty }
            }
          }
        }
      }
    }
  }
}

function renderIn(way: Way, template: Template, conversation: Conversation, budget: Budget) {
  const { messages, bos, eos, now, opensReply } = conversation
  const variables = new Map<string, Value>()
  for (const [name, value] of Object.entries(conversation.variables)) {
    variables.set(name, toValue(value, VARIABLES, `templateVariables.${name}`))
  }
  let drafts: readonly Draft[] = messages.map((message, i) => draftOf(message, sourceOf(i)))
  const wanted = drafts.filter(isToAppear).map(({ source }) => source)
  if (conversation.tools.length > 0) {
    wanted.push(TOOLS)
    const tools = toValue(conversation.tools, TOOLS, 'tools') as List
    if (way.toolsInText) drafts = toolsAsText(drafts, tools, TOOLS)
    else variables.set('tools', tools)
  }
  if (way.turnsInText) drafts = toolTurnsAsText(drafts)
  if (way.folds) drafts = foldSystem(drafts)
  variables.set('messages', new List(drafts.map((draft) => messageValue(draft, way))))
  variables.set('bos_token', Text.of(bos, FROM_TEMPLATE))
  variables.set('eos_token', Text.of(eos, FROM_TEMPLATE))
  variables.set('add_generation_prompt', opensReply)
  // A template that prints the content of a message without content wants an empty text there.
  const options = { refusesNone: way.noneForEmpty }
  return { text: template.render(variables, now, budget, options), wanted }
}

/** Assistants' words may be dropped (reasoning is), but not their calls, nor what anyone else says. */
function isToAppear({ role, content, calls }: Draft): boolean {
  if (role === 'assistant') return calls !== undefined && content.length === 0
  return content.text.trim() !== ''
}
