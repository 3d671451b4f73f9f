import { abortable, following } from '../abortable.js'
import type { LoadedProgram, LoadingOptions, OpenedModel } from '../backend/engine-host.js'
import { checkEngineOptions, type EngineOptions } from '../backend/wasm/engine-options.js'
import type { openInThread } from '../backend/wasm/load.js'
import type { EngineThread } from '../backend/worker/port.js'
import { checkBoolean, checkCount, checkFunction } from '../checks.js'
import { describeFailure } from '../describe.js'
import { DasllamaError } from '../errors.js'
import { currentPlatform } from '../platform/detect.js'
import type { Platform } from '../platform/platform.js'
import { RateMeter } from '../rate-meter.js'
import { isA } from '../read-list.js'
import { prefixCaches } from '../session/lazy-modules.js'
import type { PrefixCache } from '../session/prefix-cache.js'
import { resolvePrefixCacheBytes } from '../session/prefix-cache-options.js'
import type { ModelSource } from '../storage/model-source.js'
import type { Tokenizer } from '../tokenizer/tokenizer.js'
import { readChatTemplates } from './chat-templates.js'
import { engineInThread, engineInWorker, planner, tokenizers } from './lazy-modules.js'
import { Model } from './model.js'
import type { LoadProgress, ResolvedSource } from './named-source.js'
import { checkOpenOptions, type OpenOptions, openResolved, withModelFile } from './open.js'
import { readRecommendedSampling } from './recommended-sampling.js'

export type { EngineOptions }

/** Options of `loadModel`: what opens a file, what runs it, and what sessions have by default. */
export interface LoadOptions extends OpenOptions, EngineOptions {
  /**
   * Tokens that a session may have, unless it asks for another number; 1 to 2^24. `memoryLimit` must hold one such session,
   * but its memory is taken as it grows. Models with longrope have other rotary frequencies if it is more than the context
   * that they were first trained for; sessions of any length have those. Default: what the model was trained for, at most
   * 4096.
   */
  contextLength?: number
  /**
   * Whether the engine runs in a Worker, so that it does not block this thread: token ids are sent to it and logits come
   * back; tokenizer, sampling, sessions and chats stay here. Results have the same bits. Paths, URLs, Blobs, file handles and
   * shared memory are read in the Worker; bytes and other sources are read here and sent to it in pieces. Default: true on a
   * page's main thread, otherwise false. If a Worker cannot be started, `true` rejects with `UNSUPPORTED`; the default calls
   * `onWarning` with `NO_WORKER` and uses this thread. If the Worker ends, calls reject with `ENGINE_LOST`.
   */
  worker?: boolean
  /**
   * Keeps the prompts that sessions have read, so that another session whose prompt begins alike does not read the same tokens
   * again. Its results keep their bits. `maxBytes` limits what is kept beyond the sessions' own memory; prompts that have not
   * been used for longest are dropped first, and all of them before a session finds no memory. Default false; true: 512 MiB.
   */
  prefixCache?: boolean | { maxBytes: number }
  /**
   * Whether the draft head of the file is loaded too, for `speculation: 'mtp'`: a layer that guesses further tokens (Qwen 3.5 and
   * 3.6). Default false. Rejects with `UNSUPPORTED` for a file without one, and for a model in several memories.
   */
  draftHead?: boolean
  /** Called with the bytes read so far, or downloaded. An error in it rejects the load. */
  onProgress?: (progress: LoadProgress) => void
}

/**
 * Loads a model: opens the file, checks it, and streams its weights into WebAssembly memory.
 *
 * ```js
 * const model = await loadModel('model.gguf', { contextLength: 1024 })
 * const session = model.createSession({ seed: 7 })
 * const { text } = await session.generate('Once upon a time', { temp: 0.8, maxTokens: 40 }).result()
 * await model.dispose()
 * ```
 *
 * Rejects with `INVALID_ARGUMENT` for bad options, `NOT_FOUND` and `IO` for bytes that cannot be read, `BAD_FORMAT`,
 * `TRUNCATED`, `MISSING` and `LIMIT` for a file that is damaged or hostile, `UNSUPPORTED` for what this version or this
 * runtime does not do, `OUT_OF_MEMORY` (before any weight is read), `NOT_A_NUMBER` for damaged weights, or the signal's
 * reason. What had been opened or started is closed and ended then.
 */
export async function loadModel(source: ModelSource, options: LoadOptions = {}): Promise<Model> {
  checkLoadOptions(options)
  const { signal } = options
  const platform = await abortable(currentPlatform(), signal)
  const engine = engineOptions(options)
  const { opened, resolved } = await openResolved(
    source,
    options,
    { isWhole: true },
    async (resolved, open) => {
      const openModel = await openerOf(platform, options)
      return { opened: await openModel(resolved.source, platform, { open, engine }), resolved }
    },
  )
  const model = await createModel(opened, { ...options, onProgress: weightProgress(resolved, options) })
  if (!signal?.aborted) return model
  void model.dispose()
  throw signal.reason
}

/** What opens a model where its engine is to run. Rejects as `engineThread` does. */
async function openerOf(platform: Platform, options: LoadOptions): Promise<typeof openInThread> {
  const thread = await engineThread(platform, options)
  if (!thread) return (await abortable(engineInThread.load(), options.signal)).openInThread
  try {
    const { openInWorker } = await abortable(engineInWorker.load(), options.signal)
    return (...opening) => openInWorker(thread, ...opening)
  } catch (error) {
    thread.terminate()
    throw error
  }
}

