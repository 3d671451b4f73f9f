import { pause } from './pause.js'

/**
 * Milliseconds of computing between two pauses, in which the event loop runs. Operations are cut to take less, so a timer
 * waits for at most twice this; Firefox renders a frame after every fourth pause, 20 per second. A pause took 0.25 ms in
 * browsers and 0.08 ms in Node on a busy machine (bench/responsive, 2026-11-28).
 */
export const SLICE_MS = 12

/**
 * Multiply-adds, 10 to 50 ms of them, after which a clock with an unchanged reading counts as stopped. In workerd the clock
 * stops between I/O; in browsers it may tick only once per 1 or 100 ms, against fingerprinting.
 */
const STALLED_CLOCK_SIZE = 2.5e8

/** Assumed size of an operation of unknown size. */
const TYPICAL_SIZE = 4e6

export interface PacerOptions {
  /** A clock in milliseconds. */
  readonly now: () => number
  /** Lets the event loop run once. */
  readonly pause: () => Promise<void>
  /** Default `SLICE_MS`. */
  readonly sliceMs?: number
}

/**
 * Decides when a long computation yields to the event loop. The computation calls `isDue` between its operations, and
 * `pause` when that is true. All computations on a thread share one pacer, because they share the event loop.
 */
export class Pacer {
  readonly #now: () => number
  readonly #pause: () => Promise<void>
  readonly #sliceMs: number
  /** Time of the last known run of the event loop. */
  #lastPause: number
  #reading: number
  /** Multiply-adds since the clock's reading last changed. */
  #sizeAtReading = 0

  constructor({ now, pause, sliceMs = SLICE_MS }: PacerOptions) {
    this.#now = now
    this.#pause = pause
    this.#sliceMs = sliceMs
    this.#lastPause = this.#reading = now()
  }

  now(): number {
    return this.#now()
  }

  /**
   * Whether it is time to `pause`. `now`: the clock's reading, if the caller has read it already; `size`: multiply-adds
   * since the last call.
   */
  isDue(now = this.#now(), size = TYPICAL_SIZE): boolean {
    this.#sizeAtReading = now === this.#reading ? this.#sizeAtReading + size : 0
    this.#reading = now
    const since = now - this.#lastPause
    // A clock may be set back.
    return since >= this.#sliceMs || since < 0 || this.#sizeAtReading >= STALLED_CLOCK_SIZE
  }

  /** Lets the event loop run once. */
  async pause(): Promise<void> {
    await this.#pause()
    this.#lastPause = this.#reading = this.#now()
    this.#sizeAtReading = 0
  }

  /** Pauses if it is time; rejects with the signal's reason if it is aborted. */
  async yieldIfDue(signal?: AbortSignal): Promise<void> {
    if (this.isDue()) await this.pause()
    signal?.throwIfAborted()
  }
}

/** The pacer of this thread. */
export const pacer = /* @__PURE__ */ new Pacer({
  now: /* @__PURE__ */ performance.now.bind(performance),
  pause,
})
