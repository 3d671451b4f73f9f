/** What web pages and their workers have in common. */

import { KERNEL_FILES, type KernelBuild } from '../../backend/wasm/kernel-builds.js'
import type { ThreadHost } from '../../backend/wasm/threads.js'
import { displayName } from '../../describe.js'
import { DasllamaError, type ErrorCode } from '../../errors.js'
import type { Platform } from '../platform.js'
import { startThread } from './threads.js'

/** Literal URLs, so that bundlers find them. Throws `NOT_FOUND` in a bundle that does not know its address. */
function kernelsUrl(build: KernelBuild): URL {
  try {
    return build === 'baseline'
      ? new URL('./kernels.wasm', import.meta.url)
      : new URL('./kernels-relaxed.wasm', import.meta.url)
  } catch (cause) {
    throw new DasllamaError('NOT_FOUND', 'the kernels are not found, because this bundle is not a module', {
      hint: `pass the bytes of dasllama/${KERNEL_FILES[build]} as the option \`kernels\`; or bundle as an ES module`,
      cause,
    })
  }
}

function servingHint(build: KernelBuild, { pathname }: URL): string {
  // Vite moves packages there, but not their files.
  if (pathname.includes('/.vite/')) return "add optimizeDeps: { exclude: ['dasllama'] } to the Vite config"
  const file = KERNEL_FILES[build]
  return `serve ${file} from the folder of the script that has the package; or, if a bundler moved the package, pass the bytes of dasllama/${file} as the option \`kernels\``
}

async function loadKernels(
  build: KernelBuild = 'baseline',
  signal?: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  const url = kernelsUrl(build)
  const fail = (code: ErrorCode, what: string, cause?: unknown) =>
    new DasllamaError(code, `${url}: ${what}`, {
      hint: servingHint(build, url),
      cause,
    })
  const response = await fetch(url, { signal }).catch((cause) => {
    signal?.throwIfAborted()
    throw fail('IO', 'the kernels cannot be fetched', cause)
  })
  if (!response.ok) {
    throw fail(
      response.status === 404 ? 'NOT_FOUND' : 'IO',
      `fetching the kernels failed with HTTP status ${response.status}`,
    )
  }
  const body = await response.arrayBuffer().catch((cause) => {
    signal?.throwIfAborted()
    throw fail('IO', 'the connection broke while the kernels were fetched', cause)
  })
  const bytes = new Uint8Array(body)
  if (MAGIC.every((byte, i) => byte === bytes[i])) return bytes
  const type = response.headers.get('content-type') ?? 'of no named type'
  throw fail('BAD_FORMAT', `the server's answer (${type}) is not a WebAssembly module`)
}

/** The first bytes of a WebAssembly module. */
const MAGIC = [0, 0x61, 0x73, 0x6d]

/** Half the processors that the browser reports: it does not report which of them share a core. */
function physicalCores(): number {
  const processors = globalThis.navigator?.hardwareConcurrency ?? 1
  return processors <= 2 ? processors : Math.ceil(processors / 2)
}

const threads: ThreadHost = {
  get physicalCores() {
    return physicalCores()
  },
  get maySleep() {
    return typeof globalThis.document === 'undefined'
  },
  startThread,
}

/**
 * The platform of a page or worker. The engine's thread starts no other one: its program would contain its own address, and
 * Turbopack (Next 16.4) waits forever for a Worker that it is bundling already.
 */
export function createPlatform(startEngineThread: Platform['startEngineThread']): Platform {
  return {
    name: 'browser',
    get baseUrl() {
      return globalThis.document?.baseURI ?? globalThis.location?.href
    },
    async openPath(path) {
      throw new DasllamaError('UNSUPPORTED', `${displayName(String(path))}: a web page cannot open paths`, {
        hint: 'pass a URL, or the File that the user chose',
      })
    },
    loadKernels,
    wideVectors: undefined,
    get isPage() {
      return globalThis.document !== undefined
    },
    get startEngineThread() {
      return typeof Worker === 'undefined' ? undefined : startEngineThread
    },
    /** Memory can be shared only on cross-origin isolated pages, which are served with COOP and COEP headers. */
    get threads() {
      return globalThis.crossOriginIsolated && typeof Worker !== 'undefined' ? threads : undefined
    },
  }
}
