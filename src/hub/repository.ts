import { isRecord } from '../checks.js'
import { describeValue } from '../describe.js'
import { DasllamaError } from '../errors.js'
import { isArray } from '../read-list.js'
import { HttpClient, type HttpOptions } from '../storage/http-client.js'
import type { HubName } from './name.js'

/** Where the names that begin with `hf:` lead. */
export interface HubOptions {
  /** The hub's address: a mirror, or a server of your own with the same paths. Default `https://huggingface.co`. */
  readonly baseUrl?: string | undefined
  /** An access token, for private repositories and those whose terms must be accepted. It is sent to the hub only. Default none. */
  readonly token?: string | undefined
}

/** A file of a repository. */
export interface RepositoryFile {
  readonly path: string
  /** Bytes, if stated. */
  readonly size: number | undefined
  /** Lowercase hexadecimal, if stated. */
  readonly sha256: string | undefined
}

/** What a repository has at one revision. */
export interface Repository {
  /** What the revision is now; `undefined` if the hub does not say. */
  readonly commit: string | undefined
  readonly files: readonly RepositoryFile[]
}

const DEFAULT_BASE = 'https://huggingface.co'
/** The list of a repository with ten thousand files is smaller. */
const MOST_BYTES = 16 * 2 ** 20

/** Throws `INVALID_ARGUMENT`. */
export function hubUrl({ baseUrl = DEFAULT_BASE }: HubOptions, path: string): URL {
  const base =
    typeof baseUrl === 'string' && /^https?:\/\//i.test(baseUrl) ? baseUrl.replace(/\/+$/, '') : undefined
  try {
    return new URL(`${base}/${path}`)
  } catch (cause) {
    throw new DasllamaError(
      'INVALID_ARGUMENT',
      `hub.baseUrl must be the http: or https: address of a hub, not ${describeValue(baseUrl)}`,
      { cause },
    )
  }
}

/** The address of a file. `revision`: a branch, a tag or a commit. */
export function fileUrl(hub: HubOptions, repository: string, revision: string, path: string): URL {
  const encoded = path.split('/').map(encodeURIComponent).join('/')
  return hubUrl(hub, `${repository}/resolve/${encodeURIComponent(revision)}/${encoded}`)
}

/** How the hub is asked: with the token, and with what to do where that is missing or refused. */
export function hubHttp(
  hub: HubOptions,
  { repository }: Pick<HubName, 'repository'>,
  http: HttpOptions,
): HttpOptions {
  const { token } = hub
  const page = hubUrl(hub, repository).href
  return {
    ...http,
    headers: { ...http.headers, ...(token ? { authorization: `Bearer ${token}` } : {}) },
    accessHint: token
      ? `the token is refused: it may have been revoked, or its account has not accepted the terms on ${page}`
      : `the repository may be private or misspelt, or its terms have to be accepted on ${page}: pass a token as \`hub: { token }\`, or set HF_TOKEN for the command line`,
  }
}

/**
 * The files of a repository. Resolves with `undefined` if there is no such repository or revision, or if the hub has no lists.
 * Rejects with `IO` or `BAD_FORMAT`, or with the signal's reason.
 */
export async function readRepository(
  hub: HubOptions,
  name: HubName,
  http: HttpOptions,
  signal: AbortSignal | undefined,
): Promise<Repository | undefined> {
  const path = `api/models/${name.repository}/revision/${encodeURIComponent(name.revision)}?blobs=true`
  const url = hubUrl(hub, path)
  const client = new HttpClient(url, hubHttp(hub, name, http))
  let text: string
  try {
    text = await readText(client, signal)
  } catch (error) {
    if (error instanceof DasllamaError && error.code === 'NOT_FOUND') return undefined
    throw error
  }
  return parseRepository(client.name, text)
}

async function readText(client: HttpClient, signal: AbortSignal | undefined): Promise<string> {
  const transfer = await client.get({ accept: 'application/json' }, client.attempts(), signal)
  const decoder = new TextDecoder()
  let text = ''
  let bytes = 0
  try {
    for (let piece = await transfer.next(signal); piece; piece = await transfer.next(signal)) {
      bytes += piece.length
      if (bytes > MOST_BYTES)
        throw new DasllamaError('LIMIT', `${client.name}: the list is longer than ${MOST_BYTES} bytes`)
      text += decoder.decode(piece, { stream: true })
    }
    return text + decoder.decode()
  } finally {
    transfer.discard()
  }
}

function parseRepository(name: string, text: string): Repository {
  const value = parsed(text)
  if (!isRecord(value) || !isArray(value.siblings)) {
    throw new DasllamaError(
      'BAD_FORMAT',
      `${name}: the answer is not a list of files: ${describeValue(text)}`,
      {
        hint: 'check `hub.baseUrl` (HF_ENDPOINT for the command line): something else than a hub answered',
      },
    )
  }
  const { sha } = value
  return {
    commit: typeof sha === 'string' && /^[0-9a-f]{40,64}$/.test(sha) ? sha : undefined,
    files: value.siblings.filter(isRecord).flatMap(fileOf),
  }
}

function fileOf({ rfilename, size, lfs }: Record<string, unknown>): RepositoryFile[] {
  if (typeof rfilename !== 'string') return []
  const { sha256, oid, size: lfsSize } = isRecord(lfs) ? lfs : ({} as Record<string, unknown>)
  const digest = [sha256, oid].find((each) => typeof each === 'string' && /^[0-9a-f]{64}$/.test(each))
  const bytes = [lfsSize, size].find((each) => Number.isSafeInteger(each) && (each as number) >= 0)
  return [{ path: rfilename, size: bytes as number | undefined, sha256: digest as string | undefined }]
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
