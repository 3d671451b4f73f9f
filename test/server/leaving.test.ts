/** How soon the server stops working for a client that has left, and what it does with what is not HTTP. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { CustomStep, Model } from '../../src/index.js'
import { opened, post, request, say } from '../attacks/support/raw-client.js'
import { serve, type Transport, tinyStories } from './support.js'

const CHAT = '/v1/chat/completions'
const LONG = { messages: [{ role: 'user', content: 'Once upon a time' }], ignore_eos: true, stream: true }

let model: Model
/** Tokens that were sampled. */
let sampled = 0
const counting: CustomStep = () => {
  sampled++
}
beforeAll(async () => {
  model = await tinyStories()
})
afterAll(() => model.dispose())

function served(transport: Transport = 'http') {
  return serve(
    {
      models: { tiny: { model, template: 'chatml', sampling: { samplers: [counting, 'temperature'] } } },
      maxConcurrent: 1,
    },
    transport,
  )
}

describe('a client that leaves', () => {
  it.each([
    ['in the middle of a stream', 6],
    ['without having read anything', 0],
  ])('%s costs one more token at most', async (_, reads) => {
    await using server = await served('fetch')
    const leaving = new AbortController()
    const answer = await server.handler(
      new Request(`http://server${CHAT}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(LONG),
        signal: leaving.signal,
      }),
    )
    const reader = answer.body!.getReader()
    for (let i = 0; i < reads; i++) await reader.read()
    const atAbort = sampled
    leaving.abort()
    reader.closed.catch(() => {})
    expect((await server.record(0)).ended).toBe('cancelled')
    expect(sampled - atAbort).toBeLessThanOrEqual(1)
    // The only slot is free.
    const next = await server.post(CHAT, { ...LONG, stream: false, max_tokens: 1 })
    expect(next.status).toBe(200)
  })
})

describe('what is not HTTP', () => {
  const portOf = (address: string) => Number(new URL(address).port)

  it.each([
    ['HELLO\r\n\r\n', 400, 'invalid_http'],
    [request('GET /health', { 'x-long': 'y'.repeat(20_000) }), 431, 'headers_too_large'],
    [request('TRACE /health'), 400, 'invalid_http'],
    [
      request(`POST ${CHAT}`, { 'content-length': 5, 'transfer-encoding': 'chunked' }, '0\r\n\r\n'),
      400,
      'invalid_http',
    ],
  ])('%j gets an error in the shape of the API', async (text, status, code) => {
    await using server = await served()
    const answer = await say(portOf(server.client.baseURL), text)
    expect(answer.status).toBe(status)
    expect(answer.json).toMatchObject({
      error: { code, type: 'invalid_request_error', param: null, message: expect.stringMatching(/\w{3} \w/) },
    })
  })

  it('behind a request that is being answered does not become a part of the response', async () => {
    await using server = await served()
    const socket = await opened(portOf(server.client.baseURL))
    let text = ''
    socket.on('data', (data) => {
      text += data
    })
    const closed = new Promise((resolve) => socket.once('close', resolve))
    socket.write(post(CHAT, LONG, { connection: 'keep-alive' }))
    await expect.poll(() => text).toContain('data: ')
    socket.write('HELLO\r\n\r\n')
    await closed
    expect(text).not.toContain('invalid_http')
    expect(text.match(/HTTP\/1\.1/g)).toHaveLength(1)
  })
})
