import type { ReplyPart } from './replies.js'

/** The parts of a reply up to its first call: for requests that accept no second one. */
export async function* singleCall(parts: AsyncIterable<ReplyPart>): AsyncGenerator<ReplyPart> {
  for await (const part of parts) {
    const end = part.calls.findIndex(({ isLast }) => isLast)
    if (end < 0) {
      yield part
      continue
    }
    yield { ...part, calls: part.calls.slice(0, end + 1), finish: part.finish ?? 'tool_calls' }
    // Leaving the loop ends the generation.
    return
  }
}
