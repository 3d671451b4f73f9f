/** Hostile requests to a server over HTTP. After each of them, an ordinary request must be answered. */
import { setTimeout as wait } from 'node:timers/promises'
import { listen } from '../../../src/platform/node/http-server.js'
import { DATA_EVENTS, eventStream } from '../../../src/server/http/event-stream.js'
import { createHandler, type RequestRecord } from '../../../src/server/index.js'
import { tinyStories } from '../../server/support.js'
import { report } from '../support/attempt.js'
import { opened, post, type RawAnswer, request, say } from '../support/raw-client.js'

const CHAT = '/v1/chat/completions'
const USER = [{ role: 'user', content: 'Once upon a time' }]
const KEY = { authorization: 'Bearer secret' }
/** A request that goes on until the context is full. */
const LONG = { messages: USER, ignore_eos: true, stream: true }
const MEGABYTE = 2 ** 20

const model = await tinyStories()
const records: RequestRecord[] = []
const handler = createHandler({
  models: { tiny: { model, template: 'chatml' } },
  apiKeys: ['secret'],
  maxConcurrent: 2,
  maxQueued: 4,
  bodyTimeout: 500,
  stallTimeout: 500,
  onRequest: (record) => {
    records.push(record)
    if (records.length > 100) records.shift()
  },
})
/** An event of a stream that is made faster than a model writes. */
const EVENT = 'x'.repeat(2 ** 14)
let sentEvents = 0
let stalled = 0

async function* endless() {
  for (;;) {
    sentEvents++
    yield EVENT
  }
}

function answer(request: Request): Promise<Response> {
  if (!request.url.endsWith('/endless')) return handler(request)
  return Promise.resolve(
    eventStream(endless(), {
      format: DATA_EVENTS,
      stallTimeout: 500,
      signal: request.signal,
      failed: () => undefined,
      stop: () => {},
      onEnd: (ended) => {
        if (ended === 'stalled') stalled++
      },
    }),
  )
}

const server = await listen(answer, { host: '127.0.0.1', port: 0 })
const port = Number(new URL(server.url).port)

const chat = (body: unknown, headers = {}) => say(port, post(CHAT, body, { ...KEY, ...headers }))
const get = (path: string, headers = {}) => say(port, request(`GET ${path}`, { ...KEY, ...headers }))

/** Throws unless the server has answered with an error in OpenAI's shape and one of these statuses. */
function mustRefuse({ status, json, text }: RawAnswer, ...statuses: readonly number[]): void {
  const { error } = (json ?? {}) as { error?: { message?: unknown; type?: unknown; code?: unknown } }
  const isError = [error?.message, error?.type, error?.code].every((each) => typeof each === 'string')
  if (statuses.includes(status) && isError) return
  throw new Error(`status ${status} instead of ${statuses.join(' or ')}: ${text.slice(0, 300)}`)
}

function must(isMet: boolean, message: string): void {
  if (!isMet) throw new Error(message)
}

async function until(isMet: () => boolean, message: string): Promise<void> {
  const limit = performance.now() + 20_000
  while (!isMet()) {
    must(performance.now() < limit, message)
    await wait(10)
  }
}

function* repeated(piece: string, count: number): Generator<string> {
  for (let i = 0; i < count; i++) yield piece
}

async function* drip(head: string, piece: string): AsyncGenerator<string> {
  yield head
  for (;;) {
    await wait(50)
    yield piece
  }
}

