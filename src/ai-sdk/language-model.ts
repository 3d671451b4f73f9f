import type { HostedModel } from '../serving/hosted-model.js'
import { HostedReply } from '../serving/hosted-reply.js'
import { withRetries } from './errors.js'
import { type Dialect, dialectOf } from './reply/ending.js'
import { type BlockPart, Blocks, WholeContent } from './reply/parts.js'
import { requestOf } from './request/call-options.js'
import { PROVIDER } from './request/provider-options.js'
import type {
  CallOptions,
  GenerateResult,
  LanguageModel,
  ResponseMetadata,
  Specification,
  StreamPart,
  Warning,
} from './specification.js'

/** A model that writes, under a name. */
export function createLanguageModel<V extends Specification>(
  hosted: HostedModel,
  modelId: string,
  version: V,
): LanguageModel<V> {
  const dialect = dialectOf(version)
  return {
    specificationVersion: version,
    provider: PROVIDER,
    modelId,
    supportedUrls: {},
    doGenerate: (options) => generate(hosted, modelId, options, dialect),
    doStream: (options) => stream(hosted, modelId, options, dialect),
  }
}

/** A call that has its model. */
class ModelCall {
  readonly response: ResponseMetadata
  readonly warnings: Warning[]
  readonly reply: HostedReply

  private constructor(response: ResponseMetadata, warnings: Warning[], reply: HostedReply) {
    this.response = response
    this.warnings = warnings
    this.reply = reply
  }

  static async begin(hosted: HostedModel, modelId: string, options: CallOptions): Promise<ModelCall> {
    const response = { id: `dasllama-${crypto.randomUUID()}`, timestamp: new Date(), modelId }
    const loaded = await hosted.get(options.abortSignal)
    const { request, warnings } = requestOf(options, loaded)
    return new ModelCall(response, warnings, new HostedReply(loaded, request))
  }

  async *parts(): AsyncGenerator<BlockPart> {
    const blocks = new Blocks()
    for await (const event of this.reply.events()) yield* blocks.take(event)
    yield* blocks.finish()
  }
}

async function generate<V extends Specification>(
  hosted: HostedModel,
  modelId: string,
  options: CallOptions,
  dialect: Dialect<V>,
): Promise<GenerateResult<V>> {
  try {
    const call = await ModelCall.begin(hosted, modelId, options)
    const whole = new WholeContent()
    for await (const part of call.parts()) whole.add(part)
    return {
      content: whole.content,
      ...dialect.ending(call.reply),
      warnings: dialect.warnings(call.warnings),
      response: call.response,
    }
  } catch (error) {
    throw withRetries(error)
  }
}

async function stream<V extends Specification>(
  hosted: HostedModel,
  modelId: string,
  options: CallOptions,
  dialect: Dialect<V>,
): Promise<{ stream: ReadableStream<StreamPart<V>> }> {
  try {
    const call = await ModelCall.begin(hosted, modelId, options)
    const parts = call.parts()
    // A call that fails before its first part rejects, so that the SDK can repeat it.
    const first = await parts.next()
    const all = streamParts(call, first, parts, { dialect, signal: options.abortSignal })
    return { stream: readable(all, () => parts.return(undefined)) }
  } catch (error) {
    throw withRetries(error)
  }
}

async function* streamParts<V extends Specification>(
  { response, warnings, reply }: ModelCall,
  first: IteratorResult<BlockPart>,
  rest: AsyncGenerator<BlockPart>,
  { dialect, signal }: { readonly dialect: Dialect<V>; readonly signal: AbortSignal | undefined },
): AsyncGenerator<StreamPart<V>> {
  yield { type: 'stream-start', warnings: dialect.warnings(warnings) }
  yield { type: 'response-metadata', ...response }
  try {
    for (let next = first; !next.done; next = await rest.next()) yield next.value
  } catch (error) {
    if (signal?.aborted) throw error
    yield { type: 'error', error }
    yield { type: 'finish', ...dialect.failure(reply.usage) }
    return
  }
  yield { type: 'finish', ...dialect.ending(reply) }
}

/** A stream of what a generator yields. `end` is called when its reader leaves. */
function readable<T>(parts: AsyncGenerator<T>, end: () => Promise<unknown>): ReadableStream<T> {
  return new ReadableStream<T>(
    {
      async pull(controller) {
        const { done, value } = await parts.next()
        if (done) controller.close()
        else controller.enqueue(value)
      },
      async cancel() {
        await end()
      },
    },
    { highWaterMark: 0 },
  )
}
