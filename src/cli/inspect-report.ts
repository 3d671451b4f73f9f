import { byteSize } from '../describe.js'
import {
  defaultTemplate,
  type ModelSummary,
  type ReplyFormat,
  replyFormatOf,
  templateFamily,
} from '../index.js'

/** How a chat with a model would be held. */
export interface ChatSummary extends Pick<ReplyFormat, 'reasoning' | 'tools' | 'thinkingVariables'> {
  /** The name of the template that a chat takes. */
  readonly template: string
  /** The family that it is of; absent for one with markers of its own. */
  readonly family: string | undefined
}

/** Whether a file runs here. */
export interface Fitness {
  readonly runs: boolean
  /** Why it does not. */
  readonly reason?: string
  /** Bytes that the model and a session of its default context take. */
  readonly neededBytes: number | undefined
  /** Bytes that there are for it, at most those that WebAssembly can address. */
  readonly availableBytes: number
}

/** What WebAssembly can address with 32 bits. */
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

/** `available`: bytes of memory that the machine has to spare; `undefined` where that is not known. */
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
        ? `more than ${byteSize(ADDRESSABLE)} are never possible`
        : `${byteSize(availableBytes)} are available`
    const saves = memory.modelBytes < availableBytes ? '; a smaller --context needs less' : ''
    return `it needs ${byteSize(neededBytes)} with a context of ${memory.contextLength} tokens, and ${limit}${saves}`
  }
}
