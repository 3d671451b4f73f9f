import type { Calls } from './call.js'
import type { ReplyPart } from './events.js'
import { MAX_CALL_LENGTH } from './limits.js'

/** A piece of the reasoning: text, or the name of a control token. */
export type ThoughtPiece = string | { readonly control: string }

/** Reasoning that may contain calls, buffered until it is known whether the reasoning ends. */
export class ThoughtCalls {
  readonly pieces: ThoughtPiece[] = []
  #length = 0

  /** Beyond this length it counts as reasoning. */
  get isTooLong(): boolean {
    return this.#length > MAX_CALL_LENGTH
  }

  get text(): string {
    return this.pieces.map((piece) => (typeof piece === 'string' ? piece : piece.control)).join('')
  }

  add(piece: ThoughtPiece): void {
    this.pieces.push(piece)
    this.#length += typeof piece === 'string' ? piece.length : piece.control.length
  }
}

/**
 * The parts of reasoning that was parsed as content: complete calls, framing, and everything else as `content`. The calls get
 * indexes from `calls`. Returns `undefined` if no call is complete.
 */
export function wholeCalls(
  parts: readonly ReplyPart[],
  calls: Calls,
):
  | (ReplyPart & { type: 'content' | 'framing' | 'tool-call-start' | 'tool-call-delta' | 'tool-call' })[]
  | undefined {
  const whole: ReturnType<typeof wholeCalls> & object = []
  let found = 0
  for (const part of parts) {
    if (part.type === 'tool-call') {
      const index = calls.take()
      const { name, arguments: args, raw } = part.call
      if (index === undefined) {
        whole.push({ type: 'content', text: raw })
        continue
      }
      found++
      const id = part.call.id === calls.idOf(part.index) ? calls.idOf(index) : part.call.id
      whole.push({ type: 'tool-call-start', index, id, name })
      whole.push({ type: 'tool-call-delta', index, argumentsText: JSON.stringify(args) })
      whole.push({ ...part, index, call: { ...part.call, id } })
    } else if (part.type === 'framing') whole.push(part)
    else if (part.type === 'content' || part.type === 'malformed-tool-call') {
      whole.push({ type: 'content', text: part.text })
    }
  }
  return found > 0 ? whole : undefined
}
