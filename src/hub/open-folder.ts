import { DasllamaError } from '../errors.js'
import { LazyModule } from '../lazy-module.js'
import { detectRuntime } from '../platform/detect.js'
import type { StoreFolder } from '../storage/store/folder.js'
import { browserFolder } from './lazy-modules.js'

const nodeFolder = /* @__PURE__ */ new LazyModule(() => import('../platform/node/store-folder.js'))

/**
 * Where this runtime keeps models. `path`: another folder of the disk than the default. Rejects with `UNSUPPORTED` where nothing
 * can be kept, and with `IO` where the browser denies it.
 */
export async function openFolder(path?: string): Promise<StoreFolder> {
  const runtime = detectRuntime()
  if (runtime === 'node') {
    const { defaultStorePath, storeFolder } = await nodeFolder.load()
    return storeFolder(path ?? defaultStorePath())
  }
  const folder = runtime === 'browser' ? await (await browserFolder.load()).storeFolder() : undefined
  if (folder) return folder
  throw new DasllamaError('UNSUPPORTED', 'this runtime has no storage for models', {
    hint:
      runtime === 'browser'
        ? 'serve the page over HTTPS or from localhost, or pass store: false to load without keeping anything'
        : 'pass store: false to load without keeping anything',
  })
}
