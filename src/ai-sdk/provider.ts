import { checkOneOf, checkOptions, isRecord } from '../checks.js'
import { describeValue } from '../describe.js'
import { DasllamaError } from '../index.js'
import { HostedModel, type HostedModelOptions } from '../serving/hosted-model.js'
import { isModelOrLoader, type ModelOrLoader } from '../serving/model-or-loader.js'
import { createEmbeddingModel } from './embedding-model.js'
import { noSuchModel } from './errors.js'
import { createLanguageModel } from './language-model.js'
import { createRerankingModel } from './reranking-model.js'
import type { EmbeddingModel, LanguageModel, RerankingModel, Specification } from './specification.js'

/** A model of a provider with settings of its own. */
export interface ProvidedModel extends HostedModelOptions {
  /** The model, or what loads it. */
  readonly model: ModelOrLoader
}

/** Which version of the AI SDK's interfaces a model or provider has. */
export interface SpecificationOptions<V extends Specification> {
  /**
   * `ai` 6 and 7 accept `v3`, without loss in 7; `ai` 5 needs `v2`, and `v4` is for `ai` 7 alone. Default `v3`.
   */
  readonly specification: V
}

/** Options of `createDasllama`. */
export interface DasllamaOptions {
  /** The models by the names that the program uses. Those that a function has loaded are disposed with the provider. */
  readonly models: Readonly<Record<string, ModelOrLoader | ProvidedModel>>
}

/** A provider of models for the AI SDK. Calling it with a name returns the language model. */
export interface DasllamaProvider<V extends Specification = 'v3'> {
  /** The language model of this name. Throws `NOT_FOUND`, which is the SDK's `NoSuchModelError` too. */
  (modelId: string): LanguageModel<V>
  /** The version of the interfaces. */
  readonly specificationVersion: V
  /** The same as the call. */
  languageModel(modelId: string): LanguageModel<V>
  /** The model of this name, which embeds. Throws `NOT_FOUND`. */
  embeddingModel(modelId: string): EmbeddingModel<V>
  /** The same, under the name of older versions. */
  textEmbeddingModel(modelId: string): EmbeddingModel<V>
  /** The model of this name, which ranks. Throws `NOT_FOUND`. */
  rerankingModel(modelId: string): RerankingModel<V>
  /** Always throws `NOT_FOUND`: these models write no images. */
  imageModel(modelId: string): never
  /** Frees the cached conversations and the models that were loaded here. Idempotent. */
  dispose(): Promise<void>
  /** `dispose()` at the end of an `await using` scope. */
  [Symbol.asyncDispose](): Promise<void>
}

/** Options of `languageModel`. */
export interface LanguageModelOptions extends HostedModelOptions {
  /** The model's name in telemetry and responses. Default `model`. */
  readonly modelId?: string
}

type NamedModel = Pick<LanguageModelOptions, 'modelId'>
/** Without a version. */
type Default = { readonly specification?: undefined }

const SPECIFICATIONS = ['v2', 'v3', 'v4'] as const

/**
 * A provider for the AI SDK whose models run in this program.
 *
 * ```js
 * const dasllama = createDasllama({ models: { tiny: () => loadModel('model.gguf') } })
 * const { text } = await generateText({ model: dasllama('tiny'), prompt: 'Hello!' })
 * ```
 *
 * Throws `INVALID_ARGUMENT`. Models are loaded by the first call that needs them.
 */
