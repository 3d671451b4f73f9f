import { describeValue, displayName } from '../describe.js'
import { DasllamaError } from '../errors.js'
import type { HttpOptions } from '../storage/http-client.js'
import type { RemoteFile } from '../storage/store/download.js'
import { storedFileName } from '../storage/store/file-names.js'
import { chooseFile, fileAt, partsOf } from './choose-file.js'
import { type HubName, hubFileName, isHubName, openName, parseHubName } from './name.js'
import { fileUrl, type HubOptions, hubHttp, readRepository } from './repository.js'

/** What a name means, as far as that is known without asking a server. */
export interface ParsedName {
  /** In one spelling. */
  readonly name: string
  /** The names of its files: one, or the parts of a split model. `undefined` if the name leaves the file open. */
  readonly files: readonly NamedFile[] | undefined
  readonly hub: HubName | undefined
}

export interface NamedFile {
  readonly name: string
  /** Its name in the folder. */
  readonly fileName: string
}

/** Throws `INVALID_ARGUMENT` for what is neither a name on the hub nor an `http:` or `https:` address. */
export function parseName(name: string | URL, hubOptions: HubOptions = {}): ParsedName {
  const text = String(name)
  if (isHubName(text)) return ofHub(parseHubName(text))
  const url = /^https?:/i.test(text) ? parsedUrl(text) : undefined
  if (!url) {
    throw new DasllamaError(
      'INVALID_ARGUMENT',
      `${describeValue(text)} is not the name of a model on a server`,
      {
        hint: 'write hf:owner/repo/file.gguf, or an http: or https: address; other files need no store',
      },
    )
  }
  const page = pageOfHub(url, hubOptions)
  if (page) return ofHub(parseHubName(page))
  url.hash = ''
  const files = partsOf(url.pathname).map((path) => {
    const part = new URL(url)
    part.pathname = path
    return { name: part.href, fileName: storedFileName(part.href) }
  })
  return { name: url.href, files, hub: undefined }
}

function ofHub(hub: HubName): ParsedName {
  if (hub.path === undefined) return { name: openName(hub), files: undefined, hub }
  return {
    name: hubFileName(hub, hub.path),
    files: partsOf(hub.path).map((path) => namedFile(hub, path)),
    hub,
  }
}

function namedFile(hub: HubName, path: string): NamedFile {
  return {
    name: hubFileName(hub, path),
    fileName: storedFileName(`hf:${hub.repository}/${path}`, hub.revision),
  }
}

/** A page of the hub about a file, or the address of the file, as a name. */
function pageOfHub({ host, pathname, search }: URL, { baseUrl }: HubOptions): string | undefined {
  const hosts = ['huggingface.co', 'hf.co']
  const isHub = baseUrl === undefined ? hosts.includes(host) : parsedUrl(baseUrl)?.host === host
  const match = /^\/([^/]+\/[^/]+)\/(?:resolve|blob)\/([^/]+)\/(.+)$/.exec(pathname)
  if (!isHub || !match || !(search === '' || search === '?download=true')) return undefined
  try {
    return `hf:${match[1]}/${decodeURIComponent(match[3])}@${decodeURIComponent(match[2])}`
  } catch {
    return undefined
  }
}

function parsedUrl(text: string): URL | undefined {
  try {
    return new URL(text)
  } catch {
    return undefined
  }
}

export interface RemoteOptions {
  readonly hub: HubOptions
  readonly http: HttpOptions
  readonly signal: AbortSignal | undefined
}

/**
 * Where the files of a name are, with lengths and checksums if the hub states them, all of one commit. Rejects with `NOT_FOUND`,
 * listing what there is, and with `IO` and `BAD_FORMAT`.
 */
export async function remoteFiles(
  { hub: name, files, name: text }: ParsedName,
  { hub, http, signal }: RemoteOptions,
): Promise<RemoteFile[]> {
  if (!name) return files!.map((file) => ({ ...file, url: new URL(file.name), http }))
  const repository = await readRepository(hub, name, http, signal)
  if (!repository && !files) {
    throw new DasllamaError('NOT_FOUND', `${displayName(text)}: there is no such repository or revision`, {
      hint: 'check the spelling; for a hub without lists of files, name the file: hf:owner/repo/file.gguf',
    })
  }
  const paths = repository?.files.map(({ path }) => path) ?? []
  const first = name.path ?? chooseFile(name.repository, paths, name.fileType)
  return partsOf(first).map((path) => {
    const { size, sha256 } = repository
      ? fileAt(name.repository, repository.files, path)
      : { size: undefined, sha256: undefined }
    return {
      ...namedFile(name, path),
      url: fileUrl(hub, name.repository, repository?.commit ?? name.revision, path),
      size,
      sha256,
      http: hubHttp(hub, name, http),
    }
  })
}
