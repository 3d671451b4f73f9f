import { resolve } from 'node:path'
import { DasllamaError } from '../errors.js'

/** What went wrong with the file `path`, in words. */
export function fileError(path: string, cause: unknown): DasllamaError {
  if (cause instanceof DasllamaError) return cause
  const { code, message } = cause as NodeJS.ErrnoException
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return new DasllamaError('NOT_FOUND', `${path}: there is no such file`, {
        hint: `looked for ${resolve(path)}`,
        cause,
      })
    case 'EACCES':
    case 'EPERM':
      return new DasllamaError('IO', `${path}: no permission to read it`, { cause })
    default:
      return new DasllamaError('IO', `${path}: ${message}`, { cause })
  }
}
