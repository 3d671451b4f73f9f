import type { ByteSource } from '../source.js'
import type { Download } from './download.js'

/**
 * A file that is still arriving: each read waits for its bytes, and `checkUnchanged` for the whole file and its checksum, so that
 * nothing is used before it is known to be correct. Takes over the place of a caller of the download: `leave` is called by
 * `close`. `undefined` if the file was stored meanwhile.
 */
export async function arrivingSource(
  name: string,
  download: Download,
  leave: () => Promise<void>,
): Promise<ByteSource | undefined> {
  download.addReader()
  const opened = await download.opened
  if (!opened) return undefined
  return {
    name,
    size: opened.size,
    version: opened.version,
    read: (offset, target, signal) => download.read(offset, target, signal),
    checkUnchanged: async () => void (await download.finished),
    close: leave,
  }
}
