import { Channel } from '../backend/worker/channel.js'
import type { EngineThread } from '../backend/worker/port.js'
import { DasllamaError } from '../errors.js'
import type { Piece } from './piece.js'
import { CONVERT } from './serve-pieces.js'

/** Starts a thread that runs `servePieces`. */
export type StartThread = (signal?: AbortSignal) => Promise<EngineThread>

interface PieceWorker {
  readonly channel: Channel
  readonly thread: EngineThread
}

/** Threads that convert pieces. Each has one piece at a time. */
export class Workers {
  readonly #workers: readonly PieceWorker[]
  readonly #idle: PieceWorker[]
  readonly #waiting: ((worker: PieceWorker) => void)[] = []

  private constructor(workers: readonly PieceWorker[]) {
    this.#workers = workers
    this.#idle = [...workers]
  }

  /** Starts `count` threads. Rejects with the signal's reason, or with what a start fails with; then none is left. */
  static async start(count: number, startThread: StartThread, signal?: AbortSignal): Promise<Workers> {
    const started = await Promise.allSettled(Array.from({ length: count }, () => startThread(signal)))
    const threads = started.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
    const failed = started.find((each) => each.status === 'rejected')
    if (failed) {
      await Promise.all(threads.map((thread) => thread.terminate()))
      throw failed.reason
    }
    return new Workers(
      threads.map((thread) => {
        const channel = new Channel(thread.port)
        void thread.ended.then((reason) => {
          channel.close(
            new DasllamaError('THREAD_LOST', `a thread that converts tensors has ended: ${reason}`),
          )
        })
        return { channel, thread }
      }),
    )
  }

  get count(): number {
    return this.#workers.length
  }

  /** The bytes of the piece in its new format, once a worker is idle. The piece's own bytes are gone afterwards. */
  async convert(piece: Piece): Promise<Uint8Array> {
    const worker = this.#idle.pop() ?? (await new Promise<PieceWorker>((take) => this.#waiting.push(take)))
    try {
      return await worker.channel.request<Uint8Array>(CONVERT, piece, { transfer: [piece.bytes.buffer] })
    } finally {
      const next = this.#waiting.shift()
      if (next) next(worker)
      else this.#idle.push(worker)
    }
  }

  /** Ends the threads, with whatever they do. */
  async end(): Promise<void> {
    await Promise.all(this.#workers.map(({ thread }) => thread.terminate()))
  }
}
