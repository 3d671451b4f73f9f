import { abortable } from '../../abortable.js'
import type { OutputGroup, StateNotice } from './messages.js'

/** Largest group of several rows, in bytes. */
export const GROUP_BYTES = 2 ** 20
/** Largest number of groups that have been sent but not taken. */
const GROUPS_IN_FLIGHT = 2

export interface OutputSenderOptions {
  /** Number of outputs of the batch. */
  readonly outputs: number
  readonly send: (group: OutputGroup) => void
  /** The state to send with the last group. */
  readonly state: () => StateNotice
  /** Returned buffers, for reuse; those of this batch are added. */
  readonly spare: ArrayBuffer[]
  /** Ends waiting. */
  readonly signal: AbortSignal
}

/**
 * Sends a batch's outputs to the other side of a channel, in groups. Waits until they have been taken: when
 * `GROUPS_IN_FLIGHT` are in flight, and after the last one, because a batch whose outputs are not taken must fail.
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

  /** Called when a group has been taken. */
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
