import { createHash, randomBytes } from 'node:crypto'
import {
  appendFile,
  type FileHandle,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  statfs,
  writeFile,
} from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { displayName } from '../../describe.js'
import { DasllamaError } from '../../errors.js'
import type { ByteSource } from '../../storage/source.js'
import type {
  FileStat,
  LockOptions,
  PartialFile,
  StoreFolder,
  StoreLock,
} from '../../storage/store/folder.js'
import { RangeSet } from '../../storage/store/range-set.js'
import type { Hasher } from '../../storage/store/sha256.js'
import { fileError } from './file-error.js'
import { openFile } from './file-source.js'
import { lockFile } from './lock-file.js'

/** The folder of stored models: `DASLLAMA_HOME`, or the system's folder for caches. */
export function defaultStorePath(env: Readonly<Record<string, string | undefined>> = process.env): string {
  if (env.DASLLAMA_HOME) return join(env.DASLLAMA_HOME, 'models')
  return join(cacheFolder(env), 'dasllama', 'models')
}

function cacheFolder(env: Readonly<Record<string, string | undefined>>): string {
  if (env.XDG_CACHE_HOME) return env.XDG_CACHE_HOME
  if (process.platform === 'win32' && env.LOCALAPPDATA) return env.LOCALAPPDATA
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Caches')
  return join(homedir(), '.cache')
}

/**
 * A folder of the disk. A file that is arriving is `NAME.part`, with its pieces listed in `NAME.journal`; it is renamed when it
 * is whole. Nothing is created before something is written.
 */
export function storeFolder(path: string): StoreFolder {
  return new NodeFolder(path)
}

class NodeFolder implements StoreFolder {
  readonly name: string

  constructor(path: string) {
    this.name = path
  }

  async texts(): Promise<string[]> {
    const names = await readdir(this.name).catch((cause) => {
      if (isMissing(cause)) return []
      throw fileError(this.name, cause)
    })
    return names.filter((name) => name.endsWith('.json'))
  }

  async readText(name: string): Promise<string | undefined> {
    const path = this.#path(name)
    return readFile(path, 'utf8').catch((cause) => {
      if (isMissing(cause)) return undefined
      throw fileError(path, cause)
    })
  }

  async writeText(name: string, text: string): Promise<void> {
    const path = this.#path(name)
    const temporary = `${path}.${randomBytes(4).toString('hex')}.tmp`
    await this.#written(path, async () => {
      await mkdir(this.name, { recursive: true })
      await writeFile(temporary, text)
      await rename(temporary, path)
    }).catch(async (error) => {
      await rm(temporary, { force: true }).catch(() => {})
      throw error
    })
  }

  async removeText(name: string): Promise<void> {
    await this.#remove(name)
  }

  async partial(name: string): Promise<PartialFile> {
    const path = this.#path(name)
    return this.#written(path, async () => {
      await mkdir(this.name, { recursive: true })
      // Opened for reading and writing, and created if there is none, without truncating it.
      const handle = await open(`${path}.part`, 'a+').then(async (created) => {
        await created.close()
        return open(`${path}.part`, 'r+')
      })
      return new PartFile(path, handle, await journalled(path, (await handle.stat()).size))
    })
  }

  async partialBytes(name: string): Promise<number> {
    const path = this.#path(name)
    const size = await stat(`${path}.part`).then(
      (found) => found.size,
      () => 0,
    )
    return (await journalled(path, size)).bytes
  }

  async stat(name: string): Promise<FileStat | undefined> {
    const path = this.#path(name)
    try {
      const found = await stat(path)
      return found.isFile() ? { size: found.size, version: String(found.mtimeMs) } : undefined
    } catch (cause) {
      if (isMissing(cause)) return undefined
      throw fileError(path, cause)
    }
  }

  async open(name: string): Promise<string> {
    return this.#path(name)
  }

  read(name: string): Promise<ByteSource> {
    return openFile(this.#path(name))
  }

  async removeFile(name: string): Promise<void> {
    for (const suffix of ['', '.part', '.journal']) await this.#remove(name + suffix)
  }

  lock(name: string, options?: LockOptions): Promise<StoreLock> {
    return lockFile(`${this.#path(name)}.lock`, options)
  }

  async freeSpace(): Promise<number | undefined> {
    // Not every file system knows: then writing may fail later.
    const space = await statfs(this.name).catch(() => undefined)
    return space && space.blocks > 0 ? space.bavail * space.bsize : undefined
  }

  hasher(): Hasher {
    const hash = createHash('sha256')
    return {
      update: (bytes) => void hash.update(bytes),
      hex: () => hash.digest('hex'),
    }
  }

  async persist(): Promise<boolean> {
    return true
  }

  /** Names never contain a separator; this is a second check, so that no untrusted name ever leads out of the folder. */
  #path(name: string): string {
    if (/^[A-Za-z0-9_-][A-Za-z0-9._-]*$/.test(name)) return join(this.name, name)
    throw new DasllamaError('INVALID_ARGUMENT', `${displayName(name)} is not the name of a stored file`)
  }

  async #remove(name: string): Promise<void> {
    const path = this.#path(name)
    await rm(path, { force: true }).catch((cause) => {
      throw fileError(path, cause)
    })
  }

  async #written<T>(path: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (cause) {
      throw writeError(path, cause)
    }
  }
}

