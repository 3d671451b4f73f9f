import { embed as embedTexts } from '../../index.js'
import type { Call } from '../call.js'
import { jsonResponse } from '../http/responses.js'
import type { Fields } from '../request/fields.js'
import { embedding } from '../service/embedding.js'
import { modelNamed, ollamaEndpoint, readModel, readUnload } from './endpoint.js'
import { Stopwatch } from './stopwatch.js'

const MAX_INPUTS = 2048

/** Vectors of texts, scaled to the length 1. */
export const embed = ollamaEndpoint({
  method: 'POST',
  path: '/api/embed',
  async answer(call) {
    call.promptField = 'input'
    const watch = new Stopwatch()
    const fields = await call.fields()
    readUnload(fields)
    const name = readModel(fields)
    const texts = readInput(fields)
    const dimensions = fields.number('dimensions', { whole: true, min: 0 }) || undefined
    const truncate = fields.boolean('truncate') ?? true
    const { vectors, tokens } = await vectorsOf(call, { name, texts, dimensions, truncate, watch })
    return jsonResponse({
      model: name,
      embeddings: vectors,
      ...watch.loading(),
      prompt_eval_count: tokens,
    })
  },
})

/** The endpoint of older clients: one text. */
export const embeddings = ollamaEndpoint({
  method: 'POST',
  path: '/api/embeddings',
  async answer(call) {
    call.promptField = 'prompt'
    const fields = await call.fields()
    readUnload(fields)
    const name = readModel(fields)
    const prompt = fields.string('prompt') ?? ''
    const texts = prompt === '' ? [] : [prompt]
    const { vectors } = await vectorsOf(call, { name, texts, truncate: true, watch: new Stopwatch() })
    return jsonResponse({ embedding: vectors[0] ?? [] })
  },
})

function readInput(fields: Fields): readonly string[] {
  const given = fields.any('input') ?? []
  if (typeof given === 'string') return given === '' ? [] : [given]
  const texts = fields.array('input') ?? []
  if (texts.length > MAX_INPUTS) {
    throw fields.invalid('input', `has ${texts.length} entries; ${MAX_INPUTS} are accepted`)
  }
  return texts.map((text, i) => {
    if (typeof text === 'string' && text !== '') return text
    throw fields.invalid('input', `[${i}] must be a string that is not empty`, 'invalid_type')
  })
}

interface Wanted {
  readonly name: string
  readonly texts: readonly string[]
  readonly dimensions?: number | undefined
  readonly truncate: boolean
  readonly watch: Stopwatch
}

/** The vectors, and how many tokens were read for them. Without texts, the model is loaded. */
async function vectorsOf(
  call: Call,
  { name, texts, dimensions, truncate, watch }: Wanted,
): Promise<{ readonly vectors: readonly number[][]; readonly tokens: number }> {
  const served = await modelNamed(call, name)
  const { model } = served
  watch.loaded()
  if (texts.length === 0) return { vectors: [], tokens: 0 }
  await call.enter()
  const options = { truncate: truncate ? 'end' : 'error', signal: call.signal } as const
  const most = model.config.embeddingLength
  const lengths = texts.map((text) => Math.min(model.encode(text).length, model.contextLength))
  const longest = lengths.reduce((a, b) => Math.max(a, b))
  const vectors = await embedding(served, longest, call.signal, () =>
    embedTexts(model, texts, {
      ...options,
      ...(dimensions !== undefined && { dimensions: Math.min(dimensions, most) }),
    }),
  )
  const tokens = lengths.reduce((sum, length) => sum + length, 0)
  call.note({ promptTokens: tokens })
  return { vectors: vectors.map((vector) => Array.from(vector)), tokens }
}
