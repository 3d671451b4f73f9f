import { peeked } from '../http/peeked.js'
import { jsonResponse } from '../http/responses.js'
import { completionChoice } from '../reply/completion-choice.js'
import { replyHeader } from '../reply/header.js'
import { usageOf } from '../reply/usage.js'
import { type CompletionRequest, readCompletionRequest } from '../request/completion.js'
import type { Endpoint } from '../router.js'
import { type CompletionPart, Completions, type CompletionToken } from '../service/completions.js'
import type { ServedModel } from '../service/models.js'

export const completions: Endpoint = {
  method: 'POST',
  path: '/v1/completions',
  async answer(call) {
    call.promptField = 'prompt'
    const request = readCompletionRequest(await call.fields(), call.limits)
    const served = await call.model(request.model)
    await call.enter(request.priority)
    const texts = new Completions(served, request, call.signal)
    const answering = { request, served, texts }
    return request.isStream ? call.stream(await peeked(chunks(answering))) : whole(answering)
  },
}

interface Answering {
  readonly request: CompletionRequest
  readonly served: ServedModel
  readonly texts: Completions
}

async function* chunks({ request, served, texts }: Answering): AsyncGenerator<object> {
  const header = replyHeader('text_completion', served.name)
  const more = request.includesUsage ? { usage: null } : {}
  const hasLogprobs = request.logprobs !== undefined
  const offsets: number[] = []
  for await (const part of texts.parts()) {
    const offset = offsets[part.index] ?? 0
    offsets[part.index] = offset + part.text.length
    yield { ...header, choices: [completionChoice(part, served.model, { offset, hasLogprobs })], ...more }
  }
  if (request.includesUsage) yield { ...header, choices: [], usage: usageOf(texts.counts) }
}

async function whole({ request, served, texts }: Answering): Promise<Response> {
  const wholes: (CompletionPart & { readonly tokens: CompletionToken[] })[] = []
  for await (const part of texts.parts()) {
    const before = wholes[part.index] ?? { text: '', tokens: [] }
    before.tokens.push(...part.tokens)
    wholes[part.index] = { ...part, text: before.text + part.text, tokens: before.tokens }
  }
  const options = { offset: 0, hasLogprobs: request.logprobs !== undefined }
  return jsonResponse({
    ...replyHeader('text_completion', served.name),
    choices: wholes.map((part) => completionChoice(part, served.model, options)),
    usage: usageOf(texts.counts),
  })
}
