import { rerank as rankTexts } from '../../index.js'
import { jsonResponse } from '../http/responses.js'
import { Fields } from '../request/fields.js'
import type { Endpoint } from '../router.js'
import { embedding } from '../service/embedding.js'

const MAX_DOCUMENTS = 2048

/** More tokens than a template of pairs has; Qwen3's has some eighty. */
const AROUND_PAIR = 256

/** As in the APIs of Jina and Cohere. */
export const rerank: Endpoint = {
  method: 'POST',
  path: '/v1/rerank',
  async answer(call) {
    call.promptField = 'documents'
    const fields = await call.fields()
    const name = fields.string('model')
    const query = fields.require('query', fields.string('query'))
    const documents = readDocuments(fields)
    const topN = fields.number('top_n', { whole: true, min: 1 })
    const returnsDocuments = fields.boolean('return_documents') ?? false
    fields.end({ ignoreUnknown: call.limits.ignoreUnknownFields })
    const served = await call.model(name)
    const { model } = served
    await call.enter()
    const count = (text: string) => model.encode(text, { addSpecial: false }).length
    const lengths = documents.map(count)
    const ofQuery = count(query)
    const longest = lengths.reduce((a, b) => Math.max(a, b)) + ofQuery + AROUND_PAIR
    const { signal } = call
    const ranked = await embedding(served, longest, signal, () =>
      rankTexts(model, query, documents, { topN, signal }),
    )
    const promptTokens = lengths.reduce((sum, length) => sum + length, documents.length * ofQuery)
    call.note({ promptTokens })
    return jsonResponse({
      object: 'list',
      model: served.name,
      results: ranked.map(({ index, score }) => ({
        index,
        relevance_score: score,
        ...(returnsDocuments && { document: { text: documents[index] } }),
      })),
      usage: { prompt_tokens: promptTokens, total_tokens: promptTokens },
    })
  },
}

function readDocuments(fields: Fields): readonly string[] {
  const given = fields.require('documents', fields.array('documents'))
  if (given.length === 0) throw fields.invalid('documents', 'must not be empty')
  if (given.length > MAX_DOCUMENTS) {
    throw fields.invalid('documents', `has ${given.length} entries; ${MAX_DOCUMENTS} are accepted`)
  }
  return given.map((document, i) => {
    if (typeof document === 'string') return document
    const inner = new Fields(document, `documents[${i}]`)
    const text = inner.require('text', inner.string('text'))
    inner.end()
    return text
  })
}
