import { isRecord } from '../checks.js'
import { describeValue } from '../describe.js'
import type { ChatMessage, FunctionTool, SamplingParams } from '../index.js'
import { isArray } from '../read-list.js'
import { type LanguageModelMessage, readPrompt } from './messages.js'

/** Something that a session reads or writes. */
export interface LanguageModelExpected {
  /** `text`; sessions with tools may also name `tool-call` and `tool-response`. */
  readonly type: 'text' | 'image' | 'audio' | 'tool-call' | 'tool-response'
  /** Language tags. They change nothing. */
  readonly languages?: readonly string[]
}

/** A tool that is executed here when the model calls it. */
export interface LanguageModelTool {
  /** The name. */
  readonly name: string
  /** A description for the model. */
  readonly description: string
  /** A JSON schema of the argument. */
  readonly inputSchema: object
  /** Called with the arguments as an object; a result that is not a string becomes JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: functions say themselves what they take.
  readonly execute: (...args: any[]) => unknown
}

/** How varied replies are. `default` is as the model recommends. */
export type LanguageModelSamplingMode = keyof typeof MODES | 'default'

/** Options of `availability` and `create`. */
export interface LanguageModelCreateCoreOptions {
  /** Only the most likely tokens. Default: as the model recommends. */
  readonly topK?: number
  /** 0 is greedy. Default: as the model recommends. */
  readonly temperature?: number
  /** Instead of these two. */
  readonly samplingMode?: LanguageModelSamplingMode
  /** What prompts contain. */
  readonly expectedInputs?: readonly LanguageModelExpected[]
  /** What replies contain. */
  readonly expectedOutputs?: readonly LanguageModelExpected[]
  /** Tools that the model may call. */
  readonly tools?: readonly LanguageModelTool[]
}

/** Options of `create`. */
export interface LanguageModelCreateOptions extends LanguageModelCreateCoreOptions {
  /** Ends the creation and, later, the session. */
  readonly signal?: AbortSignal
  /** Called with an object that has the event `downloadprogress`, with `loaded` from 0 to 1. */
  readonly monitor?: (monitor: EventTarget) => void
  /** The beginning of the conversation, which is never dropped. */
  readonly initialPrompts?: readonly LanguageModelMessage[]
}

/** Checked options of a session. */
export interface SessionSettings {
  readonly sampling: SamplingParams
  readonly samplingMode: Exclude<LanguageModelSamplingMode, 'default'>
  readonly tools: readonly LanguageModelTool[]
  readonly initial: readonly ChatMessage[]
}

const MODES = {
  'most-predictable': { temp: 0 },
  predictable: { temp: 0.3 },
  balanced: {},
  creative: { temp: 1.1 },
  'most-creative': { temp: 1.4 },
} as const satisfies Readonly<Record<string, SamplingParams>>

/** Whether a model reads and writes all of it. Throws `TypeError`. */
export function isSupported(options: LanguageModelCreateCoreOptions): boolean {
  const { expectedInputs = [], expectedOutputs = [] } = options
  for (const [name, expected] of Object.entries({ expectedInputs, expectedOutputs })) {
    if (!isArray(expected)) throw new TypeError(`${name} must be an array, not ${describeValue(expected)}`)
  }
  const known = ['text', 'tool-call', 'tool-response']
  return [...expectedInputs, ...expectedOutputs].every(({ type }) => known.includes(type))
}

/** Throws `TypeError`, and what `readPrompt` throws. */
export function readSettings(options: LanguageModelCreateOptions): SessionSettings {
  const { topK, temperature, samplingMode = 'default', tools = [], initialPrompts = [] } = options
  const mode = samplingMode === 'default' ? 'balanced' : samplingMode
  if (!Object.hasOwn(MODES, mode)) {
    throw new TypeError(`samplingMode must be one of ${Object.keys(MODES).join(', ')}`)
  }
  const isRaw = topK !== undefined || temperature !== undefined
  if (isRaw && samplingMode !== 'default') {
    throw new TypeError('samplingMode and topK or temperature contradict each other')
  }
  for (const [name, value] of Object.entries({ topK, temperature })) {
    if (value !== undefined && !(typeof value === 'number' && value >= 0)) {
      throw new RangeError(`${name} must be a number that is not negative, not ${describeValue(value)}`)
    }
  }
  if (!isArray(tools)) throw new TypeError(`tools must be an array, not ${describeValue(tools)}`)
  return {
    sampling: {
      ...MODES[mode],
      ...(topK !== undefined && { topK: Math.min(Math.trunc(topK), 2 ** 24) }),
      ...(temperature !== undefined && { temp: temperature }),
    },
    samplingMode: mode,
    tools: tools.map(checkTool),
    initial: initialPrompts.length === 0 ? [] : readPrompt(initialPrompts, { mayHaveSystem: true }),
  }
}

function checkTool(tool: LanguageModelTool, index: number): LanguageModelTool {
  if (isRecord(tool) && typeof tool.execute === 'function') return tool
  throw new TypeError(`tools[${index}] must be { name, description, inputSchema, execute }`)
}

/** The tools in the form of chats, which check them. */
export function functionTools(tools: readonly LanguageModelTool[]): FunctionTool[] {
  return tools.map(({ name, description, inputSchema }) => ({
    type: 'function',
    function: { name, description, parameters: inputSchema as Record<string, unknown> },
  }))
}
