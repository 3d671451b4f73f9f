/** Node, and also Deno and Bun, which provide its modules. */

import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { availableParallelism, cpus } from 'node:os'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Worker } from 'node:worker_threads'
import { brotliDecompress } from 'node:zlib'
import { KERNEL_FILES, type KernelBuild } from '../../backend/wasm/kernel-builds.js'
import type { Thread, ThreadStart } from '../../backend/wasm/threads.js'
import { displayName } from '../../describe.js'
import { DasllamaError } from '../../errors.js'
import type { Platform } from '../platform.js'
import { startEngineThread } from './engine-threads.js'
import { openFile } from './file-source.js'
import { placesInDist, programAt } from './places.js'
import { wideVectors } from './wide-vectors.js'

async function loadKernels(build: KernelBuild = 'baseline'): Promise<Uint8Array<ArrayBuffer>> {
  // No other platform reads these, so the package has them compressed: 360 kB become 70.
  const file = build === 'wide' ? (`${KERNEL_FILES.wide}.br` as const) : KERNEL_FILES[build]
  const places = placesInDist(file)
  for (const place of places) {
    const bytes = await readFile(place).catch(() => undefined)
    if (bytes) return new Uint8Array(build === 'wide' ? await promisify(brotliDecompress)(bytes) : bytes)
  }
  const name = places[0]?.protocol === 'file:' ? fileURLToPath(places[0]) : file
  const passed = KERNEL_FILES[build === 'wide' ? 'relaxed' : build]
  throw new DasllamaError('NOT_FOUND', `${name}: the kernels are not there`, {
    hint: `if a bundler moved the package, leave it out of the bundle (in Next: serverExternalPackages: ['dasllama']), or pass the bytes of dasllama/${passed} as the option \`kernels\``,
  })
}

async function startThread(start: ThreadStart, signal?: AbortSignal): Promise<Thread> {
  const place = programAt('node-thread.js', 'pass threads: 1')
  // Without the process's loaders and flags: the program is plain JavaScript.
  const worker: Worker = Reflect.construct(Worker, [place, { workerData: start, execArgv: [] }])
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
