import type { DasllamaError } from '../errors.js'
import { checkStart } from '../gguf/open.js'
import { guarded } from '../storage/guarded.js'
import type { ByteSource } from '../storage/source.js'
import { openUrl } from '../storage/url.js'
import { parseName, remoteFiles } from './remote-files.js'
import { type ModelStore, type OpenedModelSource, openStore } from './store.js'
import { checkHubOptions, type PullOptions } from './store-options.js'

/** What a call does with the files of a name. */
export interface OpenNamedOptions extends PullOptions {
  /** `undefined`: the default store, if there is one. `false`: nothing is kept. */
  store?: ModelStore | false
  /** Whether the whole model is wanted, and so is downloaded, or only its beginning, which is read from where it is. */
  isWhole: boolean
}

/**
 * Opens a model by its name on the hub, or by the address of a server with a store. Rejects as `ModelStore.pull` does. Without a
 * store, or for a part of a model that is not stored, reads from the server and keeps nothing.
 */
export async function openNamed(name: string | URL, options: OpenNamedOptions): Promise<OpenedModelSource> {
  const { store: given, isWhole, ...pull } = options
  checkHubOptions(options.hub)
  const store = given === undefined ? await defaultStore(options) : given || undefined
  if (store && isWhole) return store.load(name, pull)
  return (
    (await store?.loadStored(name, pull)) ?? {
      source: await openRemote(name, pull),
      from: 'network',
      isArriving: false,
    }
  )
}

async function defaultStore({ onWarning }: PullOptions): Promise<ModelStore | undefined> {
  try {
    return await openStore()
  } catch (error) {
    const { message, hint } = error as DasllamaError
    onWarning?.({
      code: 'NO_STORE',
      message: `the model is read from the server and not kept: ${message}`,
      ...(hint !== undefined && { hint }),
    })
    return undefined
  }
}

/** A model on a server, whose parts are neighbours there. */
async function openRemote(
  name: string | URL,
  { hub = {}, signal, headers, fetch, retries, stallTimeout }: PullOptions,
): Promise<ByteSource> {
  const http = { headers, fetch, retries, stallTimeout }
  const [first] = await remoteFiles(parseName(name, hub), { hub, http, signal })
  return guarded(await openUrl(first.url, { ...first.http, signal, checkStart }))
}
