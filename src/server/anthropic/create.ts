import type { Call } from '../call.js'
import { NAMED_EVENTS } from '../http/event-stream.js'
import { peeked } from '../http/peeked.js'
import { jsonResponse } from '../http/responses.js'
import type { Endpoint } from '../router.js'
import type { ServedModel } from '../service/models.js'
import { Replies } from '../service/replies.js'
import { Blocks, type MessageEvent } from './blocks.js'
import { anthropicError } from './error.js'
import { type MessageRequest, readMessageRequest } from './request.js'
import { deltaUsage, type Stop, stopOf, usage } from './stop.js'

/** A message in Anthropic's API. */
export const createMessage: Endpoint = {
  method: 'POST',
  path: '/v1/messages',
  errorBody: (error, call) => anthropicError(error, call.id),
  async answer(call) {
    call.promptField = 'messages'
    const request = readMessageRequest(await call.fields(), call.limits)
    const served = await call.model(request.chat.model)
    await call.enter()
    const writing = new Writing(call, served, request)
    if (!request.chat.isStream) return jsonResponse(await writing.whole())
    return call.stream(await peeked(writing.events()), { format: NAMED_EVENTS })
  },
}

/** A message while it is written. */
class Writing {
  readonly #replies: Replies
  readonly #blocks: Blocks
  readonly #header: object
  #stop: Stop = { stop_reason: null, stop_sequence: null }

  constructor(call: Call, served: ServedModel, request: MessageRequest) {
    this.#replies = new Replies(served, request.chat, call.signal)
    this.#blocks = new Blocks(request)
    this.#header = {
      id: `msg_${crypto.randomUUID().replaceAll('-', '')}`,
      type: 'message',
      role: 'assistant',
      model: served.name,
    }
  }

  /** Resolves with the whole message. */
  async whole(): Promise<object> {
    for await (const _ of this.events());
    return this.#message()
  }

  /** The events of a stream. */
  async *events(): AsyncGenerator<MessageEvent> {
    let hasBegun = false
    for await (const part of this.#replies.parts()) {
      if (!hasBegun) {
        yield { type: 'message_start', message: this.#message() }
        yield { type: 'ping' }
      }
      hasBegun = true
      yield* this.#blocks.take(part)
      this.#stop = stopOf(part) ?? this.#stop
    }
    yield* this.#blocks.end()
    const delta = { ...this.#stop, stop_details: null, container: null }
    yield { type: 'message_delta', delta, usage: deltaUsage(this.#replies.counts) }
    yield { type: 'message_stop' }
  }

  #message(): object {
    return {
      ...this.#header,
      content: [...this.#blocks.content],
      ...this.#stop,
      stop_details: null,
      container: null,
      diagnostics: null,
      usage: usage(this.#replies.counts),
    }
  }
}
