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
}

/** Largest depth of causes that is sent. */
const MOST_CAUSES = 4

export function toWire(error: unknown, causes = MOST_CAUSES): WireError {
  if (!isA(Error, error)) return { name: 'Error', message: describeFailure(error) }
  const { name, message, cause } = error
  return {
    name: String(name),
    message: String(message),
    ...(isA(DasllamaError, error) && {
      code: error.code,
      ...(error.hint !== undefined && { hint: error.hint }),
    }),
    ...(cause !== undefined && causes > 0 && { cause: toWire(cause, causes - 1) }),
  }
}

export function fromWire({ name, message, code, hint, cause: wire }: WireError): Error {
  const cause = wire && fromWire(wire)
  if (code !== undefined)
    return new DasllamaError(code, message, { ...(hint !== undefined && { hint }), cause })
  const error = new Error(message, cause && { cause })
  error.name = name
  return error
}
