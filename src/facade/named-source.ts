import { abortable } from '../abortable.js'
import { checkOptions } from '../checks.js'
import { describeValue } from '../describe.js'
import { DasllamaError } from '../errors.js'
import type { HubOptions } from '../hub/repository.js'
import type { ModelStore } from '../hub/store.js'
import { isA } from '../read-list.js'
import type { FetchOptions } from '../storage/fetch-options.js'
import { isByteSource, type ModelSource } from '../storage/model-source.js'
import type { WarningListener } from '../warnings.js'
import { hub as hubModule } from './lazy-modules.js'

/** Where models are that are given by a name on the hub, `hf:owner/repo/file.gguf`, and where they are kept. */
export interface NameOptions {
  /**
   * A store of `dasllama/hub`. With one, models given by an `http:` or `https:` address are kept too, and stored ones are loaded
   * without asking the server. Default: names on the hub are kept in the default store, with `onWarning` called with `NO_STORE`
   * where there is none; addresses are read from the server each time. `false`: nothing is kept.
   */
  store?: ModelStore | false
  /** The hub's address and an access token. Default: `https://huggingface.co` without a token. */
  hub?: HubOptions
}

/** How far a model is loaded. */
export interface LoadProgress {
  /**
   * Bytes so far: of the file, if it is being downloaded into a store; otherwise of the weights that have been read.
   */
  readonly loaded: number
  /** Bytes in all; what has arrived so far, if a server does not state the length. */
  readonly total: number
  /** Averaged over the last five seconds; 0 where it is not known yet. */
  readonly bytesPerSecond: number
  /** Seconds that remain at this rate; `undefined` where that is not known. */
  readonly secondsLeft: number | undefined
  /** Where the bytes come from: a server, the store, or anything else. A split model is stored first, and then read. */
  readonly from: 'network' | 'store' | 'local'
}

/** A source without names that only a hub or a store can resolve. */
export interface ResolvedSource {
  readonly source: ModelSource
  readonly from: LoadProgress['from']
  /** Whether the model is arriving, and `onProgress` is called with that. */
  readonly isArriving: boolean
}

/** Throws `INVALID_ARGUMENT`. */
export function checkNameOptions({ store, hub }: NameOptions): void {
  if (hub !== undefined) checkOptions(hub)
  if (store === undefined || store === false) return
  const isStore = typeof store === 'object' && store !== null && typeof store.load === 'function'
  if (isStore) return
  throw new DasllamaError(
    'INVALID_ARGUMENT',
    `store must be a store of dasllama/hub or false, not ${describeValue(store)}`,
  )
}

/**
 * Resolves names on the hub, and with a `store` the addresses of servers, by the code of `dasllama/hub`, which is loaded only then.
 * `isWhole`: whether the whole file will be read. Rejects as `ModelStore.pull` does.
 */
export async function resolveSource(
  source: ModelSource,
  {
    onProgress,
    isWhole,
    ...options
  }: FetchOptions &
    NameOptions & {
      readonly signal?: AbortSignal | undefined
      readonly onWarning?: WarningListener | undefined
      readonly onProgress?: ((progress: LoadProgress) => void) | undefined
      readonly isWhole: boolean
    },
): Promise<ResolvedSource> {
  const name = typeof source === 'string' || isA(URL, source) ? String(source) : ''
  const isUrl = /^https?:/i.test(name)
  if (!/^hf:/i.test(name) && !(isUrl && options.store)) {
    return { source, from: isUrl ? 'network' : 'local', isArriving: false }
  }
  const { store, hub, signal, onWarning, headers, fetch, retries, stallTimeout } = options
  const { openNamed } = await abortable(hubModule.load(), signal)
  return openNamed(name, {
    ...{ store, hub, signal, onWarning, headers, fetch, retries, stallTimeout },
    onProgress:
      onProgress &&
      (({ total, ...progress }) => onProgress({ ...progress, total: total ?? progress.loaded })),
    isWhole,
  })
}

/** Closes a source that will not be read, unless it is the one that the caller gave. Idempotent; never rejects. */
export async function discardSource(
  resolved: ModelSource | undefined,
  given: ModelSource | undefined,
): Promise<void> {
  if (resolved !== given && isByteSource(resolved)) await resolved.close().catch(() => {})
}
