import { CallInProgress, type Calls } from '../call.js'
import type { MalformedReason } from '../events.js'
import type { CallReader } from '../machine.js'

/**
 * A call between two markers. The closing one may be missing where the reply or the next call follows a whole call.
 * `Place` says where in the call the reader is: `head` at first, `tail` when only the closing marker is to come, `broken`
 * when it is no call any more.
 */
export abstract class MarkedCallReader<Place extends string> implements CallReader {
  isOver = false
  protected call: CallInProgress
  readonly #calls: Calls
  protected place: Place | 'head' | 'tail' | 'broken' = 'head'
  readonly #open: string
  readonly #close: string

  constructor(calls: Calls, open: string, close: string) {
    this.#calls = calls
    this.call = new CallInProgress(calls, open)
    this.#open = open
    this.#close = close
  }

  abstract get markers(): readonly string[]
  /** Takes a part of `text`, which it appends to the call; returns how much. */
  protected abstract read(text: string): number
  /** Tells the whole call. */
  protected abstract finish(): void

  /** Reports the whole call; another one begins. */
  protected next(): void {
    this.finish()
    this.call = new CallInProgress(this.#calls, '')
    this.place = 'head'
  }

  text(text: string): number {
    const read = this.read(text)
    if (this.call.isTooLong) this.#fail('too-long')
    return read
  }

  marker(marker: string): boolean {
    if (marker === this.#open) {
      this.end('', 'invalid-json')
      return false
    }
    if (marker !== this.#close) return false
    this.end(marker, 'invalid-json')
    return true
  }

  end(rest: string, otherwise: MalformedReason = 'incomplete'): void {
    this.call.append(rest)
    if (this.place === 'tail') {
      this.isOver = true
      this.finish()
    } else this.#fail(this.place === 'broken' ? 'invalid-json' : otherwise)
  }

  #fail(reason: MalformedReason): void {
    this.isOver = true
    this.call.fail(reason)
  }
}
