import type { EmbeddingModel, LanguageModel } from 'ai'
import type { Model } from 'dasllama'
import { createDasllama, languageModel } from 'dasllama/ai-sdk'

export function models(model: Model): (LanguageModel | EmbeddingModel)[] {
  const dasllama = createDasllama({ models: { tiny: model }, specification: 'v2' })
  const embeds: EmbeddingModel = dasllama.textEmbeddingModel('tiny')
  return [dasllama('tiny'), languageModel(model, { specification: 'v2' }), embeds]
}
