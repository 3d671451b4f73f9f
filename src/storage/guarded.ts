import { abortable } from '../abortable.js'
import { readParts } from './parts.js'
import type { ByteSource } from './source.js'

/**
 * Wraps a source so that reads reject when their signal is aborted, even if the source ignores the signal, and so that
 * `close` closes once and never waits for an abandoned read. An abandoned read may still write to its target, which its
 * caller no longer uses.
 */
export function guarded(source: ByteSource): ByteSource {
  let abandoned = 0
  const guard = async <T>(work: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> => {
    signal?.throwIfAborted()
    let isOpen = true
    const running = work().finally(() => {
      isOpen = false
    })
    try {
      return await abortable(running, signal)
    } catch (error) {
      if (isOpen) {
        abandoned++
        const settle = () => void abandoned--
        running.then(settle, settle)
      }
      throw error
    }
  }
  let closing: Promise<void> | undefined
  const { sibling, checkUnchanged } = source
  return {
    name: source.name,
    get size() {
      return source.size
    },
    version: source.version,
    isSequential: source.isSequential,
    read: (offset, target, signal) => guard(async () => source.read(offset, target, signal), signal),
    readParts:
      source.readParts && ((parts, signal) => guard(async () => readParts(source, parts, signal), signal)),
    checkUnchanged: checkUnchanged && (async () => checkUnchanged.call(source)),
    sibling: sibling && (async (fileName) => guarded(await sibling.call(source, fileName))),
    async close() {
      closing ??= (async () => source.close())()
      if (abandoned === 0) return closing
      closing.catch(() => undefined)
    },
  }
}
