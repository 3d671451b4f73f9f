import { byteSize, displayName } from '../../describe.js'
import { DasllamaError } from '../../errors.js'

/** Failures of a store, in words that say what to do. */

/** `needed`: bytes that are still to be written. */
export function noSpace(
  name: string,
  { needed, free, cause }: { needed: number; free: number | undefined; cause?: unknown },
): DasllamaError {
  // Some browsers report more than they grant.
  const isKnown = free !== undefined && free < needed
  const there = isKnown ? `there are ${byteSize(free)}` : 'the storage takes no more'
  return new DasllamaError('NO_SPACE', `${displayName(name)} needs ${byteSize(needed)} more, but ${there}`, {
    hint: 'free space, for example by removing stored models (`dasllama list`, `dasllama rm`, or list() and remove() of the store): the download then continues where it stopped',
    cause,
  })
}

export function wrongLength(name: string, stated: number, got: number): DasllamaError {
  return new DasllamaError(
    'BAD_FORMAT',
    `${displayName(name)}: the server's file has ${got} bytes instead of ${stated}`,
    { hint: 'a proxy or mirror may serve another file: check the address' },
  )
}

export function wrongChecksum(name: string, stated: string, got: string): DasllamaError {
  return new DasllamaError(
    'BAD_FORMAT',
    `${displayName(name)}: checksum mismatch: the server states the SHA-256 ${stated}, but the bytes that arrived have ${got}`,
    { hint: 'the bytes were changed on the way and have been discarded: pull the model again' },
  )
}

export function storedDamaged(name: string, cause?: unknown): DasllamaError {
  return new DasllamaError('BAD_FORMAT', `${displayName(name)}: the stored file is damaged`, {
    hint: 'remove it from the store and pull it again',
    cause,
  })
}

export function notStored(name: string): DasllamaError {
  return new DasllamaError('NOT_FOUND', `${displayName(name)} is not in the store`, {
    hint: '`dasllama list`, or list() of the store, shows what is',
  })
}

export function lockLost(name: string): DasllamaError {
  return new DasllamaError(
    'IO',
    `${displayName(name)}: another process has taken over the download while this one was suspended`,
    { hint: 'pull it again: that waits for the other one' },
  )
}
