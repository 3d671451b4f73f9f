import { Budget } from './jinja/budget.js'
import { toJson } from './jinja/json.js'
import { type Provenance, Text } from './jinja/text.js'
import type { List } from './jinja/values.js'
import type { TemplateMessage } from './template-message.js'

/** Fallbacks for templates without support for system messages, tools or tool results: these are included as plain text. */

/** Prepends the system message to the first message of the user. */
export function foldSystem(messages: readonly TemplateMessage[]): readonly TemplateMessage[] {
  const [first, ...rest] = messages
  const at = rest.findIndex(({ role }) => role === 'user')
  if (first?.role !== 'system' || at < 0) return messages
  const lead = Text.join([first.content, Text.of('\n\n', first.provenance)])
  return rest.map((message, i) =>
    i === at ? { ...message, content: Text.join([lead, message.content]) } : message,
  )
}

/** Appends the tool definitions to the system message. */
export function toolsAsText(
  messages: readonly TemplateMessage[],
  tools: List,
  provenance: Provenance,
): readonly TemplateMessage[] {
  const own = (text: string) => Text.of(text, provenance)
  const lines = tools.items.map((tool) => Text.join([toJson(tool, {}, new Budget()), own('\n')]))
  const instructions = Text.join([
    own('You may call tools to help the user. These are the tools:\n<tools>\n'),
    ...lines,
    own(
      '</tools>\nTo call one, answer with its name and its arguments as JSON, like this:\n<tool_call>\n{"name": "tool", "arguments": {}}\n</tool_call>\nIts result then comes in <tool_response></tool_response>.',
    ),
  ])
  const [first, ...rest] = messages
  if (first?.role !== 'system') return [{ role: 'system', content: instructions, provenance }, ...messages]
  return [{ ...first, content: Text.join([first.content, own('\n\n'), instructions]) }, ...rest]
}

/** Turns calls into content of the assistant, and results into messages of the user. */
export function toolTurnsAsText(messages: readonly TemplateMessage[]): readonly TemplateMessage[] {
  const results: TemplateMessage[] = []
  const turned: TemplateMessage[] = []
  const flush = () => {
    if (results.length === 0) return
    // One message, because most templates require user and assistant to alternate.
    const content = Text.join(
      results.flatMap(({ content, provenance }, i) => [
        Text.of(`${i > 0 ? '\n' : ''}<tool_response>\n`, provenance),
        content,
        Text.of('\n</tool_response>', provenance),
      ]),
    )
    turned.push({ role: 'user', content, provenance: results[0].provenance })
    results.length = 0
  }
  for (const message of messages) {
    if (message.role === 'tool') {
      results.push(message)
      continue
    }
    flush()
    const { calls, ...rest } = message
    turned.push(calls ? { ...rest, content: callsAsText(message) } : message)
  }
  flush()
  return turned
}

function callsAsText({ content, calls = [], provenance }: TemplateMessage): Text {
  const own = (text: string) => Text.of(text, provenance)
  return Text.join([
    content,
    ...calls.flatMap(({ name, argsText }, i) => [
      own(`${content.length > 0 || i > 0 ? '\n' : ''}<tool_call>\n{"name": "`),
      own(JSON.stringify(name.text).slice(1, -1)),
      own('", "arguments": '),
      argsText,
      own('}\n</tool_call>'),
    ]),
  ])
}
