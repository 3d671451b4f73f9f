import { pause } from './pause.js'

/**
 * Milliseconds that a computation goes on before it lets the event loop run. Operations are cut to take less, so timers
 * wait for two such times at most; pages of Firefox show a frame after every fourth turn, that is 20 in a second. A turn
 * took 0.25 ms in browsers and 0.08 ms in Node on a busy machine (bench/responsive, 2026-11-28).
 */
export const SLICE_MS = 12

/**
 * Multiply-adds, 10 to 50 ms of them, after which a clock that reads the same counts as standing still. In workerd it does
 * between I/O; in browsers it may tick once in a millisecond, or in 100, to be of no use for fingerprints.
 */
const STILL_SIZE = 2.5e8

/** What an operation of unknown size counts as. */
const TYPICAL_SIZE = 4e6

export interface PacerOptions {
  /** A clock in milliseconds. */
  readonly now: () => number
  /** Lets the event loop run once. */
  readonly turn: () => Promise<void>
  /** Default `SLICE_MS`. */
  readonly sliceMs?: number
}

/**
 * Decides when a long computation lets the event loop run. The computation asks between its operations, and pauses when
 * it is time; everything that computes on a thread shares one pacer, because it shares the event loop.
 */
export class Pacer {
  readonly #now: () => number
  readonly #turn: () => Promise<void>
  readonly #sliceMs: number
  /** When the event loop ran last, as far as we know. */
  #turned: number
  #reading: number
  /** Multiply-adds since the clock last read something else. */
  #still = 0

  constructor({ now, turn, sliceMs = SLICE_MS }: PacerOptions) {
    this.#now = now
    this.#turn = turn
    this.#sliceMs = sliceMs
    this.#turned = this.#reading = now()
  }

  now(): number {
    return this.#now()
  }

  /**
   * Whether it is time to `pause`. `now`: the clock's reading, where it has been read anyway; `size`: multiply-adds since
   * this was last asked.
   */
  isDue(now = this.#now(), size = TYPICAL_SIZE): boolean {
    this.#still = now === this.#reading ? this.#still + size : 0
    this.#reading = now
    const since = now - this.#turned
    // A clock may be set back.
    return since >= this.#sliceMs || since < 0 || this.#still >= STILL_SIZE
  }

  /** Lets the event loop run once. */
  async pause(): Promise<void> {
    await this.#turn()
    this.#turned = this.#reading = this.#now()
    this.#still = 0
  }

  /** Pauses if it is time; rejects with the signal's reason if it is aborted. */
  async yieldIfDue(signal?: AbortSignal): Promise<void> {
    if (this.isDue()) await this.pause()
    signal?.throwIfAborted()
  }
}

/** The thread's own. */
export const pacer = /* @__PURE__ */ new Pacer({
  now: /* @__PURE__ */ performance.now.bind(performance),
  turn: pause,
})
