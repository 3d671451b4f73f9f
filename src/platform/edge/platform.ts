/** What edge runtimes have in common: compiling bytes is forbidden, so the kernels are modules compiled at upload. */

import { displayName } from '../../describe.js'
import { DasllamaError } from '../../errors.js'
import type { Platform } from '../platform.js'

/** Compiled kernels. */
export interface CompiledKernels {
  readonly baseline: WebAssembly.Module
  readonly relaxed: WebAssembly.Module
}

export function edgePlatform(name: 'workerd' | 'edge-light', kernels: CompiledKernels): Platform {
  return {
    name,
    baseUrl: undefined,
    async openPath(path) {
      throw new DasllamaError('UNSUPPORTED', `${displayName(String(path))}: an edge runtime has no files`, {
        hint: 'pass an https: URL, or bytes that the program has, for example from an R2 bucket',
      })
    },
    loadKernels: async (build = 'baseline') => (build === 'baseline' ? kernels.baseline : kernels.relaxed),
    wideVectors: undefined,
    isPage: false,
    startEngineThread: undefined,
    threads: undefined,
  }
}
