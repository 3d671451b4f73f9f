import { checkBoolean, checkSignal } from '../checks.js'
import { displayName } from '../describe.js'
import { DasllamaError } from '../errors.js'
import { checkStart } from '../gguf/open.js'
import { given } from '../given.js'
import { isA } from '../read-list.js'
import type { ModelSource } from '../storage/model-source.js'
import type { ByteSource } from '../storage/source.js'
import type { DownloadProgress, RemoteFile } from '../storage/store/download.js'
import { notStored } from '../storage/store/failures.js'
import { FileStore } from '../storage/store/file-store.js'
import type { StoreFolder } from '../storage/store/folder.js'
import type { StoredRecord } from '../storage/store/record.js'
import { openUrl } from '../storage/url.js'
import { openFolder } from './open-folder.js'
import { type HubProgress, secondsLeft } from './progress.js'
import { type NamedFile, type ParsedName, parseName, remoteFiles } from './remote-files.js'
import { checkPullOptions, checkStoreOptions, type PullOptions, type StoreOptions } from './store-options.js'
import { listModels, type StoredModel } from './stored-models.js'

/** A model that can be loaded. */
export interface OpenedModelSource {
  readonly source: ModelSource
  readonly from: 'network' | 'store'
  /** Whether the model is arriving, and `onProgress` is called with that. */
  readonly isArriving: boolean
}

const CONNECTIONS = 4

/**
 * Opens the store of this runtime. Nothing is created before something is stored.
 *
 * ```js
 * const store = await openStore()
 * await store.pull('hf:owner/repo/file.gguf', { onProgress: ({ loaded, total }) => console.log(loaded, total) })
 * const model = await loadModel('hf:owner/repo/file.gguf', { store })
 * ```
 *
 * Rejects with `INVALID_ARGUMENT`, with `UNSUPPORTED` where nothing can be kept, and with `IO` where a browser denies it.
 */
export async function openStore(options: StoreOptions = {}): Promise<ModelStore> {
  checkStoreOptions(options)
  return ModelStore.over(await openFolder(options.folder), options)
}

/** Models from servers, kept on this machine. */
export class ModelStore {
  /** Where the models are: a path, or what the browser's storage is called. */
  readonly location: string
  readonly #files: FileStore
  readonly #options: StoreOptions

  private constructor(folder: StoreFolder, options: StoreOptions) {
    this.location = folder.name
    this.#options = options
    const { connections = CONNECTIONS, maxBytes } = options
    this.#files = new FileStore(folder, { connections, maxBytes, checkStart })
  }

  /** @internal A store in a folder of any kind. */
  static over(folder: StoreFolder, options: StoreOptions = {}): ModelStore {
    return new ModelStore(folder, options)
  }

  /**
   * Downloads a model unless it is stored: all parts, if it is split. An interrupted download continues where it stopped. If
   * another tab or process is downloading it, this waits for that one (and calls `onWarning` with `WAITING_FOR_DOWNLOAD`).
   *
   * Rejects with `INVALID_ARGUMENT` for a name that is malformed, `NOT_FOUND`, listing what there is, `IO` if the server cannot
   * be reached or refuses (401 and 403 say what to do), `NO_SPACE`, `BAD_FORMAT` for what is not a model or has another length or
   * checksum than stated, or the signal's reason.
   */
  async pull(name: string | URL, options: PullOptions = {}): Promise<StoredModel> {
    checkPullOptions(options)
    const parsed = this.#parse(name, options)
    const files = await this.#stored(parsed, options)
    if (files && !options.update) {
      reportStored(parsed.name, files, options)
    } else {
      const remote = await this.#remote(parsed, options, files !== undefined)
      if (remote) await this.#download(parsed, remote, options)
    }
    const [model] = (await this.list()).filter((model) => isNamed(model, parsed))
    if (model) return model
    throw notStored(parsed.name)
  }

  /**
   * A source for `loadModel`: the stored model, or one that is being downloaded and can be read meanwhile. Rejects as `pull`
   * does.
   */
  async open(name: string | URL, options: PullOptions = {}): Promise<ModelSource> {
    return (await this.load(name, options)).source
  }

