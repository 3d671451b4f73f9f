import type { Stats } from 'node:fs'
import { type FileHandle, open, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { displayName } from '../../describe.js'
import { DasllamaError } from '../../errors.js'
import type { ByteSource } from '../../storage/source.js'
import { fileError } from './file-error.js'

/** Large enough for the disk's full speed, small enough for a prompt abort. */
const CHUNK_BYTES = 64 * 1024 * 1024

/** Reads directly into the caller's view, so that the bytes of a model are never held twice. */
class FileSource implements ByteSource {
  readonly name: string
  readonly size: number
  readonly version: string
  readonly #handle: FileHandle

  private constructor(name: string, stats: Stats, handle: FileHandle) {
    this.name = name
    this.size = stats.size
    this.version = versionOf(stats)
    this.#handle = handle
  }

  static async over(name: string, handle: FileHandle): Promise<FileSource> {
    return new FileSource(name, await handle.stat(), handle)
  }

  async read(offset: number, target: Uint8Array, signal?: AbortSignal): Promise<void> {
    let filled = 0
    while (filled < target.length) {
      signal?.throwIfAborted()
      const wanted = Math.min(target.length - filled, CHUNK_BYTES)
      const { bytesRead } = await this.#handle
        .read(target, filled, wanted, offset + filled)
        .catch((cause) => {
          throw fileError(this.name, cause)
        })
      if (bytesRead === 0) {
        throw new DasllamaError(
          'TRUNCATED',
          `${displayName(this.name)}: the file ends at byte ${offset + filled}, ${target.length - filled} bytes too early`,
          { hint: 'the file may still be downloading, or the download broke off' },
        )
      }
      filled += bytesRead
    }
    signal?.throwIfAborted()
  }

  async checkUnchanged(): Promise<void> {
    const stats = await this.#handle.stat()
    if (stats.size === this.size && versionOf(stats) === this.version) return
    throw new DasllamaError('IO', `${displayName(this.name)}: the file was changed while it was read`, {
      hint: 'load it again when it is no longer being written',
    })
  }

  sibling(fileName: string): Promise<ByteSource> {
    return openFile(join(dirname(this.name), fileName))
  }

  close(): Promise<void> {
    return this.#handle.close()
  }
}

/** Changes when the file is written, and when another one takes its name. */
function versionOf({ mtimeMs, ino }: Stats): string {
  return `${mtimeMs}-${ino}`
}

/** Opens a file of the disk for reading. Rejects with `NOT_FOUND` and `IO`. */
export async function openFile(path: string): Promise<ByteSource> {
  try {
    // Checked before opening, because opening a pipe would wait for its writer.
    const found = await stat(path)
    if (!found.isFile()) {
      const kind = found.isDirectory() ? 'a directory' : 'not a regular file'
      throw new DasllamaError('IO', `${displayName(path)} is ${kind}`, {
        hint: 'give the path of a model file',
      })
    }
    const handle = await open(path, 'r')
    return await FileSource.over(path, handle)
  } catch (cause) {
    throw fileError(path, cause)
  }
}
