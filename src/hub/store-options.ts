import { checkBoolean, checkCount, checkFunction, checkOptions, checkSignal, checkString } from '../checks.js'
import { checkFetchOptions, type FetchOptions } from '../storage/fetch-options.js'
import { checkOnWarning, type WarningListener } from '../warnings.js'
import type { HubProgress } from './progress.js'
import type { HubOptions } from './repository.js'

/** How a store is opened. */
export interface StoreOptions extends FetchOptions {
  /**
   * The folder, on Node, Deno and Bun. Default: `models` in `DASLLAMA_HOME`, if that is set; otherwise `dasllama/models` in the
   * system's folder for caches. Browsers keep models in the origin private file system, or in the Cache API.
   */
  folder?: string
  /** Where names that begin with `hf:` lead. */
  hub?: HubOptions
  /** Requests at a time for a file. 1 to 16. Default 4. */
  connections?: number
  /**
   * Most bytes that the store may have. If a download needs more, the models that were not used for the longest time are removed,
   * except for pinned ones. Default: no limit, and nothing is ever removed.
   */
  maxBytes?: number
}

/** Options of calls that may download. They take precedence over those of the store. */
export interface PullOptions extends FetchOptions {
  /** Where names that begin with `hf:` lead. Default: the store's. */
  hub?: HubOptions
  /** Stops the download; what has arrived is kept, and the next call continues there. */
  signal?: AbortSignal
  /** Called with the bytes that have arrived. An error in it stops the download. */
  onProgress?: (progress: HubProgress) => void
  /** Called for problems that do not stop the call. */
  onWarning?: WarningListener
  /** Whether to ask the server if it has another version now, which then replaces the stored one. Default false. */
  update?: boolean
  /** Whether to read a stored file completely and compare its checksum, which takes a second or more per GiB. Default false. */
  verify?: boolean
}

/** Throws `INVALID_ARGUMENT`. */
export function checkHubOptions(hub: HubOptions | undefined): void {
  if (hub === undefined) return
  checkOptions(hub)
  if (hub.baseUrl !== undefined) checkString('hub.baseUrl', hub.baseUrl)
  if (hub.token !== undefined) checkString('hub.token', hub.token)
}

/** Throws `INVALID_ARGUMENT`. */
export function checkStoreOptions(options: StoreOptions): void {
  checkOptions(options)
  checkFetchOptions(options)
  checkHubOptions(options.hub)
  const { folder, connections, maxBytes } = options
  if (folder !== undefined) checkString('folder', folder)
  if (connections !== undefined) checkCount('connections', connections, 1, 16)
  if (maxBytes !== undefined) checkCount('maxBytes', maxBytes, 0, Number.MAX_SAFE_INTEGER)
}

/** Throws `INVALID_ARGUMENT`, and the signal's reason. */
export function checkPullOptions(options: PullOptions): void {
  checkOptions(options)
  checkFetchOptions(options)
  checkHubOptions(options.hub)
  checkSignal(options.signal)
  checkFunction('onProgress', options.onProgress)
  checkOnWarning(options.onWarning)
  const { update, verify } = options
  if (update !== undefined) checkBoolean('update', update)
  if (verify !== undefined) checkBoolean('verify', verify)
  options.signal?.throwIfAborted()
}
