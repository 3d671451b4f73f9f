import { DasllamaError } from '../../errors.js'
import { packDirectory } from '../../gguf/packed-directory.js'
import type { Platform } from '../../platform/platform.js'
import type { ModelSource } from '../../storage/model-source.js'
import type { LoadedProgram, OpenedModel } from '../engine-host.js'
import { openInThread } from '../wasm/load.js'
import { Channel, type RequestContext } from './channel.js'
import type {
  LoadEvent,
  LoadReply,
  LoadRequest,
  OpenReply,
  OpenRequest,
  PostedSource,
} from './engine-messages.js'
import type { Port } from './port.js'
import { openRemoteSource } from './remote-source.js'
import { describeExecutable, serveExecutable } from './serve-executable.js'

/** An engine that is served over a port. */
export interface ServedEngine {
  /** Ends all that it does and the threads that it has started. Resolves when they have ended; never rejects. */
  end(): Promise<void>
}

/** Serves an engine over a port: opens one model file, loads its program and runs its batches. */
export function serveEngine(port: Port, platform: Platform): ServedEngine {
  const channel = new Channel(port)
  let opened: OpenedModel | undefined
  let loading: Promise<LoadedProgram> | undefined

  const sourceOf = (posted: PostedSource): ModelSource => {
    switch (posted.kind) {
      case 'name':
        return posted.name
      case 'content':
        return posted.content
      case 'served':
        return openRemoteSource(channel, posted.source)
    }
  }

  channel.handle(
    'open',
    async ({ source, tokenizer, options, engine }: OpenRequest, { signal }): Promise<OpenReply> => {
      const open = { ...options, signal, tokenizer: tokenizer && sourceOf(tokenizer) }
      opened = await openInThread(sourceOf(source), platform, { open, engine })
      return packDirectory(opened.directory)
    },
  )

  channel.handle(
    'load',
    async ({ program, context }: LoadRequest, { signal, emit }: RequestContext): Promise<LoadReply> => {
      const report = (event: LoadEvent) => emit(event)
      loading = opened!.load(program, {
        context,
        signal,
        onWarning: (warning) => report({ warning }),
        onProgress: (progress) => report({ progress }),
      })
      opened = undefined
      const { executable, samples } = await loading
      serveExecutable(channel, executable)
      return { executable: describeExecutable(executable), samples: samples.samples }
    },
  )

  return {
    async end() {
      channel.close(new DasllamaError('DISPOSED', 'the model has been disposed'))
      await opened?.close()
      await loading?.then(({ executable }) => executable.dispose()).catch(() => {})
    },
  }
}
