import type { ApiError } from '../api-error.js'
import type { Call } from '../call.js'
import { NAMED_EVENTS } from '../http/event-stream.js'
import { peeked } from '../http/peeked.js'
import { jsonResponse } from '../http/responses.js'
import { chatLogprobs } from '../reply/token-logprobs.js'
import type { Endpoint } from '../router.js'
import type { FinishReason } from '../service/generating.js'
import type { ServedModel } from '../service/models.js'
import { Replies, type ReplyPart } from '../service/replies.js'
import type { ItemEvent } from './items.js'
import { Output } from './output.js'
import { type ResponseRequest, readResponseRequest } from './request.js'
import { ResponseObject } from './response.js'

/** A response in OpenAI's API of that name. Nothing is stored: a request has the whole conversation. */
export const createResponse: Endpoint = {
  method: 'POST',
  path: '/v1/responses',
  async answer(call) {
    call.promptField = 'input'
    const request = readResponseRequest(await call.fields(), call.limits)
    const served = await call.model(request.chat.model)
    await call.enter()
    const writing = new Writing(call, served, request)
    if (!request.chat.isStream) return jsonResponse(await writing.whole())
    return call.stream(await peeked(writing.events()), {
      format: NAMED_EVENTS,
      failed: (error) => writing.failed(error),
    })
  },
}

/** A response while it is written. */
class Writing {
  readonly #request: ResponseRequest
  readonly #replies: Replies
  readonly #object: ResponseObject
  readonly #output: Output
  #number = 0

  constructor(call: Call, served: ServedModel, request: ResponseRequest) {
    this.#request = request
    this.#replies = new Replies(served, request.chat, call.signal)
    this.#object = new ResponseObject(served.name, request)
    const hasLogprobs = request.chat.logprobs !== undefined
    this.#output = new Output({
      reasoning: request.reasoning,
      nameOf: (called) => request.functions.nameOf(called),
      logprobs: ({ tokens }) => (hasLogprobs ? chatLogprobs(tokens, served.model).content : []),
    })
  }

  /** Resolves with the whole response, which is that of the last event. */
  async whole(): Promise<unknown> {
    let last: ItemEvent | undefined
    for await (const event of this.events()) last = event
    return last?.response
  }

  /** The events of a stream, which have numbers. */
  async *events(): AsyncGenerator<ItemEvent> {
    let finish: FinishReason = 'stop'
    let hasBegun = false
    for await (const part of this.#parts()) {
      if (!hasBegun) yield* this.#begin()
      hasBegun = true
      for (const event of this.#output.take(part)) yield this.#numbered(event)
      finish = part.finish ?? finish
    }
    // A request without input, which clients send to see whether the server answers.
    if (!hasBegun) yield* this.#begin()
    const status = finish === 'length' ? 'incomplete' : 'completed'
    if (hasBegun) for (const event of this.#output.end(status)) yield this.#numbered(event)
    const { counts } = this.#replies
    const response = this.#object.json({ status, output: this.#output.items, counts })
    yield this.#numbered({ type: `response.${status}`, response })
  }

  /** The last events of a stream that fails: the one that OpenAI's client throws, and the one that others wait for. */
  failed(error: ApiError): readonly ItemEvent[] {
    const { message, code = null, param = null } = error
    const output = this.#output.itemsSoFar
    const response = this.#object.json({ status: 'failed', output, counts: this.#replies.counts, error })
    return [
      this.#numbered({ type: 'error', code, message, param }),
      this.#numbered({ type: 'response.failed', response }),
    ]
  }

  #parts(): AsyncIterable<ReplyPart> {
    const { chat } = this.#request
    if (chat.messages.every(({ role }) => role === 'system')) return nothing()
    return this.#replies.parts()
  }

  *#begin(): Generator<ItemEvent> {
    const response = this.#object.json({ status: 'in_progress', output: [] })
    yield this.#numbered({ type: 'response.created', response })
    yield this.#numbered({ type: 'response.in_progress', response })
  }

  #numbered(event: ItemEvent): ItemEvent {
    return { ...event, sequence_number: this.#number++ }
  }
}

async function* nothing(): AsyncGenerator<never> {}