export function createDasllama(options: DasllamaOptions & Default): DasllamaProvider
export function createDasllama<V extends Specification>(
  options: DasllamaOptions & SpecificationOptions<V>,
): DasllamaProvider<V>
export function createDasllama(
  options: DasllamaOptions & Partial<SpecificationOptions<Specification>>,
): DasllamaProvider<Specification> {
  checkOptions(options)
  rejectUnknown(options, ['models', 'specification'])
  const version = versionOf(options.specification)
  const models = hostedModels(options.models)
  const get = (modelId: string, type: string): HostedModel => {
    const hosted = typeof modelId === 'string' ? models.get(modelId) : undefined
    if (hosted) return hosted
    throw noSuchModel(String(modelId), type, `the models are ${[...models.keys()].join(', ')}`)
  }
  const languageModel = (modelId: string) =>
    createLanguageModel(get(modelId, 'languageModel'), modelId, version)
  const embeddingModel = (modelId: string) =>
    createEmbeddingModel(get(modelId, 'embeddingModel'), modelId, version)
  const dispose = async () => {
    await Promise.all(Array.from(models.values(), (hosted) => hosted.dispose()))
  }
  return Object.assign((modelId: string) => languageModel(modelId), {
    specificationVersion: version,
    languageModel,
    embeddingModel,
    textEmbeddingModel: embeddingModel,
    rerankingModel: (modelId: string) =>
      createRerankingModel(get(modelId, 'rerankingModel'), modelId, version),
    imageModel(modelId: string): never {
      throw noSuchModel(
        String(modelId),
        'imageModel',
        'models of dasllama write text, and embed or rank texts',
      )
    },
    dispose,
    [Symbol.asyncDispose]: dispose,
  })
}

/**
 * A single model for the AI SDK, without a provider. A model that a function loads stays loaded: a provider can dispose it. Throws
 * `INVALID_ARGUMENT`.
 */
export function languageModel(model: ModelOrLoader, options?: LanguageModelOptions & Default): LanguageModel
export function languageModel<V extends Specification>(
  model: ModelOrLoader,
  options: LanguageModelOptions & SpecificationOptions<V>,
): LanguageModel<V>
export function languageModel(
  model: ModelOrLoader,
  {
    modelId = 'model',
    specification,
    ...options
  }: LanguageModelOptions & Partial<SpecificationOptions<Specification>> = {},
): LanguageModel<Specification> {
  return createLanguageModel(new HostedModel('model', model, options), modelId, versionOf(specification))
}

/** The same for a model that embeds. */
export function embeddingModel(model: ModelOrLoader, options?: NamedModel & Default): EmbeddingModel
export function embeddingModel<V extends Specification>(
  model: ModelOrLoader,
  options: NamedModel & SpecificationOptions<V>,
): EmbeddingModel<V>
export function embeddingModel(
  model: ModelOrLoader,
  { modelId = 'model', specification }: NamedModel & Partial<SpecificationOptions<Specification>> = {},
): EmbeddingModel<Specification> {
  return createEmbeddingModel(new HostedModel('model', model), modelId, versionOf(specification))
}

/** The same for a model that ranks. */
export function rerankingModel(model: ModelOrLoader, options?: NamedModel & Default): RerankingModel
export function rerankingModel<V extends Specification>(
  model: ModelOrLoader,
  options: NamedModel & SpecificationOptions<V>,
): RerankingModel<V>
export function rerankingModel(
  model: ModelOrLoader,
  { modelId = 'model', specification }: NamedModel & Partial<SpecificationOptions<Specification>> = {},
): RerankingModel<Specification> {
  return createRerankingModel(new HostedModel('model', model), modelId, versionOf(specification))
}

function versionOf(version: Specification = 'v3'): Specification {
  return checkOneOf('specification', version, SPECIFICATIONS)
}

function hostedModels(models: unknown): ReadonlyMap<string, HostedModel> {
  const entries = isRecord(models) ? Object.entries(models) : []
  if (entries.length === 0) {
    throw new DasllamaError('INVALID_ARGUMENT', 'models must be an object from names to models', {
      hint: "for example models: { 'my-model': await loadModel(…) }",
    })
  }
  return new Map(
    entries.map(([name, given]) => {
      const where = `models[${describeValue(name)}]`
      if (isModelOrLoader(given) || !isRecord(given)) {
        return [name, new HostedModel(where, given as ModelOrLoader)]
      }
      const { model, ...settings } = given
      return [name, new HostedModel(where, model as ModelOrLoader, settings)]
    }),
  )
}

function rejectUnknown(options: object, known: readonly string[]): void {
  const wrong = Object.keys(options).find((key) => !known.includes(key))
  if (wrong === undefined) return
  throw new DasllamaError('INVALID_ARGUMENT', `there is no option ${describeValue(wrong)}`, {
    hint: `valid options are ${known.join(', ')}`,
  })
}