/** The pieces that a journal lists, as far as they lie within `size` bytes. A line that was cut is ignored. */
async function journalled(path: string, size: number): Promise<RangeSet> {
  const text = await readFile(`${path}.journal`, 'utf8').catch(() => '')
  const ranges = new RangeSet()
  for (const [, start, end] of text.matchAll(/^(\d{1,16}) (\d{1,16})\n/gm)) {
    if (Number(end) <= size) ranges.add({ start: Number(start), end: Number(end) })
  }
  return ranges
}

class PartFile implements PartialFile {
  readonly #path: string
  readonly #handle: FileHandle
  #ranges: RangeSet
  #closing: Promise<void> | undefined

  constructor(path: string, handle: FileHandle, ranges: RangeSet) {
    this.#path = path
    this.#handle = handle
    this.#ranges = ranges
  }

  get ranges(): RangeSet {
    return this.#ranges
  }

  async write(offset: number, bytes: Uint8Array): Promise<void> {
    if (bytes.length === 0) return
    await this.#attempt(async () => {
      for (let written = 0; written < bytes.length; ) {
        const { bytesWritten } = await this.#handle.write(
          bytes,
          written,
          bytes.length - written,
          offset + written,
        )
        written += bytesWritten
      }
      // Before the journal says that they are there.
      await this.#handle.datasync()
      await appendFile(`${this.#path}.journal`, `${offset} ${offset + bytes.length}\n`)
    })
    this.#ranges.add({ start: offset, end: offset + bytes.length })
  }

  async read(offset: number, target: Uint8Array): Promise<void> {
    await this.#attempt(async () => {
      for (let filled = 0; filled < target.length; ) {
        const { bytesRead } = await this.#handle.read(target, filled, target.length - filled, offset + filled)
        if (bytesRead === 0) throw new Error('the partial file has been truncated')
        filled += bytesRead
      }
    })
  }

  async reset(): Promise<void> {
    this.#ranges = new RangeSet()
    await this.#attempt(async () => {
      await rm(`${this.#path}.journal`, { force: true })
      await this.#handle.truncate(0)
    })
  }

  async finish(size: number): Promise<FileStat> {
    return this.#attempt(async () => {
      await this.#handle.truncate(size)
      await this.#handle.sync()
      await rename(`${this.#path}.part`, this.#path)
      await rm(`${this.#path}.journal`, { force: true })
      return { size, version: String((await stat(this.#path)).mtimeMs) }
    })
  }

  close(): Promise<void> {
    this.#closing ??= this.#handle.close()
    return this.#closing
  }

  async #attempt<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (cause) {
      throw writeError(this.#path, cause)
    }
  }
}

function writeError(path: string, cause: unknown): DasllamaError {
  const { code } = cause as NodeJS.ErrnoException
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new DasllamaError('NO_SPACE', `${displayName(path)}: the disk is full`, { cause })
  }
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
    return new DasllamaError('IO', `${displayName(path)}: no permission to write`, {
      hint: 'set DASLLAMA_HOME, or the option `folder` of openStore, to a folder that may be written to',
      cause,
    })
  }
  return fileError(path, cause, 'it is missing, or its folder is')
}

function isMissing(cause: unknown): boolean {
  return ['ENOENT', 'ENOTDIR'].includes((cause as NodeJS.ErrnoException).code ?? '')
}
