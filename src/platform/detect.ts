import { DasllamaError } from '../errors.js'
import { LazyModule } from '../lazy-module.js'
import type { Platform } from './platform.js'

interface RuntimeGlobals {
  navigator?: { userAgent?: string }
  process?: { versions?: { node?: string } }
  document?: unknown
  WorkerGlobalScope?: unknown
  Deno?: unknown
  Bun?: unknown
  EdgeRuntime?: unknown
}

const node = /* @__PURE__ */ new LazyModule(() => import('./node/platform.js'))
const browser = /* @__PURE__ */ new LazyModule(() => import('./browser/platform.js'))

/** The platform of an entry that includes it. */
let provided: Platform | undefined

/** Uses this platform instead of detecting one, for runtimes that cannot load it on demand. */
export function providePlatform(platform: Platform): void {
  provided = platform
}

/**
 * Detects the runtime by its globals. Deno and Bun count as Node, because they provide its modules. A page or a Worker that
 * has Node's `process` too, as in Electron, is a browser: what a page can load is decided by its browser.
 */
export function detectRuntime(globals: RuntimeGlobals = globalThis): Platform['name'] {
  const { navigator, process, document, WorkerGlobalScope, Deno, Bun, EdgeRuntime } = globals
  // First, because a Worker may have Node's `process` too.
  if (navigator?.userAgent === 'Cloudflare-Workers') return 'workerd'
  if (EdgeRuntime !== undefined) return 'edge-light'
  if (!process?.versions?.node) return 'browser'
  if (Deno !== undefined || Bun !== undefined) return 'node'
  // Tests in Node may have a document without a browser.
  const isSimulated = /jsdom|HappyDOM/i.test(navigator?.userAgent ?? '')
  return (document !== undefined && !isSimulated) || WorkerGlobalScope !== undefined ? 'browser' : 'node'
}

/** Loads the current runtime's platform; the others are never fetched. Throws `UNSUPPORTED` in edge runtimes. */
export async function currentPlatform(): Promise<Platform> {
  if (provided) return provided
  const runtime = detectRuntime()
  switch (runtime) {
    case 'node':
      return (await node.load()).platform
    case 'browser':
      return (await browser.load()).platform
    default:
      throw new DasllamaError('UNSUPPORTED', `this build of dasllama is not the one for ${NAMES[runtime]}`, {
        hint: `import 'dasllama/${runtime}', or let the bundler use the export condition \`${runtime}\``,
      })
  }
}

const NAMES = { workerd: 'Cloudflare Workers', 'edge-light': 'edge functions' } as const
