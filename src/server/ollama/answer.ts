import type { Call } from '../call.js'
import { LINES } from '../http/event-stream.js'
import { peeked } from '../http/peeked.js'
import { jsonResponse } from '../http/responses.js'
import { now } from './endpoint.js'
import { isEmpty, NOTHING, type Piece, WholePiece, type WrittenPiece } from './pieces.js'
import type { OllamaWriting } from './read-writing.js'

/** How an endpoint answers. */
interface Answer {
  readonly call: Call
  readonly request: OllamaWriting
  readonly pieces: AsyncGenerator<WrittenPiece>
  /** A piece in the words of the endpoint. */
  readonly describe: (piece: Piece) => object
  /** What the last object says, given the whole reply. */
  readonly ending: (whole: Piece) => object
}

/** Sends a reply whole, or as a stream of objects, each with a piece of it. */
export async function answer(answer: Answer): Promise<Response> {
  const { call, request } = answer
  if (request.isStream) return call.stream(await peeked(objects(answer)), { format: LINES })
  const whole = new WholePiece()
  let reason: string | undefined
  for await (const piece of answer.pieces) {
    whole.add(piece)
    reason = piece.done_reason
  }
  return jsonResponse(lastObject(answer, whole, whole, reason))
}

async function* objects(answer: Answer): AsyncGenerator<object> {
  const whole = new WholePiece()
  for await (const piece of answer.pieces) {
    // Log-probabilities that have been sent are not kept.
    whole.add({ ...piece, logprobs: [] })
    if (!isEmpty(piece)) yield { ...object(answer, piece), done: false }
    if (piece.done_reason) yield lastObject(answer, NOTHING, whole, piece.done_reason)
  }
}

function object({ request: { model, logprobs }, describe }: Answer, piece: Piece): object {
  return {
    model,
    created_at: now(),
    ...describe(piece),
    ...(logprobs !== undefined && piece.logprobs.length > 0 && { logprobs: piece.logprobs }),
  }
}

function lastObject(answer: Answer, piece: Piece, whole: Piece, reason: string | undefined): object {
  return { ...object(answer, piece), done: true, done_reason: reason, ...answer.ending(whole) }
}
