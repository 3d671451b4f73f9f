import type { EmbeddingModel, LanguageModel, Provider, RerankingModel } from 'ai'
import type { Model } from 'dasllama'
import { createDasllama, embeddingModel, languageModel, rerankingModel } from 'dasllama/ai-sdk'

export function models(model: Model): (LanguageModel | EmbeddingModel | RerankingModel | Provider)[] {
  const dasllama = createDasllama({ models: { tiny: model }, specification: 'v4' })
  const older = createDasllama({ models: { tiny: async () => model } })
  const provider: Provider = dasllama
  const languageModels: LanguageModel[] = [dasllama('tiny'), older('tiny'), languageModel(model)]
  const embeds: EmbeddingModel = embeddingModel(model, { specification: 'v4' })
  const ranks: RerankingModel = rerankingModel(model, { specification: 'v4' })
  return [...languageModels, embeds, ranks, provider]
}
