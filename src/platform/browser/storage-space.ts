import { describeFailure } from '../../describe.js'
import { DasllamaError } from '../../errors.js'

/** What the origin may still store, in bytes; `undefined` where the browser does not say. */
export async function freeSpace(): Promise<number | undefined> {
  try {
    const { quota, usage } = await navigator.storage.estimate()
    return quota === undefined || usage === undefined ? undefined : Math.max(0, quota - usage)
  } catch {
    return undefined
  }
}

export async function persist(): Promise<boolean> {
  try {
    return await navigator.storage.persist()
  } catch {
    return false
  }
}

/** The error for a failed operation on a browser's storage. */
export function storageError(storage: string, cause: unknown): DasllamaError {
  if (cause instanceof DasllamaError) return cause
  const { name } = cause as DOMException
  if (name === 'QuotaExceededError') {
    return new DasllamaError('NO_SPACE', `${storage} is full`, { cause })
  }
  const isDenied = name === 'SecurityError' || name === 'NotAllowedError'
  return new DasllamaError('IO', `${storage}: ${describeFailure(cause)}`, {
    hint: isDenied
      ? 'the browser denies storage, as in private windows or where cookies are blocked: allow it for this page, or load without a store'
      : undefined,
    cause,
  })
}
