import { describeValue } from '../../describe.js'
import { DasllamaError } from '../../errors.js'
import {
  choice,
  EMPTY,
  type Grammar,
  type Node,
  optional,
  repeat,
  sequence,
  text,
} from '../../grammar/grammar.js'
import { JSON_RULES, SPACE } from '../../grammar/schema/json-text.js'
import type { CallSyntax } from '../reply/call-syntax.js'
import type { ReplyFormat } from '../reply/format.js'
import { dialectNamed } from '../reply/formats/index.js'
import type { ToolDefinition } from '../tools.js'
import { jsonGrammar } from './json-grammar.js'
import {
  functionaryCall,
  gemmaGrammar,
  harmonyCall,
  harmonyStart,
  kimiK3Call,
  kimiK3Grammar,
  minimaxM3Grammar,
  mistralGrammar,
  pythonGrammar,
} from './other-grammars.js'
import { sectionCall, sectionGrammar } from './section-grammar.js'
import {
  escaped,
  excludedInTags,
  keyedCall,
  keyedGrammar,
  taggedCall,
  taggedGrammar,
} from './tag-grammars.js'
import { type ArgumentStyle, callTool } from './tool-arguments.js'
import { type CallTool, CallWriter, type Controls } from './writer.js'

/** The calls of a format. */
interface FormatGrammar {
  /** A call, or all of a reply's if the format has them together. */
  readonly calls: Node
  /** Whether `calls` may be followed by more of them, and what stands between. */
  readonly between?: Node
  /** What may follow the last call: without it, a model that writes a line break would have to go on with another call. */
  readonly behind?: Node
  /** What precedes the first call in a reply. */
  readonly before?: Node
  /** From an opening marker on, for calls that a model decides to begin. */
  readonly entry: Node
}

/** The grammars of a reply's calls. */
export interface CallGrammars {
  /** Calls and nothing else, at the beginning of a reply or after the reasoning. */
  readonly forced: Grammar
  /** Calls from their opening marker on, up to where content may follow. */
  readonly entry: Grammar
  /** The tools, as dialects write them. */
  readonly tools: readonly CallTool[]
}

