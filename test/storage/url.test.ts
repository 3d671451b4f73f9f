import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openUrl } from '../../src/storage/url.js'
import { afterProbe, type Handler, ranges, serve, type TestServer } from '../support/http-server.js'

const BYTES = Uint8Array.from({ length: 300_000 }, (_, i) => (i * 31) % 253)

let version = 0

const ROUTES: Record<string, Handler> = {
  '/ranges': ranges(BYTES),
  '/dir/model-00001-of-00002.gguf': ranges(BYTES),
  '/dir/model-00002-of-00002.gguf': ranges(BYTES.subarray(0, 10)),
  '/empty': ranges(new Uint8Array(0)),
  '/hidden-length': ranges(BYTES, { 'content-range': undefined }),
  '/star-length': (request, response) => {
    const range = request.headers.range?.replace('bytes=', 'bytes ')
    ranges(BYTES, { 'content-range': range && `${range}/*` })(request, response)
  },
  '/whole': (_, response) => response.writeHead(200, { 'content-length': BYTES.length }).end(BYTES),
  '/whole-chunked': (_, response) => {
    response.writeHead(200)
    response.write(BYTES.subarray(0, 100_000))
    response.end(BYTES.subarray(100_000))
  },
  '/whole-gzip': (_, response) => {
    response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(BYTES))
  },
  '/endless': (_, response) => {
    response.writeHead(200)
    const more = () => {
      while (!response.destroyed && response.write(BYTES));
    }
    response.on('drain', more)
    more()
  },
  '/gone': (_, response) => response.writeHead(410).end(),
  '/secret': (request, response) => {
    if (request.headers.authorization === 'Bearer x') ranges(BYTES)(request, response)
    else response.writeHead(401).end()
  },
  '/broken': (_, response) => response.writeHead(500).end('oops'),
  '/short': afterProbe(ranges(BYTES), (_, response) => {
    const contentRange = { 'content-range': `bytes 0-99/${BYTES.length}` }
    response.writeHead(206, contentRange).end(BYTES.subarray(0, 50))
  }),
  '/cut': afterProbe(ranges(BYTES), (_, response) => {
    response.writeHead(206, { 'content-range': `bytes 0-99/${BYTES.length}`, 'content-length': 100 })
    response.write(BYTES.subarray(0, 50), () => response.destroy())
  }),
  '/changing': (request, response) => ranges(BYTES.subarray(0, BYTES.length - version++))(request, response),
  '/forgetful': afterProbe(ranges(BYTES), (_, response) => void response.writeHead(200).end(BYTES)),
  '/slow': afterProbe(ranges(BYTES), (_, response) => {
    response.writeHead(206, { 'content-range': `bytes 0-99/${BYTES.length}` })
    response.write(BYTES.subarray(0, 1))
  }),
}

let server: TestServer
let base: string

beforeAll(async () => {
  server = await serve(ROUTES)
  base = server.base
})

afterAll(() => server[Symbol.asyncDispose]())

describe('openUrl', () => {
  it.each(['/ranges', '/hidden-length', '/star-length', '/whole', '/whole-chunked', '/whole-gzip'])(
    'reads any part of %s',
    async (route) => {
      const source = await openUrl(base + route)
      expect(source.size).toBe(BYTES.length)
      expect(source.name).toBe(base + route)
      for (const [offset, length] of [
        [0, 4],
        [1000, 123_456],
        [BYTES.length - 3, 3],
        [BYTES.length, 0],
      ]) {
        const target = new Uint8Array(length)
        await source.read(offset, target)
        expect(Buffer.compare(target, BYTES.subarray(offset, offset + length))).toBe(0)
      }
      await expect(source.read(BYTES.length - 3, new Uint8Array(4))).rejects.toMatchObject({
        code: 'TRUNCATED',
      })
      await source.close()
    },
  )

  it('opens an empty file', async () => {
    expect((await openUrl(`${base}/empty`)).size).toBe(0)
  })

  it('sends the headers that it is given', async () => {
    const source = await openUrl(`${base}/secret`, { headers: { Authorization: 'Bearer x' } })
    const target = new Uint8Array(2)
    await source.read(3, target)
    expect(target).toEqual(BYTES.subarray(3, 5))
  })

  it.each([
    ['/nowhere', 'NOT_FOUND', /404/],
    ['/gone', 'NOT_FOUND', /410/],
    ['/secret', 'IO', /401/],
    ['/broken', 'IO', /500/],
  ])('%s is %s', async (route, code, message) => {
    const error = await openUrl(base + route, { retries: 1 }).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ name: 'DasllamaError', code, message: expect.stringMatching(message) })
    expect(String(error)).toContain(base + route)
  })

  it('reports that the server cannot be reached', async () => {
    await expect(openUrl('http://127.0.0.1:1/model.gguf')).rejects.toMatchObject({
      code: 'IO',
      message: expect.stringMatching(/request failed: .+/),
    })
  })

  it.each([
    ['/short', 'TRUNCATED', /50 of 100 bytes/],
    ['/cut', 'IO', /connection was interrupted/],
    ['/forgetful', 'IO', /status 200/],
    ['/changing', 'IO', /was replaced/],
  ])('a read of %s is %s', async (route, code, message) => {
    const source = await openUrl(base + route, { retries: 1 })
    await expect(source.read(0, new Uint8Array(100))).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    })
  })

  it('stops opening and reading when the signal is aborted', async () => {
    const reason = new Error('enough')
    await expect(openUrl(`${base}/ranges`, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    const source = await openUrl(`${base}/slow`)
    const controller = new AbortController()
    const read = source.read(0, new Uint8Array(100), controller.signal)
    setTimeout(() => controller.abort(reason), 20)
    await expect(read).rejects.toBe(reason)
  })

  it('opens neighbours, query and all', async () => {
    const source = await openUrl(`${base}/dir/model-00001-of-00002.gguf?download=true`)
    const other = await source.sibling?.('model-00002-of-00002.gguf')
    expect(other?.name).toBe(`${base}/dir/model-00002-of-00002.gguf?download=true`)
    expect(other?.size).toBe(10)
    await expect(source.sibling?.('model-00003-of-00002.gguf')).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })
})
