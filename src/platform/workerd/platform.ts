/**
 * Cloudflare Workers. Compiling bytes is forbidden there, so the kernels are imported as modules that were compiled at
 * upload; in dist/workerd.js the build replaces detect.ts by this file.
 */

import { displayName } from '../../describe.js'
import { DasllamaError } from '../../errors.js'
import kernels from '../../kernels.wasm'
import relaxedKernels from '../../kernels-relaxed.wasm'
import type { Platform } from '../platform.js'

const platform: Platform = {
  name: 'workerd',
  baseUrl: undefined,
  async openPath(path) {
    throw new DasllamaError('UNSUPPORTED', `${displayName(String(path))}: a Worker has no files`, {
      hint: 'pass an https: URL, or bytes that the Worker has, for example from an R2 bucket',
    })
  },
  async loadKernels(build = 'baseline') {
    return build === 'baseline' ? kernels : relaxedKernels
  },
  wideVectors: undefined,
  isPage: false,
  startEngineThread: undefined,
  threads: undefined,
}

export async function currentPlatform(): Promise<Platform> {
  return platform
}
