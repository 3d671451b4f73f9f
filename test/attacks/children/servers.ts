/** Servers that could exhaust the memory or stall a load; `dist/` is not needed. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createGzip } from 'node:zlib'
import { inspectModel, loadModel, type OpenOptions } from '../../../src/index.js'
import { smallModel } from '../../model/small.js'
import { attackInput, attempt } from '../support/attempt.js'

type Handler = (request: IncomingMessage, response: ServerResponse) => void

const MODEL = smallModel()
const ZEROS = new Uint8Array(1 << 20)
const START = MODEL.subarray(0, 24)

/** Writes endlessly; `begin` comes first. */
function endless(
  response: {
    write(chunk: Uint8Array): boolean
    on(event: 'drain', more: () => void): unknown
    destroyed: boolean
  },
  begin: Uint8Array,
): void {
  response.write(begin)
  const more = () => {
    while (!response.destroyed && response.write(ZEROS));
  }
  response.on('drain', more)
  more()
}

const head = (request: IncomingMessage) => {
  const [, start, end] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? ['', '0', '0']
  return { 'content-range': `bytes ${start}-${end}/${MODEL.length}` }
}

const SERVERS: Record<string, Handler> = {
  'an endless body of zeros': (_, response) => endless(response, ZEROS),
  'an endless body that begins like a model': (_, response) => endless(response, START),
  'an endless model': (_, response) => endless(response, MODEL),
  'a body that announces 4 GB': (_, response) => {
    response.writeHead(200, { 'content-length': 4e9 })
    endless(response, ZEROS)
  },
  'a model that announces 4 GB': (_, response) => {
    response.writeHead(200, { 'content-length': 4e9 })
    endless(response, START)
  },
  'a small gzip body that expands to much': (_, response) => {
    response.writeHead(200, { 'content-encoding': 'gzip', 'content-length': 1_500_000 })
    const gzip = createGzip()
    gzip.pipe(response)
    response.on('close', () => gzip.destroy())
    endless(gzip, START)
  },
  'ranges that never end': (request, response) => {
    response.writeHead(206, head(request))
    endless(response, ZEROS)
  },
  silence: () => {},
  'a head and silence': (request, response) => response.writeHead(206, head(request)).flushHeaders(),
  'a drip': (request, response) => {
    response.writeHead(206, head(request))
    const timer = setInterval(() => response.write('x'), 20)
    response.on('close', () => clearInterval(timer))
  },
  'a redirect to itself': (_, response) => response.writeHead(302, { location: '/model' }).end(),
  'endless headers': (_, response) => {
    const timer = setInterval(() => response.socket?.write(`x-${Date.now()}: y\r\n`), 20)
    response.socket?.write('HTTP/1.1 200 OK\r\n')
    response.socket?.on('close', () => clearInterval(timer))
  },
  'cut after each byte': (request, response) => {
    response.writeHead(206, head(request))
    response.write(MODEL.subarray(0, 1), () => response.destroy())
  },
  '503 for ever': (_, response) => response.writeHead(503, { 'retry-after': '0' }).end(),
}

const name = attackInput<string>()
const server = createServer(SERVERS[name])
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/model`
const options: OpenOptions = { stallTimeout: 300, retries: 1 }
for (const [call, work] of Object.entries({ inspectModel, loadModel })) {
  const mayBeAccepted = name === 'an endless model'
  await attempt(`${call}, ${name}`, () => work(url, options), {
    codes: ['IO', 'BAD_FORMAT', 'LIMIT', 'TRUNCATED', 'MISSING', 'UNSUPPORTED', 'OUT_OF_MEMORY'],
    mayBeAccepted,
  })
}
server.closeAllConnections()
server.close()
process.exit(0)
