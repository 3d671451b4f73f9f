/** The package entry `dasllama/hub`: models from servers, kept on this machine. @module */

import { ChunkedFolder } from '../storage/store/chunked-folder.js'
import { MemoryShelf } from '../storage/store/memory-shelf.js'
import { ModelStore } from './store.js'
import type { StoreOptions } from './store-options.js'

export { DasllamaError, type ErrorCode } from '../errors.js'
export type { FetchOptions } from '../storage/fetch-options.js'
export type { Warning, WarningCode, WarningListener } from '../warnings.js'
/** @internal For `loadModel`, which imports this entry on demand. */
export { openNamed } from './open-named.js'
export type { HubProgress } from './progress.js'
export type { HubOptions } from './repository.js'
export { ModelStore, openStore } from './store.js'
export type { PullOptions, StoreOptions } from './store-options.js'
export type { StoredModel, StoredModelFile } from './stored-models.js'

/** A store in memory, which ends with the program: for tests. Options as of `openStore`; `folder` has no effect. */
export function memoryStore(options: StoreOptions = {}): ModelStore {
  return ModelStore.over(new ChunkedFolder(new MemoryShelf()), options)
}
