import { Embeddings, type EmbeddingsParams } from '@langchain/core/embeddings'
import { type EmbedOptions, embed } from '../index.js'
import { HostedModel } from '../serving/hosted-model.js'
import type { ModelOrLoader } from '../serving/model-or-loader.js'

/** Options of `DasllamaEmbeddings`. */
export interface DasllamaEmbeddingsFields
  extends EmbeddingsParams,
    Pick<EmbedOptions, 'normalize' | 'dimensions' | 'truncate'> {
  /** The model, or what loads it when it is first called. */
  model: ModelOrLoader
  /** See `EmbedOptions.pooling`. */
  pooling?: Exclude<EmbedOptions['pooling'], 'none'>
}

/**
 * Embeddings for LangChain that are computed in this program.
 *
 * ```js
 * const embeddings = new DasllamaEmbeddings({ model: await loadModel('embedder.gguf') })
 * const vector = await embeddings.embedQuery('a small dog')
 * ```
 *
 * Throws `INVALID_ARGUMENT` for what is not a model. Calls reject with what `embed` rejects with.
 */
export class DasllamaEmbeddings extends Embeddings {
  readonly #hosted: HostedModel
  readonly #options: Pick<DasllamaEmbeddingsFields, 'normalize' | 'dimensions' | 'truncate' | 'pooling'>

  constructor(fields: DasllamaEmbeddingsFields) {
    super(fields)
    const { model, normalize, dimensions, truncate, pooling } = fields
    this.#hosted = new HostedModel('model', model)
    this.#options = { normalize, dimensions, truncate, pooling }
  }

  /** A vector per text. */
  override async embedDocuments(documents: string[]): Promise<number[][]> {
    const { model } = await this.#hosted.get()
    const vectors = await embed(model, documents, this.#options)
    return vectors.map((vector) => Array.from(vector))
  }

  /** The vector of one text. */
  override async embedQuery(document: string): Promise<number[]> {
    const [vector] = await this.embedDocuments([document])
    return vector
  }

  /** Frees the model if a loader has loaded it. Idempotent. */
  dispose(): Promise<void> {
    return this.#hosted.dispose()
  }
}
