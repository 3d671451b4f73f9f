import { DasllamaError } from '../errors.js'

/** Failures in the middle of a response. */

export function endsEarly(name: string, got: number, wanted: number): DasllamaError {
  return new DasllamaError('TRUNCATED', `${name}: the response ended after ${got} of ${wanted} bytes`, {
    hint: 'the connection may have been interrupted: try again',
  })
}

export function replaced(name: string): DasllamaError {
  return new DasllamaError('IO', `${name}: the file on the server was replaced while it was read`, {
    hint: 'load it again from the beginning',
  })
}
