import type { Draft } from './drafts.js'
import { Budget } from './jinja/budget.js'
import { toJson } from './jinja/json.js'
import { type Source, Text } from './jinja/text.js'
import type { List } from './jinja/values.js'

/** Templates that know no system message, no tools or no results of tools still get what is in them, as plain words. */

/** The system message moves into the first message of the user. */
export function foldSystem(drafts: readonly Draft[]): readonly Draft[] {
  const [first, ...rest] = drafts
  const at = rest.findIndex(({ role }) => role === 'user')
  if (first?.role !== 'system' || at < 0) return drafts
  const lead = Text.join([first.content, Text.of('\n\n', first.source)])
  return rest.map((draft, i) => (i === at ? { ...draft, content: Text.join([lead, draft.content]) } : draft))
}

/** The definitions of the tools become part of the system message. */
export function toolsAsText(drafts: readonly Draft[], tools: List, source: Source): readonly Draft[] {
  const own = (text: string) => Text.of(text, source)
  const lines = tools.items.map((tool) => Text.join([toJson(tool, {}, new Budget()), own('\n')]))
  const words = Text.join([
    own('You may call tools to help the user. These are the tools:\n<tools>\n'),
    ...lines,
    own(
      '</tools>\nTo call one, answer with its name and its arguments as JSON, like this:\n<tool_call>\n{"name": "tool", "arguments": {}}\n</tool_call>\nIts result then comes in <tool_response></tool_response>.',
    ),
  ])
  const [first, ...rest] = drafts
  if (first?.role !== 'system') return [{ role: 'system', content: words, source }, ...drafts]
  return [{ ...first, content: Text.join([first.content, own('\n\n'), words]) }, ...rest]
}

/** Calls become part of what the assistant says, results become messages of the user. */
export function toolTurnsAsText(drafts: readonly Draft[]): readonly Draft[] {
  const results: Draft[] = []
  const turned: Draft[] = []
  const flush = () => {
    if (results.length === 0) return
    // One message, for most templates want user and assistant to take turns.
    const content = Text.join(
      results.flatMap(({ content, source }, i) => [
        Text.of(`${i > 0 ? '\n' : ''}<tool_response>\n`, source),
        content,
        Text.of('\n</tool_response>', source),
      ]),
    )
    turned.push({ role: 'user', content, source: results[0].source })
    results.length = 0
  }
  for (const draft of drafts) {
    if (draft.role === 'tool') {
      results.push(draft)
      continue
    }
    flush()
    const { calls, ...rest } = draft
    turned.push(calls ? { ...rest, content: callsAsText(draft) } : draft)
  }
  flush()
  return turned
}

function callsAsText({ content, calls = [], source }: Draft): Text {
  const own = (text: string) => Text.of(text, source)
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