/**
 * A thread for the model's engine; `undefined` where it is to run in this one, or has to. Rejects with `UNSUPPORTED` for a
 * Worker that was asked for and cannot be started.
 */
async function engineThread(
  { isPage, startEngineThread }: Platform,
  { worker, signal, onWarning }: LoadOptions,
): Promise<EngineThread | undefined> {
  if (!(worker ?? isPage)) return undefined
  try {
    if (!startEngineThread) throw new Error('this runtime has no Workers')
    return await abortable(startEngineThread(signal), signal, (late) => late.terminate())
  } catch (cause) {
    signal?.throwIfAborted()
    const reason = describeFailure(cause)
    const hint = isA(DasllamaError, cause) && cause.hint !== undefined ? `${cause.hint}; or ` : ''
    if (worker) {
      throw new DasllamaError(
        'UNSUPPORTED',
        `the Worker of the model's engine cannot be started: ${reason}`,
        { hint: `${hint}pass worker: false to run it in the calling thread`, cause },
      )
    }
    onWarning?.({
      code: 'NO_WORKER',
      message: `the model runs on the page's main thread, since its Worker cannot be started: ${reason}`,
      hint: `${hint}pass worker: false to run it there without this warning`,
    })
    return undefined
  }
}

function checkLoadOptions(options: LoadOptions): void {
  checkOpenOptions(options)
  checkEngineOptions(options)
  const { contextLength, onProgress, worker, prefixCache, draftHead } = options
  resolvePrefixCacheBytes(prefixCache)
  if (worker !== undefined) checkBoolean('worker', worker)
  if (draftHead !== undefined) checkBoolean('draftHead', draftHead)
  if (contextLength !== undefined) checkCount('contextLength', contextLength, 1, 2 ** 24)
  checkFunction('onProgress', onProgress)
}

function engineOptions({
  kernels,
  memoryLimit,
  memorySize,
  threads,
  lookupTables,
}: LoadOptions): EngineOptions {
  return {
    ...(kernels !== undefined && { kernels }),
    ...(memoryLimit !== undefined && { memoryLimit }),
    ...(memorySize !== undefined && { memorySize }),
    ...(threads !== undefined && { threads }),
    ...(lookupTables !== undefined && { lookupTables }),
  }
}

/** What is called with the bytes of the weights: the caller's listener, unless it is called with what arrives. */
function weightProgress(
  { from, isArriving }: ResolvedSource,
  { onProgress }: LoadOptions,
): LoadingOptions['onProgress'] {
  if (!onProgress || isArriving) return undefined
  const rate = new RateMeter()
  return ({ loaded, total }) => {
    const bytesPerSecond = rate.update(loaded)
    const secondsLeft = bytesPerSecond > 0 ? (total - loaded) / bytesPerSecond : undefined
    onProgress({ loaded, total, bytesPerSecond, secondsLeft, from })
  }
}

/** Plans a file's program, loads it, and brings it together with the file's tokenizer. */
async function createModel(
  opened: OpenedModel,
  {
    contextLength,
    onProgress,
    onWarning,
    prefixCache,
    draftHead,
    signal,
  }: Pick<LoadOptions, 'contextLength' | 'onWarning' | 'prefixCache' | 'draftHead' | 'signal'> &
    Pick<LoadingOptions, 'onProgress'>,
): Promise<Model> {
  const { directory } = opened
  const { metadata } = directory
  const loads = following(signal)
  let loading: Promise<LoadedProgram> | undefined
  try {
    const modules = Promise.all([planner.load(), tokenizers.load()])
    const [{ planForContext }, { createTokenizer }] = await abortable(modules, signal)
    const plan = planForContext(directory, contextLength, { draftHead })
    const { config, program, bytesFor, context, formats, identityOf } = plan
    loading = opened.load(program, { context, signal: loads.signal, onProgress, onWarning })
    // While the first weights are read.
    const tokenizer = createTokenizer(metadata, onWarning)
    const { executable, samples } = await loading
    return Model.create({
      executable,
      config,
      formats,
      identity: identityOf(samples),
      tokenizer,
      contextLength: context,
      textBytes: config.encoder ? bytesFor : undefined,
      chatTemplates: readChatTemplates(metadata),
      recommendedSampling: readRecommendedSampling(metadata),
      onWarning,
      prefixCache: await createPrefixCache(prefixCache),
    })
  } catch (error) {
    loads.abort(error)
    await loading?.then(({ executable }) => executable.dispose()).catch(() => {})
    await opened.close()
    throw error
  } finally {
    loads.release()
  }
}

async function createPrefixCache(option: LoadOptions['prefixCache']): Promise<PrefixCache | undefined> {
  const maxBytes = resolvePrefixCacheBytes(option)
  if (maxBytes === undefined) return undefined
  const { PrefixCache } = await prefixCaches.load()
  return new PrefixCache(maxBytes)
}

/**
 * The tokenizer of a model file alone; a file with nothing but a vocabulary is enough. Rejects as `loadModel` does. There is
 * nothing to dispose.
 */
export async function loadTokenizer(source: ModelSource, options: OpenOptions = {}): Promise<Tokenizer> {
  const { onWarning, signal } = options
  return withModelFile(source, options, async ({ metadata }) => {
    const { createTokenizer } = await abortable(tokenizers.load(), signal)
    return createTokenizer(metadata, onWarning)
  })
}