const ATTACKS: Readonly<Record<string, () => Promise<void>>> = {
  'bodies that are not JSON': async () => {
    const bodies = [
      '',
      '{',
      '[1,]',
      'null{}',
      "{'a':1}",
      'NaN',
      '\u{feff}{}',
      '{"a":1}\0',
      '"\\ud800',
      '// x',
    ]
    for (const body of bodies) mustRefuse(await chat(body), 400)
    mustRefuse(
      await say(
        port,
        Buffer.concat([
          Buffer.from(post(CHAT, '', { ...KEY, 'content-length': 3 })),
          Buffer.from([0x22, 0xff, 0x22]),
        ]),
      ),
      400,
    )
  },
  'other types of bodies': async () => {
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data',
      'a'.repeat(8000),
      '',
    ])
      mustRefuse(await chat({}, { 'content-type': type }), 415)
  },
  'ten megabytes that are announced': async () => {
    const head = post(CHAT, '', { ...KEY, 'content-length': 10 * MEGABYTE })
    // The server does not wait for them.
    mustRefuse(await say(port, head), 413)
    const announced = await say(
      port,
      request(`POST ${CHAT}`, {
        ...KEY,
        'content-type': 'application/json',
        'content-length': 10 * MEGABYTE,
        expect: '100-continue',
      }),
    )
    must(/ 413 /.test(announced.text), `expects to continue: ${announced.text.slice(0, 200)}`)
  },
  'a hundred megabytes in chunks': async () => {
    const head = request(`POST ${CHAT}`, {
      ...KEY,
      'content-type': 'application/json',
      'transfer-encoding': 'chunked',
    })
    const chunk = `10000\r\n${' '.repeat(0x10000)}\r\n`
    const answer = await say(
      port,
      (function* () {
        yield head
        yield* repeated(chunk, 1600)
      })(),
    )
    // The connection may break before the client reads the answer.
    if (answer.status !== 0) mustRefuse(answer, 413)
  },
  'chunks of one byte with long extensions': async () => {
    const head = request(`POST ${CHAT}`, {
      ...KEY,
      'content-type': 'application/json',
      'transfer-encoding': 'chunked',
    })
    const answer = await say(
      port,
      (function* () {
        yield head
        yield* repeated(`1;${'x'.repeat(1000)}\r\n \r\n`, 5000)
      })(),
    )
    if (answer.status !== 0) mustRefuse(answer, 400, 408, 413)
  },
  'bodies that drip': async () => {
    const head = post(CHAT, '{', { ...KEY, 'content-length': 100_000 })
    const answers = await Promise.all(Array.from({ length: 50 }, () => say(port, drip(head, ' '))))
    for (const answer of answers) mustRefuse(answer, 408)
  },
  'bodies that end early': async () => {
    for (let i = 0; i < 50; i++) {
      const socket = await opened(port)
      socket.end(post(CHAT, '{"messages":', { ...KEY, 'content-length': 1000 }))
      socket.resume()
      if (i % 2 === 0) socket.destroy()
    }
  },
  'headers that are many or long': async () => {
    const many = Object.fromEntries(Array.from({ length: 3000 }, (_, i) => [`x-${i}`, 'y']))
    for (const headers of [many, { 'x-long': 'y'.repeat(100_000) }, { ['x'.repeat(100_000)]: 'y' }])
      mustRefuse(await say(port, request('GET /health', headers)), 431)
  },
  'headers that drip': async () => {
    const head = 'GET /health HTTP/1.1\r\nhost: server\r\n'
    const answers = await Promise.all(Array.from({ length: 50 }, () => say(port, drip(head, 'x: y\r\n'))))
    for (const answer of answers) mustRefuse(answer, 408)
  },
  'headers that are no text': async () => {
    const odd = ['x: a\0b', 'x\0: a', 'x : a', ': a', 'x', 'x: a\rb', 'ключ: a', 'x: a\r\n y: b', '\x01: b']
    for (const line of odd) {
      const answer = await say(
        port,
        `GET /health HTTP/1.1\r\nhost: x\r\nconnection: close\r\n${line}\r\n\r\n`,
      )
      must(answer.status === 200 || answer.status === 400, `${JSON.stringify(line)}: ${answer.status}`)
      if (answer.status === 400) mustRefuse(answer, 400)
    }
    must((await get('/health', { 'x-latin': 'äöü', 'x-tab': 'a\tb' })).status === 200, 'ordinary headers')
  },
  'lengths that contradict each other': async () => {
    const json =
      'POST /tokenize HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\nauthorization: Bearer secret\r\n'
    const smuggled = 'GET /v1/models HTTP/1.1\r\nhost: x\r\n\r\n'
    const requests = [
      'content-length: 6\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
      'transfer-encoding: chunked\r\ncontent-length: 6\r\n\r\n0\r\n\r\n',
      'content-length: 5\r\ncontent-length: 6\r\n\r\nabcdef',
      'content-length: 5, 6\r\n\r\nabcdef',
      'content-length: +5\r\n\r\nabcde',
      'content-length: -1\r\n\r\n',
      'content-length: 0x10\r\n\r\n',
      'content-length: 99999999999999999999\r\n\r\n',
      'transfer-encoding: xchunked\r\n\r\n0\r\n\r\n',
      'transfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n',
      'transfer-encoding: chunked\r\ntransfer-encoding: x\r\n\r\n0\r\n\r\n',
      'transfer-encoding: chunked\r\n\r\nZ\r\n',
      'transfer-encoding: chunked\r\n\r\n-1\r\n',
      'transfer-encoding: chunked\r\n\r\nfffffffffffffffff\r\n',
      'transfer-encoding: chunked\r\n\r\n2\r\nabc\r\n0\r\n\r\n',
    ]
    for (const rest of requests) {
      const answer = await say(port, `${json}${rest}${smuggled}`)
      mustRefuse(answer, 400, 413)
      must(!answer.text.includes('"object":"list"'), `${JSON.stringify(rest)} smuggles a request`)
    }
  },
  'what is not HTTP': async () => {
    const lines = [
      'HELLO',
      '\0'.repeat(100),
      '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
      'GET /',
      'GET / HTTP/9.9',
      'PRI * HTTP/2.0\r\n\r\nSM',
      'GET  / HTTP/1.1',
      'G'.repeat(100_000),
      '{"a":1}',
      'get / HTTP/1.1',
    ]
    for (const line of lines) mustRefuse(await say(port, `${line}\r\n\r\n`), 400, 404, 431)
    mustRefuse(await say(port, request('GET health')), 400)
  },
  'requests without a host, or with two': async () => {
    mustRefuse(await say(port, 'GET /health HTTP/1.1\r\nconnection: close\r\n\r\n'), 400)
    mustRefuse(await say(port, request('GET /health', { 'Host ': 'b' }).replace('Host :', 'Host:')), 400)
    must((await say(port, 'GET /health HTTP/1.0\r\n\r\n')).status === 200, 'HTTP/1.0')
  },
  'other methods': async () => {
    for (const method of ['PUT', 'DELETE', 'PATCH', 'PROPFIND', 'M-SEARCH', 'OPTIONS'])
      mustRefuse(await say(port, request(`${method} /v1/models`)), 405)
    mustRefuse(await say(port, request('TRACE /health')), 400, 405)
    mustRefuse(await say(port, request(`GET ${CHAT}`, KEY)), 405)
    mustRefuse(await say(port, request('OPTIONS *')), 400, 404)
    const { status, text } = await say(port, request('HEAD /health'))
    must(status === 200 && text.endsWith('\r\n\r\n'), `HEAD /health: ${text}`)
    must((await say(port, request(`HEAD ${CHAT}`))).status === 405, 'HEAD of a chat')
    must((await say(port, request('CONNECT server:80'))).status !== 200, 'CONNECT')
  },
  'addresses that are long, odd or absolute': async () => {
    mustRefuse(await get(`/${'x'.repeat(15_000)}`), 404)
    mustRefuse(await get(`/${'x'.repeat(100_000)}`), 431)
    mustRefuse(await get(`/v1/models/${'%00'.repeat(1000)}`), 404)
    mustRefuse(await get('/v1/models/%ff%ZZ'), 404)
    mustRefuse(await get('//server/v1/models'), 400, 404)
    mustRefuse(await get('/v1/../../etc/passwd'), 404)
    mustRefuse(await get('/v1/%2e%2e/%2e%2e/etc/passwd'), 404)
    mustRefuse(await get('/%'), 404)
    mustRefuse(await get('/v1/models/__proto__'), 404)
    mustRefuse(await get('/models/constructor'), 404)
    must((await get('http://elsewhere.example/health')).status === 200, 'an absolute address')
    mustRefuse(await get('http://[/health'), 400)
    mustRefuse(await get('file:///etc/passwd'), 400, 404)
  },
  'values that break what reads them': async () => {
    const deep = (open: string, close: string) =>
      `{"messages":${open.repeat(100_000)}1${close.repeat(100_000)}}`
    for (const body of [deep('[', ']'), deep('{"a":', '}'), `[${'['.repeat(1_900_000)}`])
      mustRefuse(await chat(body), 400)
    const messages = '"messages":[{"role":"user","content":"Hi"}]'
    const fields = [
      '"__proto__":{"stream":true}',
      '"constructor":{"prototype":{}}',
      '"toString":1',
      '"temperature":1e999',
      '"temperature":-1e308',
      '"max_tokens":1e21',
      '"max_tokens":-0.5',
      '"seed":1e400',
      '"n":1e9',
      '"stop":["a\\u0000b",1]',
      '"model":"a\\u0000b"',
      '"model":"__proto__"',
      '"model":"\\ud800"',
      '"stop":""',
      `"${'f'.repeat(MEGABYTE)}":1`,
      `"logit_bias":{${Array.from({ length: 50_000 }, (_, i) => `"x${i}":1`).join(',')}}`,
    ]
    for (const field of fields) {
      const answer = await chat(`{${messages},${field}}`)
      must(answer.status !== 200, `${field.slice(0, 100)} is accepted`)
      mustRefuse(answer, 400, 404)
    }
    mustRefuse(await chat(`{"messages":[${'{"role":"user","content":"Hi"},'.repeat(50_000)}1]}`), 400)
    mustRefuse(await chat(`{"messages":[${'0,'.repeat(1_500_000)}0]}`), 400)
    mustRefuse(await chat(`{${Array.from({ length: 200_000 }, (_, i) => `"k${i}":0`).join(',')}}`), 400)
    mustRefuse(await chat({ messages: [{ role: 'user', content: 'word '.repeat(400_000) }] }), 400)
  },
  'texts with lone surrogates and NUL': async () => {
    for (const content of ['\ud800', 'a\udfffb', '\0', '\u202e\ufffe']) {
      const { status } = await chat({ messages: [{ role: 'user', content }], max_tokens: 1 })
      must(status === 200 || status === 400, `${JSON.stringify(content)}: ${status}`)
    }
  },
  'ten thousand wrong keys': async () => {
    const count = 10_000
    const lanes = Array.from({ length: 8 }, async (_, lane) => {
      for (let i = lane; i < count; i += 8) {
        const key = i % 3 === 0 ? 'secre' : i % 3 === 1 ? `secret${i}` : 'x'.repeat(i % 5000)
        const { status, body } = await fetch(`${server.url}/v1/models`, {
          headers: { authorization: `Bearer ${key}` },
        })
        await body?.cancel()
        must(status === 401, `key ${i}: ${status}`)
      }
    })
    await Promise.all(lanes)
    for (const authorization of [
      'secret',
      'Basic secret',
      'Bearer',
      'Bearer secret secret',
      'Bearer ,secret',
    ])
      mustRefuse(await get('/v1/models', { authorization }), 401)
  },
  'chats that nobody reads': async () => {
    const sockets = await Promise.all(Array.from({ length: 6 }, () => opened(port)))
    const seen = new Set(records)
    for (const socket of sockets) socket.pause().write(post(CHAT, { ...LONG, max_tokens: 50 }, KEY))
    // They fit into the buffers of the connections, so all of them end.
    await until(
      () => records.filter((each) => !seen.has(each) && each.path === CHAT).length >= 6,
      'chats do not end',
    )
    for (const socket of sockets) socket.destroy()
  },
  'endless streams that nobody reads': async () => {
    const sockets = await Promise.all(Array.from({ length: 50 }, () => opened(port)))
    const [begun, before] = [stalled, sentEvents]
    for (const socket of sockets) socket.pause().write(request('GET /endless'))
    await until(() => stalled >= begun + 50, 'streams do not end')
    const megabytes = ((sentEvents - before) * EVENT.length) / MEGABYTE
    // What the system buffers, and a few events of each stream.
    must(megabytes < 50 * 16, `${megabytes} MiB were made of streams that nobody reads`)
    for (const socket of sockets) socket.destroy()
  },
  'clients that leave in the middle of a stream': async () => {
    for (let i = 0; i < 40; i++) {
      const socket = await opened(port)
      socket.write(post(CHAT, LONG, KEY))
      socket.resume()
      await wait(i % 8 === 0 ? 60 : 5)
      if (i % 2 === 0) socket.resetAndDestroy()
      else socket.destroy()
    }
  },
  'clients that end their side of the connection': async () => {
    const seen = new Set(records)
    for (let i = 0; i < 10; i++) {
      const socket = await opened(port)
      socket.resume().end(post(CHAT, LONG, KEY))
    }
    const ended = () => records.filter((each) => !seen.has(each) && each.path === CHAT)
    // As those that have left: nothing is generated for them.
    await until(() => ended().length >= 10, 'the server goes on')
    must(
      ended().every(({ completionTokens = 0 }) => completionTokens < 100),
      'the server has gone on',
    )
  },
  'a thousand requests on a connection at once': async () => {
    const one = (i: number, last = false) =>
      post(
        CHAT,
        { messages: USER, max_tokens: 1 + (i % 2) },
        { ...KEY, connection: last ? 'close' : 'keep-alive' },
      )
    const { text } = await say(
      port,
      Array.from({ length: 1000 }, (_, i) => one(i, i === 999)),
    )
    const statuses = [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status)
    must(statuses.length === 1000, `${statuses.length} responses`)
    must(
      statuses.every((status) => status === '200' || status === '429'),
      [...new Set(statuses)].join(),
    )
  },
  'two thousand connections that say nothing': async () => {
    const sockets = await Promise.all(Array.from({ length: 2000 }, () => opened(port)))
    must((await get('/health')).status === 200, 'the server does not answer beside them')
    for (const socket of sockets) socket.destroy()
  },
  'a flood of requests': async () => {
    const answers = await Promise.all(
      Array.from({ length: 300 }, () => chat({ messages: USER, max_tokens: 60, ignore_eos: true })),
    )
    must(
      answers.every(({ status }) => status === 200 || status === 429),
      [...new Set(answers.map(({ status }) => status))].join(),
    )
    must(
      answers.some(({ status, text }) => status === 429 && /retry-after: \d/.test(text)),
      'nobody is told to wait',
    )
  },
  'upgrades and expectations': async () => {
    const upgrades = [
      { upgrade: 'websocket', 'sec-websocket-key': 'x', 'sec-websocket-version': 13 },
      { upgrade: 'h2c', 'http2-settings': 'x' },
    ]
    for (const headers of upgrades) {
      const { status } = await get('/health', { ...headers, connection: 'upgrade, close' })
      must(status === 200 || status >= 400, `upgrade: ${status}`)
    }
    const expecting = await chat({ messages: USER, max_tokens: 1 }, { expect: '100-continue' })
    must(
      / 100 Continue/.test(expecting.text) && expecting.status === 200,
      `expects to continue: ${expecting.text}`,
    )
    mustRefuse(await chat({ messages: USER }, { expect: 'a miracle' }), 417)
  },
}

