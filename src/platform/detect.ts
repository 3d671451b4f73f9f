import { DasllamaError } from '../errors.js'
import type { Platform } from './platform.js'

interface RuntimeGlobals {
  navigator?: { userAgent?: string }
  process?: { versions?: { node?: string } }
}

/** Detects the runtime by its globals. Deno and Bun count as Node, because they provide its modules. */
export function detectRuntime(globals: RuntimeGlobals = globalThis): Platform['name'] {
  // First, because a Worker may have Node's `process` too.
  if (globals.navigator?.userAgent === 'Cloudflare-Workers') return 'workerd'
  return globals.process?.versions?.node ? 'node' : 'browser'
}

/** Loads the current runtime's platform; the others are never fetched. Throws `UNSUPPORTED` in Cloudflare Workers. */
export async function currentPlatform(): Promise<Platform> {
  switch (detectRuntime()) {
    case 'node':
      return (await import('./node/platform.js')).platform
    case 'browser':
      return (await import('./browser/platform.js')).platform
    case 'workerd':
      throw new DasllamaError('UNSUPPORTED', 'this build of dasllama is not the one for Cloudflare Workers', {
        hint: "import 'dasllama/workerd', or let the bundler use the export condition `workerd`",
      })
  }
}
