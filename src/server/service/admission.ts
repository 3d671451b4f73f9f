import type { Model } from '../../index.js'

/** A request that waits for memory. */
interface Waiting {
  readonly bytes: number
  readonly admit: () => void
}

export interface AdmissionOptions {
  /** Drops what is kept for later requests. */
  readonly free: () => Promise<unknown>
}

/**
 * Lets only so many requests run on a model that the memory holds all of their texts to the end, so that none of them fails for want of it
 * when it has been half written. The others wait, in order. What alone is too much runs alone, and finds out.
 */
export class Admission {
  readonly #model: Pick<Model, 'memoryBytes' | 'memoryLimit' | 'prefixCache'>
  readonly #free: AdmissionOptions['free']
  /** What the model takes without sequences. */
  readonly #base: number
  readonly #waiting: Waiting[] = []
  #reserved = 0

  constructor(model: Pick<Model, 'memoryBytes' | 'memoryLimit' | 'prefixCache'>, { free }: AdmissionOptions) {
    this.#model = model
    this.#free = free
    this.#base = model.memoryBytes
  }

  /** Bytes for all sequences together. */
  get room(): number {
    return Math.max(0, this.#model.memoryLimit - this.#base)
  }

  /** Whether a request would have to wait. */
  isFull(bytes: number): boolean {
    return this.#waiting.length > 0 || !this.#fits(bytes)
  }

  /** Resolves, when there is room, with a function that gives it back; idempotent. Rejects with the signal's reason. */
  async enter(bytes: number, signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted()
    if (this.isFull(bytes)) await this.#wait(bytes, signal)
    else this.#reserved += bytes
    let hasLeft = false
    const leave = () => {
      if (hasLeft) return
      hasLeft = true
      this.#reserved -= bytes
      this.#admitWaiting()
    }
    // What is kept for later requests is not reserved by anybody. Kept prompts are evicted when it is needed.
    const { memoryBytes, memoryLimit, prefixCache } = this.#model
    if (memoryBytes - (prefixCache?.bytes ?? 0) + this.#reserved > memoryLimit) {
      await this.#free().catch((error) => {
        leave()
        throw error
      })
    }
    return leave
  }

  #fits(bytes: number): boolean {
    return this.#reserved === 0 || this.#reserved + bytes <= this.room
  }

  #wait(bytes: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const abort = () => {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1)
        reject(signal.reason)
        // It may have kept smaller ones from running.
        this.#admitWaiting()
      }
      const waiting: Waiting = {
        bytes,
        admit: () => {
          signal.removeEventListener('abort', abort)
          this.#reserved += bytes
          resolve()
        },
      }
      signal.addEventListener('abort', abort, { once: true })
      this.#waiting.push(waiting)
    })
  }

  #admitWaiting(): void {
    while (this.#waiting.length > 0 && this.#fits(this.#waiting[0].bytes)) this.#waiting.shift()!.admit()
  }
}
