import { type RerankOptions, rerank } from '../index.js'
import type { HostedModel } from '../serving/hosted-model.js'
import { withRetries } from './errors.js'
import { ownOptions, PROVIDER } from './request/provider-options.js'
import type { RerankCallOptions, RerankingModel, Specification, Warning } from './specification.js'

/** Options of `rerank` that calls set under `providerOptions.dasllama`. */
export type DasllamaRerankOptions = Pick<RerankOptions, 'truncate'>

/** A model that ranks, under a name. */
export function createRerankingModel<V extends Specification>(
  hosted: HostedModel,
  modelId: string,
  version: V,
): RerankingModel<V> {
  return {
    specificationVersion: version,
    provider: PROVIDER,
    modelId,
    async doRerank({ documents, query, topN, abortSignal, providerOptions }: RerankCallOptions) {
      try {
        const warnings: Warning[] = []
        const { model } = await hosted.get(abortSignal)
        const own = ownOptions<DasllamaRerankOptions>(providerOptions)
        const texts = textsOf(documents, warnings)
        const ranked = await rerank(model, query, texts, { topN, ...own, signal: abortSignal })
        return {
          ranking: ranked.map(({ index, score }) => ({ index, relevanceScore: score })),
          warnings,
        }
      } catch (error) {
        throw withRetries(error)
      }
    },
  }
}

function textsOf({ type, values }: RerankCallOptions['documents'], warnings: Warning[]): string[] {
  if (type === 'text') return values as string[]
  warnings.push({
    type: 'compatibility',
    feature: 'object documents',
    details: 'each object is ranked as its JSON',
  })
  return values.map((value) => JSON.stringify(value))
}
