import { abortable } from '../../abortable.js'
import { DasllamaError } from '../../errors.js'
import type { OpenModelOptions } from '../../gguf/open-model.js'
import { unpackDirectory } from '../../gguf/packed-directory.js'
import { TensorSamples } from '../../gguf/tensor-samples.js'
import type { Platform } from '../../platform/platform.js'
import { isA, isBytes } from '../../read-list.js'
import { absoluteName, isFileHandle, type ModelSource } from '../../storage/model-source.js'
import type { LoadingOptions, OpenedModel } from '../engine-host.js'
import type { Program } from '../program.js'
import type { EngineOptions } from '../wasm/engine-options.js'
import { Channel } from './channel.js'
import type {
  LoadEvent,
  LoadReply,
  LoadRequest,
  OpenReply,
  OpenRequest,
  PostedSource,
} from './engine-messages.js'
import { sources } from './lazy-modules.js'
import type { EngineThread } from './port.js'
import { RemoteExecutable } from './remote-executable.js'
import { serveSources } from './serve-sources.js'

/**
 * Opens a model file in an engine's thread, which this takes over. Names, Blobs, file handles and shared
 * memory are read there; all others are served from here. Rejects like `openModel`, with `ENGINE_LOST` if the thread ends
 * meanwhile, or with the signal's reason; then the thread is being terminated.
 */
export async function openInWorker(
  thread: EngineThread,
  source: ModelSource,
  platform: Platform,
  { open, engine }: { readonly open: OpenModelOptions; readonly engine: EngineOptions },
): Promise<OpenedModel> {
  const { channel, served, end } = connect(thread)
  const { signal, tokenizer, headers, retries, stallTimeout, maxBufferedBytes } = open

  const posted = new Map<ModelSource, PostedSource>()
  const serve = async (source: ModelSource): Promise<PostedSource> => {
    const known = posted.get(source)
    if (known) return known
    const { openSource } = await abortable(sources.load(), signal)
    const opening = openSource(source, platform, open)
    const bytes = await abortable(opening, signal, (late) => late.close())
    const message: PostedSource = { kind: 'served', source: served.add(bytes) }
    posted.set(source, message)
    return message
  }
  const requestOpen = async (post: (source: ModelSource) => Promise<PostedSource>): Promise<OpenReply> => {
    const request: OpenRequest = {
      source: await post(source),
      tokenizer: tokenizer === undefined ? undefined : await post(tokenizer),
      options: {
        headers: isA(Headers, headers) ? Object.fromEntries(headers) : headers && { ...headers },
        retries,
        stallTimeout,
        maxBufferedBytes,
      },
      engine: withWideKernels(engine, platform),
    }
    return abortable(channel.request<OpenReply>('open', request, { signal }), signal)
  }

  let reply: OpenReply
  try {
    reply = await requestOpen(
      async (source) => postedSource(source, platform, open) ?? (await serve(source)),
    ).catch(
      // Runtimes differ in what they can post.
      (error) => {
        if (isA(DOMException, error) && error.name === 'DataCloneError') return requestOpen(serve)
        throw error
      },
    )
  } catch (error) {
    void end()
    throw error
  }

  return {
    directory: unpackDirectory(reply),
    load: (program, options) =>
      load(channel, program, options).then(
        ({ executable, samples }) => {
          const remote = new RemoteExecutable(channel, executable, { end })
          forgotten.get().register(remote, thread)
          return { executable: remote, samples: new TensorSamples(samples) }
        },
        (error) => {
          void end()
          throw error
        },
      ),
    close: end,
  }
}

/** A function of its own, because its closures live as long as the model, and would keep the source's bytes alive. */
function connect(thread: EngineThread) {
  const channel = new Channel(thread.port)
  const served = serveSources(channel)
  void thread.ended.then((reason) => {
    channel.close(engineLost(reason))
    void served.close()
  })
  // A source of the caller may take its time to close, or never do: the thread does not wait for it.
  const end = async () => void (await Promise.all([served.close(), thread.terminate()]))
  return { channel, served, end }
}

function load(
  channel: Channel,
  program: Program,
  { context, signal, onWarning, onProgress }: LoadingOptions,
): Promise<LoadReply> {
  const request: LoadRequest = { program, context }
  const loading = new Promise<LoadReply>((resolve, reject) => {
    const onEvent = (event: LoadEvent) => {
      try {
        if ('warning' in event) onWarning?.(event.warning)
        else onProgress?.(event.progress)
      } catch (error) {
        reject(error)
      }
    }
    channel.request<LoadReply>('load', request, { signal, onEvent }).then(resolve, reject)
  })
  return abortable(loading, signal)
}

/** A source as it is posted, or `undefined` if only this thread can read it. */
function postedSource(
  source: ModelSource,
  platform: Platform,
  { fetch }: OpenModelOptions,
): PostedSource | undefined {
  if (typeof source === 'string' || isA(URL, source)) {
    return fetch ? undefined : { kind: 'name', name: absoluteName(source, platform) }
  }
  const isContent =
    (isBytes(source) && isSharedBuffer(source.buffer)) ||
    (typeof Blob !== 'undefined' && isA(Blob, source)) ||
    isFileHandle(source)
  return isContent ? { kind: 'content', content: source } : undefined
}

/**
 * Whether posting a buffer copies nothing. Other bytes are served in pieces: posting them blocks this thread, 0.35 s for
 * 300 MiB (Node 20, 2026-11), and the idle Worker keeps its copy long after the weights are loaded.
 */
function isSharedBuffer(buffer: ArrayBufferLike): boolean {
  return typeof SharedArrayBuffer !== 'undefined' && isA(SharedArrayBuffer, buffer)
}

/** In a thread the flags of the process cannot be read. */
function withWideKernels(engine: EngineOptions, { wideVectors }: Platform): EngineOptions {
  const isAuto = engine.kernels === undefined || engine.kernels === 'auto'
  return isAuto && wideVectors?.enabled ? { ...engine, kernels: 'wide' } : engine
}

function engineLost(reason: string): DasllamaError {
  return new DasllamaError('ENGINE_LOST', `the Worker of the model's engine has ended: ${reason}`, {
    hint: 'dispose the model and load it again',
  })
}

/** Terminates the thread of a garbage-collected model. Created on first use, because imports have no side effects. */
const forgotten = {
  registry: undefined as FinalizationRegistry<EngineThread> | undefined,
  get() {
    this.registry ??= new FinalizationRegistry((thread) => void thread.terminate())
    return this.registry
  },
}
