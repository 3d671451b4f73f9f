import { abortable } from '../abortable.js'
import { readParts } from './parts.js'
import type { ByteSource } from './source.js'

/**
 * A source whose reads end with their signal even where the source does not listen to it, and whose `close` closes once and
 * never waits for a read that was given up. What such a read brings later goes nowhere that counts: whoever gave it up has let go of the target.
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
