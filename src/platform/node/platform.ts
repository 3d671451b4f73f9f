/** Node, and also Deno and Bun, which provide its modules. */

import { readFileSync, type Stats } from 'node:fs'
import { type FileHandle, open, readFile, stat } from 'node:fs/promises'
import { availableParallelism, cpus } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { KERNEL_FILES, type KernelBuild } from '../../backend/wasm/kernel-builds.js'
import type { Thread, ThreadStart } from '../../backend/wasm/threads.js'
import { displayName } from '../../describe.js'
import { DasllamaError } from '../../errors.js'
import type { ByteSource } from '../../storage/source.js'
import type { Platform } from '../platform.js'
import { startEngineThread } from './engine-threads.js'
import { fileError } from './file-error.js'
import { placesInDist, programAt } from './places.js'
import { wideVectors } from './wide-vectors.js'

/** Large enough for the disk's full speed, small enough for a prompt abort. */
const CHUNK_BYTES = 64 * 1024 * 1024

/** Reads directly into the caller's view, so that the bytes of a model are never held twice. */
class FileSource implements ByteSource {
  readonly name: string
  readonly size: number
  readonly version: string
  readonly #handle: FileHandle

  private constructor(name: string, { size, mtimeMs }: Stats, handle: FileHandle) {
    this.name = name
    this.size = size
    this.version = String(mtimeMs)
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
    const { size, mtimeMs } = await this.#handle.stat()
    if (size === this.size && String(mtimeMs) === this.version) return
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

async function loadKernels(build: KernelBuild = 'baseline'): Promise<Uint8Array<ArrayBuffer>> {
  const file = KERNEL_FILES[build]
  const places = placesInDist(file)
  for (const place of places) {
    const bytes = await readFile(place).catch(() => undefined)
    if (bytes) return new Uint8Array(bytes)
  }
  const name = places[0]?.protocol === 'file:' ? fileURLToPath(places[0]) : file
  throw new DasllamaError('NOT_FOUND', `${name}: the kernels are not there`, {
    hint: `if a bundler moved the package, leave it out of the bundle (in Next: serverExternalPackages: ['dasllama']), or pass the bytes of dasllama/${file} as the option \`kernels\``,
  })
}

async function startThread(start: ThreadStart, signal?: AbortSignal): Promise<Thread> {
  const place = programAt('node-thread.js', 'pass threads: 1')
  // Without the process's loaders and flags: the program is plain JavaScript.
  const worker = new Worker(place, { workerData: start, execArgv: [] })
  const ended = new Promise<string>((end) => {
    worker.once('error', (error: Error) => end(error.message))
    worker.once('exit', (code) => end(`exit code ${code}`))
  })
  const terminate = () => void worker.terminate()
  signal?.addEventListener('abort', terminate, { once: true })
  try {
    const ready = new Promise((resolve) => worker.once('message', resolve))
    const failure = await Promise.race([ready.then(() => undefined), ended])
    if (failure !== undefined) throw new Error(failure)
  } finally {
    signal?.removeEventListener('abort', terminate)
  }
  worker.unref()
  return { ended, terminate }
}

/** Number of physical cores, as far as the system reports it, and at most the processors that this process may use. */
export function physicalCores(): number {
  const usable = availableParallelism()
  // Deno would prompt the user for permission to read that.
  if (process.platform === 'linux' && !('Deno' in globalThis)) {
    const siblings = cpus().map((_, i) => readSiblings(i))
    if (!siblings.includes(undefined)) return Math.max(1, Math.min(usable, new Set(siblings).size))
  }
  // Intel's and AMD's processors mostly have two threads per core.
  return process.arch === 'x64' ? Math.ceil(usable / 2) : usable
}

/** Linux's list of the processors that share a processor's core. */
function readSiblings(processor: number): string | undefined {
  try {
    return readFileSync(`/sys/devices/system/cpu/cpu${processor}/topology/thread_siblings_list`, 'utf8')
  } catch {
    return undefined
  }
}

export const platform: Platform = {
  name: 'node',
  baseUrl: undefined,
  async openPath(path) {
    const isUrl = typeof path !== 'string' || path.startsWith('file:')
    return openFile(isUrl ? fileUrlToPath(path) : path)
  },
  loadKernels,
  wideVectors,
  isPage: false,
  startEngineThread: async (signal) =>
    startEngineThread(programAt('node-engine-thread.js', 'leave it out of the bundle'), signal),
  threads: {
    get physicalCores() {
      return physicalCores()
    },
    maySleep: true,
    startThread,
  },
}

function fileUrlToPath(url: string | URL): string {
  try {
    return fileURLToPath(url)
  } catch (cause) {
    throw new DasllamaError(
      'INVALID_ARGUMENT',
      `${displayName(String(url))} is not the URL of a local file`,
      { cause },
    )
  }
}
