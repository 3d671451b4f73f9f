import { type EmbedOptions, embed } from '../index.js'
import type { HostedModel } from '../serving/hosted-model.js'
import { withRetries } from './errors.js'
import { ownOptions, PROVIDER } from './request/provider-options.js'
import type { EmbedCallOptions, EmbeddingModel, Specification } from './specification.js'

/** Options of `embed` that calls set under `providerOptions.dasllama`. */
export type DasllamaEmbedOptions = Pick<EmbedOptions, 'normalize' | 'dimensions' | 'truncate'> & {
  /** See `EmbedOptions.pooling`. */
  pooling?: Exclude<EmbedOptions['pooling'], 'none'>
}

/** A model that embeds, under a name. */
export function createEmbeddingModel<V extends Specification>(
  hosted: HostedModel,
  modelId: string,
  version: V,
): EmbeddingModel<V> {
  return {
    specificationVersion: version,
    provider: PROVIDER,
    modelId,
    maxEmbeddingsPerCall: Number.POSITIVE_INFINITY,
    supportsParallelCalls: true,
    async doEmbed({ values, dimensions, abortSignal, providerOptions }: EmbedCallOptions) {
      try {
        const { model } = await hosted.get(abortSignal)
        const own = ownOptions<DasllamaEmbedOptions>(providerOptions)
        const vectors = await embed(model, values, { dimensions, ...own, signal: abortSignal })
        const lengths = values.map((text) => Math.min(model.encode(text).length, model.contextLength))
        return {
          embeddings: vectors.map((vector) => Array.from(vector)),
          usage: { tokens: lengths.reduce((sum, length) => sum + length, 0) },
          warnings: [],
        }
      } catch (error) {
        throw withRetries(error)
      }
    },
  }
}