  /** @internal */
  async load(name: string | URL, options: PullOptions = {}): Promise<OpenedModelSource> {
    checkPullOptions(options)
    const parsed = this.#parse(name, options)
    const stored = await this.#stored(parsed, options)
    if (stored && !options.update) return this.#openStored(stored)
    const remote = await this.#remote(parsed, options, stored !== undefined)
    if (!remote) return this.#openStored(stored!)
    const [file] = remote
    if (remote.length === 1) {
      const fetchOptions = await this.#fetchOptions(parsed, file, options, ownProgress(file, options))
      const arriving = await this.#files.arriving(file, fetchOptions).catch((error) => {
        throw unavailable(file.name, error)
      })
      if (arriving) return { source: arriving, from: 'network', isArriving: true }
    } else {
      await this.#download(parsed, remote, options)
    }
    const files = await this.#whole(remote, options)
    if (files) return this.#openStored(files)
    throw notStored(parsed.name)
  }

  /** @internal The stored model, without asking a server; `undefined` if it is not stored. */
  async loadStored(name: string | URL, options: PullOptions = {}): Promise<OpenedModelSource | undefined> {
    const stored = await this.#stored(this.#parse(name, options), options)
    return stored && this.#openStored(stored)
  }

  /** Whether a model is stored completely. Its bytes are not read. Throws `INVALID_ARGUMENT`. */
  async has(name: string | URL): Promise<boolean> {
    const parsed = this.#parse(name, {})
    return (await this.list()).some((model) => model.isComplete && isNamed(model, parsed))
  }

  /** All models, those of which only a part has arrived included, in the order of their names. */
  async list(): Promise<StoredModel[]> {
    return listModels(await this.#files.records(), await this.#files.incomplete())
  }

  /** Bytes that all models take, and that may still be stored (`undefined` where the system does not say). */
  async size(): Promise<{ readonly used: number; readonly free: number | undefined }> {
    const models = await this.list()
    return {
      used: models.reduce((sum, { loaded }) => sum + loaded, 0),
      free: await this.#files.folder.freeSpace(),
    }
  }

  /** Removes a model with all its parts, or what has arrived of it. Rejects with `NOT_FOUND`. */
  async remove(name: string | URL, { signal }: { signal?: AbortSignal } = {}): Promise<void> {
    checkSignal(signal)
    for (const { fileName } of await this.#known(name)) await this.#files.remove(fileName, signal)
  }

  /**
   * Protects a model from removal for `maxBytes`, and asks the browser not to clear the storage when space is short; or lifts the
   * protection. Resolves with whether the system will keep the model: a browser may refuse. Rejects with `NOT_FOUND`.
   */
  async pin(name: string | URL, isPinned = true): Promise<boolean> {
    checkBoolean('isPinned', isPinned)
    for (const file of await this.#known(name))
      await this.#files.change(file.fileName, file.name, { isPinned })
    return isPinned && (await this.#files.folder.persist())
  }

  /**
   * Reads a stored model completely. Resolves with whether its bytes are still those that were stored. Rejects with `NOT_FOUND`, or
   * the signal's reason.
   */
  async verify(name: string | URL, { signal }: { signal?: AbortSignal } = {}): Promise<boolean> {
    checkSignal(signal)
    let isRight = true
    for (const file of await this.#known(name)) {
      const { state } = await this.#files.look(file.fileName, file.name, { verify: true, signal })
      isRight &&= state === 'whole'
    }
    return isRight
  }

  #parse(name: string | URL, { hub }: PullOptions): ParsedName {
    return parseName(name, { ...this.#options.hub, ...hub })
  }

  /** The files of a name, if all of them are whole. Warns of those that are damaged. */
  async #stored(parsed: ParsedName, options: PullOptions): Promise<StoredFile[] | undefined> {
    const files = parsed.files ?? (await this.#filesOfAlias(parsed.name))
    return files && this.#whole(files, options)
  }

  async #whole(
    files: readonly NamedFile[],
    { verify, signal, onWarning }: PullOptions,
  ): Promise<StoredFile[] | undefined> {
    const found: StoredFile[] = []
    for (const { name, fileName } of files) {
      const looked = await this.#files.look(fileName, name, { verify: verify ?? false, signal })
      if (looked.state === 'whole') found.push({ fileName, record: looked.record })
      if (looked.state !== 'damaged') continue
      onWarning?.({
        code: 'STORED_FILE_DAMAGED',
        message: `${displayName(name)}: the stored file is damaged or missing; it is downloaded again`,
      })
    }
    return found.length === files.length ? found : undefined
  }

  async #filesOfAlias(alias: string): Promise<NamedFile[] | undefined> {
    const files = [...(await this.#files.records())]
      .filter(([, { aliases }]) => aliases.includes(alias))
      .map(([fileName, { name }]) => ({ fileName, name }))
      .sort((a, b) => (a.name < b.name ? -1 : 1))
    return files.length > 0 ? files : undefined
  }

  /** The files of a name of which anything is stored. Rejects with `NOT_FOUND`. */
  async #known(name: string | URL): Promise<readonly NamedFile[]> {
    const parsed = this.#parse(name, {})
    const models = (await this.list()).filter((model) => isNamed(model, parsed))
    const names = new Set(models.flatMap(({ files }) => files.map((file) => file.name)))
    if (names.size === 0) throw notStored(parsed.name)
    return [...names].flatMap((name) =>
      parseName(name, this.#options.hub).files!.filter((file) => file.name === name),
    )
  }

  async #openStored(files: readonly StoredFile[]): Promise<OpenedModelSource> {
    const sources: ModelSource[] = []
    for (const { fileName, record } of files) sources.push(await this.#files.open(fileName, record))
    const [source] = sources
    // Paths lead to their neighbours; other sources have to be told.
    const isComplete = files.length === 1 || typeof source === 'string'
    const opened = isComplete ? source : await this.#withSiblings(files)
    return { source: opened, from: 'store', isArriving: false }
  }

  async #withSiblings(files: readonly StoredFile[]): Promise<ByteSource> {
    const { folder } = this.#files
    const open = async (fileName: string): Promise<ByteSource> => ({
      ...(await folder.read(fileName)),
      sibling: async (other) => {
        // In the folder, too, the names of parts differ in their numbers only.
        const found = files.find((file) => file.fileName === other)
        if (!found) throw notStored(other)
        return open(found.fileName)
      },
    })
    return open(files[0].fileName)
  }

  /** What the server has; `undefined` if it cannot be reached and the stored model will do. */
  async #remote(
    parsed: ParsedName,
    options: PullOptions,
    isStored: boolean,
  ): Promise<RemoteFile[] | undefined> {
    const { signal, onWarning } = options
    const { headers, fetch, retries, stallTimeout } = { ...this.#options, ...given(options) }
    const hub = { ...this.#options.hub, ...options.hub }
    try {
      return await remoteFiles(parsed, { hub, http: { headers, fetch, retries, stallTimeout }, signal })
    } catch (error) {
      if (isStored && isUnreachable(error)) {
        onWarning?.({
          code: 'NOT_UPDATED',
          message: `${displayName(parsed.name)}: the server cannot be reached, so the stored model is used: ${error.message}`,
        })
        return undefined
      }
      throw unavailable(parsed.name, error)
    }
  }

  async #download(parsed: ParsedName, remote: readonly RemoteFile[], options: PullOptions): Promise<void> {
    let before = 0
    const sizes = remote.map(({ size }) => size)
    const total = sizes.every((size) => size !== undefined)
      ? sizes.reduce<number>((sum, size) => sum + size!, 0)
      : undefined
    for (const file of remote) {
      const onProgress = ({ loaded, total: ofFile, bytesPerSecond }: DownloadProgress) => {
        const all = total ?? (remote.length === 1 ? ofFile : undefined)
        report(options, {
          name: parsed.name,
          loaded: before + loaded,
          total: all,
          bytesPerSecond,
          from: 'network',
        })
      }
      try {
        const record = await this.#files.fetch(
          file,
          await this.#fetchOptions(parsed, file, options, onProgress),
        )
        before += record.size
      } catch (error) {
        throw unavailable(file.name, error)
      }
    }
  }

  async #fetchOptions(
    parsed: ParsedName,
    file: RemoteFile,
    { signal, onWarning, update }: PullOptions,
    onProgress: (progress: DownloadProgress) => void,
  ) {
    return {
      signal,
      onProgress,
      onWait: () =>
        onWarning?.({
          code: 'WAITING_FOR_DOWNLOAD',
          message: `another tab or process is downloading ${displayName(file.name)}; waiting for it`,
        }),
      alias: parsed.files ? undefined : parsed.name,
      isCurrent: update ? await currentCheck(file, signal) : () => true,
    }
  }
}

interface StoredFile {
  readonly fileName: string
  readonly record: StoredRecord
}

/** Whether a stored file is of the server's present version. */
async function currentCheck(
  { sha256, url, http }: RemoteFile,
  signal: AbortSignal | undefined,
): Promise<(record: StoredRecord) => boolean> {
  if (sha256 !== undefined) return (record) => record.sha256 === sha256
  const source = await openUrl(url, { ...http, signal })
  await source.close()
  return ({ remoteVersion, size }) =>
    source.version !== undefined && remoteVersion === source.version && size === source.size
}

function ownProgress({ name }: RemoteFile, options: PullOptions) {
  return (progress: DownloadProgress) => report(options, { name, ...progress, from: 'network' })
}

function reportStored(name: string, files: readonly StoredFile[], options: PullOptions): void {
  const total = files.reduce((sum, { record }) => sum + record.size, 0)
  report(options, { name, loaded: total, total, bytesPerSecond: 0, from: 'store' })
}

function report({ onProgress }: PullOptions, progress: Omit<HubProgress, 'secondsLeft'>): void {
  const { loaded, total, bytesPerSecond } = progress
  onProgress?.({ ...progress, secondsLeft: secondsLeft(loaded, total, bytesPerSecond) })
}

function isNamed({ name, aliases }: StoredModel, parsed: ParsedName): boolean {
  return name === parsed.name || aliases.includes(parsed.name)
}

/** Whether a server could not be reached, rather than refused: `fetch` reports that as a `TypeError`. */
function isUnreachable(error: unknown): error is DasllamaError {
  return isA(DasllamaError, error) && error.code === 'IO' && isA(TypeError, error.cause)
}

/** What the caller is told of a failed download. */
function unavailable(name: string, error: unknown): unknown {
  if (!isUnreachable(error)) return error
  return new DasllamaError(
    'IO',
    `${displayName(name)} is not in the store and cannot be downloaded now: ${error.message}`,
    {
      hint: 'what has arrived is kept: try again when the network is there',
      cause: error,
    },
  )
}