const TAG_NAMES = /^[^\s"'<>=/{}()[\]&]+$/

/**
 * The grammars of calls of these tools. `isSingle`: whether a reply has at most one. `onUnenforced` is called with what is wrong with a tool's
 * schema, and its arguments may then be any object; without it, that is thrown.
 */
export function callGrammars(
  format: ReplyFormat,
  tools: readonly ToolDefinition[],
  controls: Controls,
  options: { readonly isSingle: boolean; readonly onUnenforced?: (error: DasllamaError) => void },
): CallGrammars {
  const style = argumentStyle(format)
  for (const { name } of tools) checkName(format, name)
  const made = tools.map((tool, i) => {
    try {
      return callTool(tool, i, style)
    } catch (error) {
      if (!(error instanceof DasllamaError) || !options.onUnenforced || style?.takesJson === false)
        throw error
      options.onUnenforced(error)
      return callTool({ name: tool.name }, i, style)
    }
  })
  const rules = new Map([...JSON_RULES, ...made.flatMap((each) => [...each.rules])])
  const writer = new CallWriter(
    made.map(({ tool }) => tool),
    controls,
    options,
  )
  const { calls, between, before = EMPTY, behind = EMPTY, entry } = formatGrammar(format, writer)
  const all = between ? writer.several(calls, between) : calls
  const line = repeat(text('\n'), 0, 2)
  const isTurn = before === EMPTY
  const forced = sequence([isTurn ? line : EMPTY, before, all, options.isSingle ? EMPTY : behind])
  return {
    forced: { rules: new Map(rules).set('calls', forced), root: 'calls' },
    entry: { rules: rules.set('entry', entry), root: 'entry' },
    tools: writer.tools,
  }
}

/** Names of tools outside of JSON. */
const PLAIN_NAME = /^[^\s"'<>{}()[\]/]{1,128}$/

/** Throws `UNSUPPORTED` for a name that calls of this format cannot have. */
function checkName({ tools }: ReplyFormat, name: string): void {
  const isInJson = tools === 'gigachat-3' || dialectNamed(tools)?.syntax.kind === 'json'
  if (isInJson || (tools === 'functionary' ? /^[\w.-]{1,128}$/ : PLAIN_NAME).test(name)) return
  throw new DasllamaError(
    'UNSUPPORTED',
    `the calls of this model cannot name the tool ${describeValue(name)}`,
    {
      hint: 'use letters, digits, underscores, dots and hyphens',
    },
  )
}

function formatGrammar(format: ReplyFormat, writer: CallWriter): FormatGrammar {
  const { tools } = format
  if (tools === 'harmony') {
    const call = harmonyCall(writer)
    const header = harmonyStart(writer)
    return { calls: sequence([header, call]), between: EMPTY, entry: call }
  }
  if (tools === 'functionary') {
    const call = functionaryCall(writer)
    return { calls: call, between: writer.marked('>>>'), before: optional(writer.marked('>>>')), entry: call }
  }
  if (tools === 'gigachat-3') {
    const header = writer.marked('<|message_sep|>\n\nfunction call<|role_sep|>')
    const call = sequence([header, SPACE, writer.jsonCall(['name', 'arguments'])])
    return { calls: call, between: EMPTY, entry: call }
  }
  if (tools === 'kimi-k3')
    return { calls: kimiK3Grammar(writer), before: text(''), entry: kimiK3Call(writer) }
  const dialect = dialectNamed(tools)!
  const { all, alone } = dialectGrammar(dialect.syntax, writer)
  return {
    calls: all,
    ...(mayRepeat(dialect.syntax) && { between: optional(text('\n')), behind: optional(text('\n')) }),
    ...before(format, writer),
    entry: choice([all, ...(alone ? [alone] : []), ...marked(dialect.syntax, all, writer)]),
  }
}

/** What opens the section of calls. */
function before({ reasoning }: ReplyFormat, writer: CallWriter): Pick<FormatGrammar, 'before'> {
  if (reasoning === 'solar') return { before: optional(writer.marked('<|begin|>assistant')) }
  if (reasoning !== 'atem') return {}
  const recipient = sequence([text(' to='), choice(writer.tools.map(({ name }) => text(name)))])
  return {
    before: sequence([
      optional(writer.marked('<|start|>assistant')),
      recipient,
      writer.marked('<|message|>'),
    ]),
  }
}

function mayRepeat(syntax: CallSyntax): boolean {
  if (syntax.kind === 'json') return syntax.close !== undefined && !syntax.list
  return ['tagged', 'keyed', 'gemma', 'mistral'].includes(syntax.kind)
}

/** Other markers that open the same calls. */
function marked(syntax: CallSyntax, all: Node, writer: CallWriter): Node[] {
  if (syntax.kind !== 'json') return []
  if (syntax.open === '') return [sequence([writer.marked('<|python_tag|>'), all])]
  if (syntax.open === '<|tool_call|>') return [jsonGrammar({ ...syntax, open: '<tool_call>' }, writer)]
  return []
}

/** All calls of a reply, and one without the markers around all, if the dialect has such. */
function dialectGrammar(
  syntax: CallSyntax,
  writer: CallWriter,
): { readonly all: Node; readonly alone?: Node } {
  switch (syntax.kind) {
    case 'json':
      return { all: jsonGrammar(syntax, writer) }
    case 'tagged': {
      const { style, others = [] } = syntax
      const all = choice([style, ...others].map((each) => taggedGrammar(each, writer)))
      return style.outer ? { all, alone: taggedCall(style, writer) } : { all }
    }
    case 'keyed': {
      const all = keyedGrammar(syntax.style, writer)
      return syntax.style.section ? { all, alone: keyedCall(syntax.style, writer) } : { all }
    }
    case 'section':
      return { all: sectionGrammar(syntax.style, writer), alone: sectionCall(syntax.style, writer) }
    case 'python':
      return { all: pythonGrammar(syntax, writer) }
    case 'mistral':
      return { all: mistralGrammar(writer) }
    case 'gemma':
      return { all: gemmaGrammar(writer) }
    case 'minimax-m3':
      return { all: minimaxM3Grammar(writer) }
  }
}

/** How the arguments of a format are written outside of JSON; `undefined` if they are JSON. */
function argumentStyle({ tools }: ReplyFormat): ArgumentStyle | undefined {
  if (tools === 'kimi-k3') {
    return { excluded: ['<\\|(open|close)\\|>'], values: 'text', names: TAG_NAMES, takesJson: true }
  }
  const syntax = dialectNamed(tools)?.syntax
  switch (syntax?.kind) {
    case 'tagged':
      return { excluded: excludedInTags(syntax.style), values: 'text', names: TAG_NAMES, takesJson: true }
    case 'keyed':
      return {
        excluded: [escaped(syntax.style.value.close)],
        values: 'text',
        names: TAG_NAMES,
        takesJson: true,
      }
    case 'python':
      return { excluded: [], values: 'python', names: TAG_NAMES, takesJson: true }
    case 'gemma':
      return { excluded: ['<\\|"\\|>'], values: 'text', names: TAG_NAMES, takesJson: true }
    case 'minimax-m3':
      return { excluded: [']<\\]minimax\\[>\\['], values: 'text', names: TAG_NAMES, takesJson: false }
    default:
      return undefined
  }
}
