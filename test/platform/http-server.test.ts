import { once } from 'node:events'
import { request as httpRequest } from 'node:http'
import { connect } from 'node:net'
import { describe, expect, it } from 'vitest'
import { DasllamaError } from '../../src/index.js'
import { listen } from '../../src/platform/node/http-server.js'

const LOCAL = { host: '127.0.0.1', port: 0 }

async function listening(answer: (request: Request) => Response | Promise<Response>) {
  const server = await listen(async (request) => answer(request), LOCAL)
  return { url: server.url, stopListening: server.stopListening, [Symbol.asyncDispose]: () => server.close() }
}

describe('listen', () => {
  it('passes on method, path, headers, body and answer', async () => {
    await using server = await listening(async (request) => {
      const { pathname, search } = new URL(request.url)
      const body = request.body ? await request.text() : null
      const headers = { 'x-seen': request.headers.get('x-sent') ?? '' }
      return Response.json(
        { method: request.method, path: pathname + search, body },
        { status: 201, headers },
      )
    })
    const response = await fetch(`${server.url}/a%20b?c=d`, {
      method: 'POST',
      headers: { 'x-sent': 'yes' },
      body: 'ö'.repeat(100_000),
    })
    expect([response.status, response.headers.get('x-seen')]).toEqual([201, 'yes'])
    expect(await response.json()).toEqual({ method: 'POST', path: '/a%20b?c=d', body: 'ö'.repeat(100_000) })
    expect(await (await fetch(`${server.url}/`)).json()).toEqual({ method: 'GET', path: '/', body: null })
    expect((await fetch(`${server.url}/`, { method: 'HEAD' })).status).toBe(201)
  })

  it('sends a stream as it is produced, and cancels it when the client leaves', async () => {
    let cancelled: () => void = () => {}
    const whenCancelled = new Promise<void>((resolve) => {
      cancelled = resolve
    })
    let signal: AbortSignal | undefined
    await using server = await listening((request) => {
      signal = request.signal
      const body = new ReadableStream({
        start: (controller) => controller.enqueue(new TextEncoder().encode('first')),
        pull: () => new Promise(() => {}),
        cancel: cancelled,
      })
      return new Response(body)
    })
    const client = httpRequest(server.url).end()
    const [response] = await once(client, 'response')
    expect(String((await once(response, 'data'))[0])).toBe('first')
    client.destroy()
    await whenCancelled
    await expect.poll(() => signal?.aborted).toBe(true)
  })

  it('closes the connection to a client that does not read, when its stream gives up', async () => {
    const chunk = new Uint8Array(1 << 20)
    await using server = await listening(() => {
      let timer: ReturnType<typeof setTimeout> | undefined
      const body = new ReadableStream<Uint8Array>({
        pull(controller) {
          clearTimeout(timer)
          controller.enqueue(chunk)
          timer = setTimeout(() => controller.error(new Error('nobody reads')), 100)
        },
      })
      return new Response(body)
    })
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1')
    socket.pause()
    socket.on('error', () => {})
    socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n')
    await new Promise((resolve) => setTimeout(resolve, 1000))
    const closed = once(socket, 'close')
    socket.resume()
    await closed
  })

  it('answers 400 to what is not a request, and ends a response that fails', async () => {
    await using server = await listening((request) => {
      if (new URL(request.url).pathname === '/throws') throw new Error('no')
      return new Response(new ReadableStream({ pull: (controller) => controller.error(new Error('no')) }))
    })
    expect((await fetch(`${server.url}/throws`)).status).toBe(400)
    await expect(fetch(`${server.url}/`).then((response) => response.text())).rejects.toThrow()
  })

  it('rejects an address that is in use', async () => {
    await using server = await listening(() => new Response())
    const port = Number(new URL(server.url).port)
    const failure = listen(async () => new Response(), { ...LOCAL, port })
    await expect(failure).rejects.toThrow(DasllamaError)
    await expect(failure).rejects.toThrow(`cannot listen on 127.0.0.1:${port}: another program uses the port`)
  })

  it('stops listening while answers are sent', async () => {
    let finish: () => void = () => {}
    const finished = new Promise<void>((resolve) => {
      finish = resolve
    })
    await using server = await listening(async () => {
      await finished
      return new Response('done')
    })
    const pending = fetch(server.url)
    await new Promise((resolve) => setTimeout(resolve, 100))
    server.stopListening()
    await expect(fetch(server.url)).rejects.toThrow()
    finish()
    expect(await (await pending).text()).toBe('done')
  })
})
