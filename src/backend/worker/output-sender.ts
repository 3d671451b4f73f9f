import { abortable } from '../../abortable.js'
import type { OutputGroup, StateNotice } from './messages.js'

/** Rows are sent together up to so many bytes; larger ones alone. */
export const GROUP_BYTES = 2 ** 20
/** Groups that have been sent and not yet been taken, at most. */
export const GROUPS_IN_FLIGHT = 2

export interface OutputSenderOptions {
  /** How many outputs the batch has. */
  readonly outputs: number
  readonly send: (group: OutputGroup) => void
  /** The state that goes with the last group. */
  readonly state: () => StateNotice
  /** Buffers that have come back; those of this batch are added. */
  readonly spare: ArrayBuffer[]
  /** Ends waiting. */
  readonly signal: AbortSignal
}

/**
 * Sends a batch's outputs to the other side of a channel, in groups, and waits for them to be taken: before more than
 * `GROUPS_IN_FLIGHT` are on the way, and after the last one, since a batch whose outputs are not taken must fail.
 */
export class OutputSender {
  readonly #options: OutputSenderOptions
  #left: number
  #group: { readonly values: Float32Array<ArrayBuffer>; readonly most: number; rows: number[] } | undefined
  #inFlight = 0
  #wake: (() => void) | undefined

  constructor(options: OutputSenderOptions) {
    this.#options = options
    this.#left = options.outputs
  }

  take(row: number, values: Float32Array, ms: number): void | Promise<void> {
    const width = values.length
    this.#group ??= this.#begin(width)
    const { rows, most, values: target } = this.#group
    target.set(values, rows.length * width)
    rows.push(row)
    this.#left--
    if (this.#left > 0 && rows.length < most) return
    this.#group = undefined
    this.#inFlight++
    const isLast = this.#left === 0
    const state = isLast ? this.#options.state() : undefined
    this.#options.send({ rows, buffer: target.buffer, width, ms, state })
    return this.#whileMoreThan(isLast ? 0 : GROUPS_IN_FLIGHT - 1)
  }

  /** A group has been taken. */
  taken(): void {
    this.#inFlight--
    this.#wake?.()
  }

  #begin(width: number) {
    const rowBytes = 4 * width
    const most = Math.min(this.#left, Math.max(1, Math.floor(GROUP_BYTES / rowBytes)))
    const spare = this.#options.spare.pop()
    const buffer = spare && spare.byteLength >= most * rowBytes ? spare : new ArrayBuffer(most * rowBytes)
    return { values: new Float32Array(buffer), most, rows: [] }
  }

  async #whileMoreThan(count: number): Promise<void> {
    while (this.#inFlight > count) {
      const taken = new Promise<void>((resolve) => {
        this.#wake = resolve
      })
      await abortable(taken, this.#options.signal)
    }
  }
}
