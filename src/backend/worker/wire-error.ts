import { describeFailure } from '../../describe.js'
import { DasllamaError, type ErrorCode } from '../../errors.js'
import { isA } from '../../read-list.js'

/** An error as plain data, because posting loses an error's class and a subclass's properties. */
export interface WireError {
  readonly name: string
  readonly message: string
  /** Of a `DasllamaError`. */
  readonly code?: ErrorCode
  readonly hint?: string
  readonly cause?: WireError
  /** Its number on the side that sends it. */
  readonly number: number
  /** Its number on the side that receives it, if it comes back. */
  readonly returned?: number
}

/** Largest depth of causes that is sent. */
const MOST_CAUSES = 4

/** How many of the errors sent are kept, in case they come back. */
const MOST_SENT = 50

/**
 * One side's errors on their way to the other side. What comes back is the original: what a caller's source throws reaches
 * the caller as the same object, though it has been to the engine's thread and back.
 */
export class WireErrors {
  readonly #sent = new Map<number, unknown>()
  /** Numbers of the other side. */
  readonly #received = new WeakMap<object, number>()
  #nextNumber = 1

  toWire(error: unknown): WireError {
    return this.#toWire(error, MOST_CAUSES)
  }

  fromWire(wire: WireError): unknown {
    const { name, message, code, hint, cause: wireCause, number, returned } = wire
    if (returned !== undefined && this.#sent.has(returned)) return this.#sent.get(returned)
    const cause = wireCause && this.fromWire(wireCause)
    const error =
      code === undefined
        ? Object.assign(new Error(message, wireCause && { cause }), { name })
        : new DasllamaError(code, message, { ...(hint !== undefined && { hint }), cause })
    this.#received.set(error, number)
    return error
  }

  #toWire(error: unknown, causes: number): WireError {
    const number = this.#keep(error)
    if (!isA(Error, error)) return { name: 'Error', message: describeFailure(error), number }
    const { name, message, cause } = error
    const returned = this.#received.get(error)
    return {
      name: String(name),
      message: String(message),
      number,
      ...(returned !== undefined && { returned }),
      ...(isA(DasllamaError, error) && {
        code: error.code,
        ...(error.hint !== undefined && { hint: error.hint }),
      }),
      ...(cause !== undefined && causes > 0 && { cause: this.#toWire(cause, causes - 1) }),
    }
  }

  #keep(error: unknown): number {
    const number = this.#nextNumber++
    this.#sent.set(number, error)
    this.#sent.delete(number - MOST_SENT)
    return number
  }
}
