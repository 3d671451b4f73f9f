import { createChat, DasllamaError, type Model, type ReplyFormat, type SamplingParams } from '../../index.js'
import { jsonResponse } from '../http/responses.js'
import { KNOB_FIELDS } from '../request/sampling.js'
import type { ServedModel } from '../service/models.js'
import { detailsOf, parametersOf } from './details.js'
import { modelNamed, ollamaEndpoint, readModel } from './endpoint.js'

/** What a model is and can do. It is loaded for that. */
export const show = ollamaEndpoint({
  method: 'POST',
  path: '/api/show',
  async answer(call) {
    const name = readModel(await call.fields())
    const served = await modelNamed(call, name)
    const { model } = served
    const format = await chatFormatOf(served)
    const parameters = parameterLines(served.sampling)
    return jsonResponse({
      modelfile: [`FROM ${served.name}`, ...parameters.map((line) => `PARAMETER ${line}`), ''].join('\n'),
      parameters: parameters.join('\n'),
      template: format?.template ?? '',
      details: detailsOf(model),
      model_info: infoOf(model),
      capabilities: capabilitiesOf(model, format),
      modified_at: new Date(call.service.models.created * 1000).toISOString(),
    })
  },
})

interface ChatFormat extends ReplyFormat {
  readonly template: string
}

/** The template of chats, and how replies are read; `undefined` for a model without chats. */
async function chatFormatOf({ model, chatSettings }: ServedModel): Promise<ChatFormat | undefined> {
  if (model.kind === 'encoder') return undefined
  try {
    const chat = createChat(model, chatSettings)
    await chat.dispose()
    return { ...chat.replyFormat, template: chat.template.source }
  } catch (error) {
    if (error instanceof DasllamaError && error.code === 'NO_TEMPLATE') return undefined
    throw error
  }
}

/** In Ollama's words, by which clients offer what a model can do. */
function capabilitiesOf({ kind, tokenizer }: Model, format: ChatFormat | undefined): readonly string[] {
  if (kind === 'encoder') return ['embedding']
  return [
    'completion',
    ...(format && format.tools !== 'none' ? ['tools'] : []),
    ...(format && format.reasoning !== 'none' ? ['thinking'] : []),
    ...(tokenizer.infillTokens ? ['insert'] : []),
  ]
}

/** By the keys that these numbers have in model files. */
function infoOf(model: Model): object {
  const { architecture, config } = model
  const its = {
    context_length: config.contextLength,
    embedding_length: config.embeddingLength,
    block_count: config.layers,
    feed_forward_length: config.feedForwardLength,
    vocab_size: config.vocabSize,
    'attention.head_count': config.heads,
    'attention.head_count_kv': config.kvHeads,
  }
  return {
    'general.architecture': architecture,
    ...(config.name !== undefined && { 'general.name': config.name }),
    'general.parameter_count': parametersOf(model),
    ...Object.fromEntries(Object.entries(its).map(([key, value]) => [`${architecture}.${key}`, value])),
  }
}

/** The sampling parameters that Ollama has too, in its words. */
function parameterLines(sampling: SamplingParams): readonly string[] {
  return PARAMETERS.flatMap((field) => {
    const value = sampling[KNOB_FIELDS[field].knob]
    return value === undefined ? [] : [`${field} ${value}`]
  })
}

const PARAMETERS = [
  ...['temperature', 'top_k', 'top_p', 'min_p', 'typical_p', 'repeat_penalty', 'repeat_last_n'],
  ...['presence_penalty', 'frequency_penalty'],
]
