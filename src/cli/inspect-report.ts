import { byteSize } from '../describe.js'
import {
  ADDRESSABLE_BYTES,
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
  /** What would run instead. */
  readonly instead?: string
  /** Bytes needed by the model and a session with the context. */
  readonly neededBytes: number | undefined
  /** Available bytes, at most those that WebAssembly can address. */
  readonly availableBytes: number
}

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
export function fitness(summary: ModelSummary, available: number | undefined): Fitness {
  const { problems, memory } = summary
  const availableBytes = Math.min(available ?? ADDRESSABLE_BYTES, ADDRESSABLE_BYTES)
  const neededBytes = memory && memory.modelBytes + memory.sessionBytes
  const reason = reasonAgainst()
  const instead =
    reason === undefined || problems.length > 0 ? undefined : alternative(summary, availableBytes)
  return { runs: reason === undefined, reason, instead, neededBytes, availableBytes }

  function reasonAgainst(): string | undefined {
    if (problems.length > 0) return problems[0].message
    if (memory === undefined || neededBytes === undefined || neededBytes <= availableBytes) return undefined
    const limit =
      availableBytes === ADDRESSABLE_BYTES
        ? `at most ${byteSize(ADDRESSABLE_BYTES)} are possible`
        : `${byteSize(availableBytes)} are available`
    return `it needs ${byteSize(neededBytes)} with a context of ${memory.contextLength} tokens, but ${limit}`
  }
}

/** Bits per weight of the file types of `dasllama quantize`, about, from large to small. */
const FILE_TYPES = [
  ['Q8_0', 8.5],
  ['Q6_K', 6.6],
  ['Q5_K_M', 5.7],
  ['Q4_K_M', 4.9],
  ['IQ4_XS', 4.3],
] as const

/** The smallest context that is worth a suggestion. */
const SMALL_CONTEXT = 512

/** A smaller context or file type with which the model fits. */
function alternative({ memory, parameters, tensorBytes }: ModelSummary, available: number): string {
  const { modelBytes, longestContext, sessionBytes, contextLength } = memory!
  if (longestContext >= Math.min(SMALL_CONTEXT, contextLength / 2)) {
    return `--context ${longestContext} fits`
  }
  const session = (sessionBytes * SMALL_CONTEXT) / Math.max(SMALL_CONTEXT, contextLength)
  for (const [type, bits] of FILE_TYPES) {
    const bytes = (parameters * bits) / 8
    const needed = modelBytes - tensorBytes + bytes + session
    if (bytes < tensorBytes && needed <= available) {
      return `as ${type} it would take about ${byteSize(needed)}: dasllama quantize`
    }
  }
  return 'a smaller model'
}
