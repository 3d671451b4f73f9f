import { resolve } from 'node:path'
import { describeFailure, displayName } from '../../describe.js'
import { DasllamaError } from '../../errors.js'

/** The error for a failed operation on the file `path`. `missing`: the message if there is no such file. */
export function fileError(path: string, cause: unknown, missing = 'there is no such file'): DasllamaError {
  if (cause instanceof DasllamaError) return cause
  const { code, message } = cause as NodeJS.ErrnoException
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return new DasllamaError('NOT_FOUND', `${displayName(path)}: ${missing}`, {
        hint: resolve(path) === path ? undefined : `looked for ${displayName(resolve(path))}`,
        cause,
      })
    case 'EACCES':
    case 'EPERM':
      return new DasllamaError('IO', `${displayName(path)}: no permission`, { cause })
    case 'EISDIR':
      return new DasllamaError('IO', `${displayName(path)} is a directory`, { cause })
    case 'ENOSPC':
    case 'EDQUOT':
      return new DasllamaError('IO', `${displayName(path)}: the disk is full`, { cause })
    default:
      return new DasllamaError('IO', `${displayName(path)}: ${describeFailure(message)}`, { cause })
  }
}
