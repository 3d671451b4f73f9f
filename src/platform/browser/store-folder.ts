import { ChunkedFolder } from '../../storage/store/chunked-folder.js'
import type { StoreFolder } from '../../storage/store/folder.js'
import { cacheShelf } from './cache-shelf.js'
import { opfsShelf } from './opfs-shelf.js'

/**
 * Where a page or a Worker of its origin keeps models: the origin private file system, or the Cache API where that is missing or
 * denied. Rejects with `IO` if the browser denies both, and resolves with `undefined` if it has neither.
 */
export async function storeFolder(): Promise<StoreFolder | undefined> {
  let denied: { readonly reason: unknown } | undefined
  for (const open of [opfsShelf, cacheShelf]) {
    try {
      const shelf = await open()
      if (shelf) return new ChunkedFolder(shelf)
    } catch (reason) {
      denied ??= { reason }
    }
  }
  if (denied) throw denied.reason
  return undefined
}