/** Whether an ordinary request gets its answer, which needs a free slot. */
async function answersAgain(): Promise<void> {
  for (let i = 0; i < 400; i++) {
    const { status, text } = await chat({ messages: USER, max_tokens: 2, temperature: 0 })
    if (status === 200) return must(/"content":"The little/.test(text), `an ordinary request gets ${text}`)
    must(status === 429, `an ordinary request gets ${text}`)
    await wait(50)
  }
  throw new Error('no slot becomes free')
}

const heap = async () => {
  for (let i = 0; i < 3; i++) {
    globalThis.gc!()
    await wait(50)
  }
  return process.memoryUsage().heapUsed / MEGABYTE
}

async function run(name: string, work: () => Promise<void>): Promise<void> {
  try {
    await work()
    await answersAgain()
    report(true)
  } catch (error) {
    report(false, `${name}: ${(error as Error).message}`)
  }
}

// The first time, compiled code and pools of connections are added.
for (const [name, work] of Object.entries(ATTACKS)) await run(name, work)
const before = await heap()
const atRest = model.memoryBytes
for (const [name, work] of Object.entries(ATTACKS)) await run(`again: ${name}`, work)
const grown = (await heap()) - before
report(grown < 8, `the heap has grown by ${grown.toFixed(1)} MiB`)
report(model.memoryBytes <= atRest, `the model's memory has grown by ${model.memoryBytes - atRest}`)
await handler.close({ signal: AbortSignal.abort() })
await server.close()
process.exit(0)
