import type { Call } from '../call.js'
import { DATA_EVENTS, type EventFormat } from '../http/event-stream.js'
import { peeked } from '../http/peeked.js'
import { jsonResponse } from '../http/responses.js'
import { readInfillRequest } from '../request/infill.js'
import type { Endpoint } from '../router.js'
import { type CompletionPart, Completions } from '../service/completions.js'
import type { ServedModel } from '../service/models.js'

/** What stands in the gap of a text, as in llama.cpp's server, which editors ask. */
export const infill: Endpoint = {
  method: 'POST',
  path: '/infill',
  async answer(call) {
    call.promptField = 'input_prefix'
    const request = readInfillRequest(await call.fields(), call.limits)
    const served = await call.model(request.model)
    await call.enter()
    const parts = written(call, served, new Completions(served, request, call.signal))
    if (request.isStream) return call.stream(await peeked(parts), { format: EVENTS })
    let content = ''
    let last: Part | undefined
    for await (const part of parts) {
      content += part.content
      last = part
    }
    return jsonResponse({ ...last, content })
  },
}

/** As in llama.cpp's own API, nothing follows the last event. */
const EVENTS: EventFormat = { ...DATA_EVENTS, end: '' }

interface Part {
  readonly content: string
  readonly stop: boolean
  readonly [field: string]: unknown
}

async function* written(call: Call, { name }: ServedModel, texts: Completions): AsyncGenerator<Part> {
  const begin = performance.now()
  let first: number | undefined
  for await (const part of texts.parts()) {
    first ??= performance.now()
    call.note(texts.counts)
    const { text, finish } = part
    if (text !== '') yield { index: 0, content: text, stop: false, ...numbers(texts) }
    if (!finish) continue
    const [promptMs, predictedMs] = [first - begin, performance.now() - first]
    yield {
      ...{ index: 0, content: '', stop: true, model: name },
      ...numbers(texts),
      ...{ tokens_cached: texts.counts.cachedTokens, ...ending(part) },
      timings: timings(texts, promptMs, predictedMs),
    }
  }
}

function numbers({ counts }: Completions): object {
  return { tokens_predicted: counts.completionTokens, tokens_evaluated: counts.promptTokens }
}

function ending({ finish, stopText }: CompletionPart): object {
  const type = finish === 'length' ? 'limit' : stopText === undefined ? 'eos' : 'word'
  return { stop_type: type, stopping_word: stopText ?? '', truncated: false }
}

function timings({ counts }: Completions, promptMs: number, predictedMs: number): object {
  const { promptTokens, cachedTokens, completionTokens } = counts
  const perSecond = (tokens: number, ms: number) => (ms > 0 ? (1000 * tokens) / ms : 0)
  const read = promptTokens - cachedTokens
  return {
    ...{ cache_n: cachedTokens, prompt_n: read, prompt_ms: promptMs },
    prompt_per_second: perSecond(read, promptMs),
    ...{ predicted_n: completionTokens, predicted_ms: predictedMs },
    predicted_per_second: perSecond(completionTokens, predictedMs),
  }
}
