import { createHash } from 'node:crypto'
import { askedFor, type Handler, ranges, redirect, serve, type TestServer } from './http-server.js'

/** A file of a hub. */
export interface HubFile {
  readonly bytes: Uint8Array
  /** What the list states; default: the truth. `null`: nothing. */
  readonly sha256?: string | null
  readonly size?: number | null
  /** Answers requests for the bytes, where they are kept. Default: ranges with an entity tag. */
  readonly handler?: Handler
}

export interface FakeHub extends TestServer {
  /** Requests for the bytes of a file. */
  readonly downloads: () => number
}

export const COMMIT = '0123456789abcdef0123456789abcdef01234567'

export function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

export function withTag(bytes: Uint8Array): Handler {
  return ranges(bytes, { etag: `"${sha256Of(bytes)}"` })
}

/** A repository on a server with the paths of Hugging Face: a list of files, and addresses that redirect to where the bytes are. */
export async function serveHub(
  repository: string,
  files: Readonly<Record<string, HubFile>>,
  {
    token,
    list,
    routes = {},
    isCrossOrigin = false,
  }: {
    /** Required of every request. */
    readonly token?: string
    /** Answers the request for the list. */
    readonly list?: Handler
    readonly routes?: Readonly<Record<string, Handler>>
    /** Whether pages of other origins may ask, as Hugging Face allows. */
    readonly isCrossOrigin?: boolean
  } = {},
): Promise<FakeHub> {
  const guard =
    (handler: Handler): Handler =>
    (request, response) => {
      const isAllowed = token === undefined || request.headers.authorization === `Bearer ${token}`
      if (isAllowed) handler(request, response)
      else response.writeHead(401).end()
    }
  const siblings = Object.entries(files).map(([rfilename, { bytes, sha256, size }]) => ({
    rfilename,
    ...(size !== null && { size: size ?? bytes.length }),
    ...(sha256 !== null && { lfs: { sha256: sha256 ?? sha256Of(bytes), size: size ?? bytes.length } }),
  }))
  const listed: Handler = (_, response) => {
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ id: repository, sha: COMMIT, siblings }))
  }
  const all: Record<string, Handler> = {
    [`/api/models/${repository}/revision/main`]: guard(list ?? listed),
  }
  for (const [path, { bytes, handler }] of Object.entries(files)) {
    all[`/${repository}/resolve/${COMMIT}/${path}`] = guard(redirect(`/cdn/${path}`))
    all[`/${repository}/resolve/main/${path}`] = guard(redirect(`/cdn/${path}`))
    all[`/cdn/${path}`] = handler ?? withTag(bytes)
  }
  const answers = Object.entries({ ...all, ...routes }).map(
    ([path, handler]) => [path, isCrossOrigin ? crossOrigin(handler) : handler] as const,
  )
  const server = await serve(Object.fromEntries(answers))
  return Object.assign(server, {
    downloads: () => server.requests.filter(({ path }) => path.startsWith('/cdn/')).length,
  })
}

export interface SlowHub extends FakeHub {
  /** Sends what is held back, and whatever is requested from now on. A request for `/release` does the same. */
  release(): void
}

/** A hub with one file for pages of other origins; what begins at `piece` or later is sent only after `release`. */
export async function serveSlowHub(
  repository: string,
  path: string,
  bytes: Uint8Array,
  piece: number,
): Promise<SlowHub> {
  let isReleased = false
  const waiting: (() => void)[] = []
  const release = () => {
    isReleased = true
    for (const send of waiting.splice(0)) send()
  }
  const whole = withTag(bytes)
  const handler: Handler = (request, response) => {
    const send = () => whole(request, response)
    if (isReleased || askedFor(request, bytes.length).start < piece) send()
    else waiting.push(send)
  }
  const answerRelease: Handler = (_, response) => {
    release()
    response.end()
  }
  const options = { isCrossOrigin: true, routes: { '/release': answerRelease } }
  const hub = await serveHub(repository, { [path]: { bytes, handler } }, options)
  return Object.assign(hub, { release })
}

function crossOrigin(handler: Handler): Handler {
  return (request, response) => {
    response.setHeader('access-control-allow-origin', '*')
    response.setHeader('access-control-expose-headers', 'ETag, Content-Range')
    response.setHeader('access-control-allow-headers', 'authorization, range')
    if (request.method === 'OPTIONS') response.writeHead(204).end()
    else handler(request, response)
  }
}
