import type { Calls } from './call.js'
import type { ReplyPart } from './events.js'
import { MAX_CALL_LENGTH } from './limits.js'

/** A piece of thoughts: text, or the name of a control token. */
export type ThoughtPiece = string | { readonly control: string }

/** Thoughts that may hold calls, kept until it is known whether they end. */
export class ThoughtCalls {
  readonly pieces: ThoughtPiece[] = []
  #length = 0

  /** Longer thoughts are thoughts. */
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
 * What was read of thoughts, with nothing in it but whole calls, their framing, and all else as `content`. The calls get
 * their places among those of `calls`. Nothing where no call is whole.
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
      whole.push({ type: 'tool-call-start', index, name })
      whole.push({ type: 'tool-call-delta', index, argumentsText: JSON.stringify(args) })
      whole.push({ ...part, index, call: { ...part.call, id } })
    } else if (part.type === 'framing') whole.push(part)
    else if (part.type === 'content' || part.type === 'malformed-tool-call') {
      whole.push({ type: 'content', text: part.text })
    }
  }
  return found > 0 ? whole : undefined
}
