import { DasllamaError } from '../errors.js'

/** What may become of an answer that began well. */

export function endsEarly(name: string, got: number, wanted: number): DasllamaError {
  return new DasllamaError('TRUNCATED', `${name}: the answer ended after ${got} of ${wanted} bytes`, {
    hint: 'the connection may have broken: try again',
  })
}

export function replaced(name: string): DasllamaError {
  return new DasllamaError('IO', `${name}: the file on the server was replaced while it was read`, {
    hint: 'load it again from the beginning',
  })
}
