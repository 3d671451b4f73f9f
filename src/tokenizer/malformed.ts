import { DasllamaError } from '../errors.js'

export function malformed(message: string): DasllamaError {
  return new DasllamaError('BAD_FORMAT', message, {
    hint: 'the file may be damaged or badly converted; convert or download it again',
  })
}
