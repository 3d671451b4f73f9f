import { embed } from '../../index.js'
import { invalidField } from '../api-error.js'
import { jsonResponse } from '../http/responses.js'
import { readTexts } from '../request/completion.js'
import type { Endpoint } from '../router.js'
import { embedding, longestOf } from '../service/embedding.js'

/** OpenAI's limit. */
const MAX_INPUTS = 2048

export const embeddings: Endpoint = {
  method: 'POST',
  path: '/v1/embeddings',
  async answer(call) {
    call.promptField = 'input'
    const fields = await call.fields()
    fields.ignore(['user'])
    const name = fields.string('model')
    const inputs = readTexts(fields, 'input', MAX_INPUTS)
    const encoding = fields.oneOf('encoding_format', ['float', 'base64']) ?? 'float'
    const dimensions = fields.number('dimensions', { whole: true, min: 1 })
    fields.end({ ignoreUnknown: call.limits.ignoreUnknownFields })
    const served = await call.model(name)
    const { model } = served
    const { embeddingLength } = model.config
    if (dimensions !== undefined && dimensions > embeddingLength) {
      throw fields.invalid('dimensions', `must be at most ${embeddingLength}, which is what the model has`)
    }
    const texts = inputs.map((input, i) => {
      if (input.length === 0)
        throw invalidField(`input[${i}]`, `input[${i}] is empty: there is nothing to embed`)
      return typeof input === 'string' ? model.encode(input) : input
    })
    await call.enter()
    const { signal } = call
    const vectors = await embedding(served, longestOf(texts), signal, () =>
      embed(model, texts, { dimensions, signal }),
    )
    const promptTokens = texts.reduce((sum, { length }) => sum + length, 0)
    call.note({ promptTokens })
    return jsonResponse({
      object: 'list',
      model: served.name,
      data: vectors.map((vector, index) => ({
        object: 'embedding',
        index,
        embedding: encoding === 'base64' ? base64(vector) : Array.from(vector),
      })),
      usage: { prompt_tokens: promptTokens, total_tokens: promptTokens },
    })
  },
}

/** The values as little-endian f32 in base64. */
function base64(vector: Float32Array): string {
  const view = new DataView(new ArrayBuffer(4 * vector.length))
  for (const [i, value] of vector.entries()) view.setFloat32(4 * i, value, true)
  return btoa(Array.from(new Uint8Array(view.buffer), (byte) => String.fromCharCode(byte)).join(''))
}
