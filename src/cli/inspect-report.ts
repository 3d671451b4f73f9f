import { byteSize } from '../describe.js'
import {
  defaultTemplate,
  type ModelSummary,
  type ReplyFormat,
  replyFormatOf,
  templateFamily,
} from '../index.js'

/** The chat properties of a model. */
export interface ChatSummary extends Pick<ReplyFormat, 'reasoning' | 'tools' | 'thinkingVariables'> {
  /** The name of the chat template that is used. */
  readonly template: string
  /** The template's family; absent for one with other markers. */
  readonly family: string | undefined
}

/** Whether a file can run here. */
export interface Fitness {
  readonly runs: boolean
  /** Why it cannot. */
  readonly reason?: string
  /** Bytes needed by the model and a session with its default context. */
  readonly neededBytes: number | undefined
  /** Available bytes, at most those that WebAssembly can address. */
  readonly availableBytes: number
}

/** The bytes that 32-bit WebAssembly can address. */
const ADDRESSABLE = 2 ** 32

export function chatSummary({ chatTemplates, tokenizer }: ModelSummary): ChatSummary | undefined {
  const chosen = defaultTemplate(chatTemplates, tokenizer ?? { specialTokens: [] })
  if (!chosen) return undefined
  const { reasoning, tools, thinkingVariables } = replyFormatOf(chosen.source, tokenizer)
  return {
    template: chosen.name,
    family: templateFamily(chosen.source) ?? (chatTemplates.has(chosen.name) ? undefined : chosen.name),
    reasoning,
    tools,
    thinkingVariables,
  }
}

/** `available`: the machine's available memory in bytes; `undefined` if unknown. */
export function fitness({ problems, memory }: ModelSummary, available: number | undefined): Fitness {
  const availableBytes = Math.min(available ?? ADDRESSABLE, ADDRESSABLE)
  const neededBytes = memory && memory.modelBytes + memory.sessionBytes
  const reason = reasonAgainst()
  return { runs: reason === undefined, reason, neededBytes, availableBytes }

  function reasonAgainst(): string | undefined {
    if (problems.length > 0) return problems[0].message
    if (memory === undefined || neededBytes === undefined || neededBytes <= availableBytes) return undefined
    const limit =
      availableBytes === ADDRESSABLE
        ? `at most ${byteSize(ADDRESSABLE)} are possible`
        : `${byteSize(availableBytes)} are available`
    const saves = memory.modelBytes < availableBytes ? '; a smaller --context needs less' : ''
    return `it needs ${byteSize(neededBytes)} with a context of ${memory.contextLength} tokens, but ${limit}${saves}`
  }
}
