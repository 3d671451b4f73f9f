import { pause } from './pause.js'

/**
 * Milliseconds that a computation goes on before it lets the event loop run. Operations are cut to take less, so timers
 * wait for two such times at most; pages of Firefox show a frame after every fourth turn, that is 20 in a second. A turn
 * took 0.25 ms in browsers and 0.08 ms in Node on a busy machine (bench/responsive, 2026-11-28).
 */
export const SLICE_MS = 12

/** So often the clock may read the same before it counts as standing still, as it does in workerd between I/O. */
const STILL_READINGS = 64

export interface PacerOptions {
  /** A clock in milliseconds. */
  readonly now: () => number
  /** Lets the event loop run once. */
  readonly turn: () => Promise<void>
  /** Default `SLICE_MS`. */
  readonly sliceMs?: number
}

/**
 * Tells a long computation when to let the event loop run. The computation asks between its operations, and pauses when
 * it is time; everything that computes on a thread shares one pacer, because it shares the event loop.
 */
export class Pacer {
  readonly #now: () => number
  readonly #turn: () => Promise<void>
  readonly #sliceMs: number
  /** When the event loop ran last, as far as we know. */
  #turned: number
  #reading: number
  /** How often the clock has read the same. */
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

  /** Whether it is time to `pause`. `now`: the clock's reading, where it has been read anyway. */
  isDue(now = this.#now()): boolean {
    if (now === this.#reading) this.#still++
    else this.#still = 0
    this.#reading = now
    const since = now - this.#turned
    // A clock may be set back.
    return since >= this.#sliceMs || since < 0 || this.#still >= STILL_READINGS
  }

  /** Lets the event loop run once. */
  async pause(): Promise<void> {
    await this.#turn()
    this.#turned = this.#reading = this.#now()
    this.#still = 0
  }

  /** Pauses if it is time; rejects with the signal's reason if it is aborted. */
  async breathe(signal?: AbortSignal): Promise<void> {
    if (this.isDue()) await this.pause()
    signal?.throwIfAborted()
  }
}

/** The thread's own. */
export const pacer = /* @__PURE__ */ new Pacer({
  now: /* @__PURE__ */ performance.now.bind(performance),
  turn: pause,
})
