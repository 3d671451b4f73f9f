import { randomBytes } from 'node:crypto'
import type { BigIntStats } from 'node:fs'
import { type FileHandle, open, rename, rm, stat, statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import { byteSize, displayName } from '../../describe.js'
import { DasllamaError } from '../../errors.js'
import type { CreateOutput, OutputFile } from '../../quantize/output-file.js'
import { fileError } from './file-error.js'

const NO_FOLDER = 'there is no such directory to write it to'

/** See `CreateOutput`. The temporary file is next to the final one, so that renaming it replaces that at once. */
export const createOutput: CreateOutput = async (path, { size, replace, inputs }) => {
  await checkTarget(path, replace, inputs)
  await checkSpace(path, size)
  const temporary = `${path}.${randomBytes(4).toString('hex')}.part`
  const handle = await open(temporary, 'wx').catch((cause) => {
    throw fileError(path, cause, NO_FOLDER)
  })
  return new NodeOutputFile(path, temporary, handle)
}

class NodeOutputFile implements OutputFile {
  readonly #path: string
  readonly #temporary: string
  readonly #handle: FileHandle

  constructor(path: string, temporary: string, handle: FileHandle) {
    this.#path = path
    this.#temporary = temporary
    this.#handle = handle
  }

  async write(offset: number, bytes: Uint8Array): Promise<void> {
    let written = 0
    while (written < bytes.length) {
      const { bytesWritten } = await this.#attempt(() =>
        this.#handle.write(bytes, written, bytes.length - written, offset + written),
      )
      written += bytesWritten
    }
  }

  async finish(): Promise<void> {
    try {
      // Some file systems report a full disk only now.
      await this.#attempt(() => this.#handle.sync())
      await this.#attempt(() => this.#handle.close())
      await this.#attempt(() => rename(this.#temporary, this.#path))
    } catch (error) {
      await this.abandon()
      throw error
    }
  }

  async abandon(): Promise<void> {
    await this.#handle.close().catch(() => {})
    await rm(this.#temporary, { force: true }).catch(() => {})
  }

  #attempt<T>(work: () => Promise<T>): Promise<T> {
    return work().catch((cause) => {
      throw fileError(this.#path, cause, NO_FOLDER)
    })
  }
}

async function checkTarget(path: string, replace: boolean, inputs: readonly string[]): Promise<void> {
  const found = await statOf(path)
  if (!found) return
  if (!found.isFile()) {
    const kind = found.isDirectory() ? 'a directory' : 'not a regular file'
    throw new DasllamaError('IO', `${displayName(path)} is ${kind}`, { hint: 'give the path of a new file' })
  }
  for (const input of inputs) {
    const other = await statOf(input)
    if (other?.ino !== found.ino || other.dev !== found.dev) continue
    throw new DasllamaError('INVALID_ARGUMENT', `${displayName(path)} is the file that is read`, {
      hint: 'give the output another name',
    })
  }
  if (replace) return
  throw new DasllamaError('INVALID_ARGUMENT', `${displayName(path)} exists already`, {
    hint: 'give another name, or --force to replace it',
  })
}

async function statOf(path: string): Promise<BigIntStats | undefined> {
  try {
    return await stat(path, { bigint: true })
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw fileError(path, cause, NO_FOLDER)
  }
}

async function checkSpace(path: string, size: number): Promise<void> {
  // Not every file system knows: then writing may fail later.
  const space = await statfs(dirname(path)).catch(() => undefined)
  if (!space || space.blocks === 0) return
  const free = space.bavail * space.bsize
  if (free >= size) return
  throw new DasllamaError(
    'IO',
    `${displayName(path)}: the file needs ${byteSize(size)}, but its disk has ${byteSize(free)} left`,
  )
}
