import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { main } from '../../src/cli/main.js'
import { isForeignPage } from '../../src/cli/serve/foreign-pages.js'
import { isRoutine, logLine } from '../../src/cli/serve/log.js'
import { namedModels } from '../../src/cli/serve/names.js'
import { TINY_STORIES } from '../support/model-files.js'
import { FakeTerminal } from './fake-terminal.js'

const ARGS = [TINY_STORIES, '--port', '0', '--template', 'chatml', '--context', '256', '--threads', '1']
const CHAT = { messages: [{ role: 'user', content: 'Once upon a time' }], temperature: 0 }

/** The server of a terminal: its address, and its exit code once it has ended. */
async function start(args: readonly string[], terminal = new FakeTerminal()) {
  const ended = main(['serve', ...args], terminal)
  const listening = new Promise<void>((resolve) => {
    terminal.onOutput = resolve
  })
  await Promise.race([listening, ended])
  const [, url] = /^listening on (\S+)\/v1\n$/.exec(terminal.out) ?? []
  return { url, ended, terminal }
}

function post(
  url: string,
  path: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(`${url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })
}

describe('dasllama serve', () => {
  let server: Awaited<ReturnType<typeof start>>
  beforeAll(async () => {
    server = await start(ARGS)
  })
  afterAll(async () => {
    server.terminal.terminate()
    expect(await server.ended).toBe(0)
  })

  it('answers chats with the model of the file, and logs requests without their texts', async () => {
    const { url, terminal } = server
    const response = await post(url, '/v1/chat/completions', {
      ...CHAT,
      model: 'tiny-stories.Q8_0',
      max_tokens: 4,
    })
    const { choices, usage } = await response.json()
    expect(choices[0].message.content).toMatch(/^The little girl/)
    const line = `POST /v1/chat/completions 200 tiny-stories.Q8_0 prompt ${usage.prompt_tokens}, reply 4, `
    await expect.poll(() => terminal.err).toContain(line)
    expect(terminal.err).not.toContain('girl')
  })

  it('takes a draft model for one model', async () => {
    const { url, ended, terminal } = await start([...ARGS, '--draft', TINY_STORIES])
    const body = { ...CHAT, max_tokens: 4 }
    const response = await post(url!, '/v1/chat/completions', body)
    expect((await response.json()).choices[0].message.content).toMatch(/^The little girl/)
    terminal.terminate()
    expect(await ended).toBe(0)
    for (const [more, message] of [
      [[`b=${TINY_STORIES}`, '--draft', TINY_STORIES], '--draft is for one model'],
      [['--draft', TINY_STORIES, '--speculation', 'lookup'], 'do not go together'],
    ] as const) {
      const refused = await start([...ARGS, ...more])
      expect(await refused.ended).toBe(2)
      expect(refused.terminal.err).toContain(message)
    }
  })

  it('refuses pages of other machines, under whatever name they reach it', async () => {
    const { url } = server
    const status = async (origin: string) =>
      (await post(url, '/tokenize', { content: 'a' }, { origin })).status
    expect(await status('http://attacker.example:8080')).toBe(403)
    expect(await status('http://localhost:5173')).toBe(200)
  })

  it('survives clients that send what is not HTTP, too many headers, or half a body', async () => {
    const { port } = new URL(server.url)
    const say = async (message: string, { leaves = false } = {}) => {
      const socket = connect(Number(port), '127.0.0.1')
      await once(socket, 'connect')
      socket.on('error', () => {})
      socket.write(message)
      if (leaves) return void socket.destroy()
      return text(socket)
    }
    expect(await say('HELLO\r\n\r\n')).toMatch(/^HTTP\/1\.1 400/)
    const flood = Array.from({ length: 2000 }, (_, i) => `x-${i}: ${'y'.repeat(20)}`).join('\r\n')
    expect(await say(`GET /health HTTP/1.1\r\nhost: x\r\n${flood}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 431/)
    const head =
      'POST /v1/completions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{'
    await say(head, { leaves: true })
    expect(await say('TRACE /health HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n')).toMatch(
      /^HTTP\/1\.1 4/,
    )
    // A body that is too large is refused before it arrives.
    expect(await say(head.replace('length: 100', 'length: 10485760'))).toMatch(
      /^HTTP\/1\.1 413[\s\S]*request_too_large/,
    )
    expect((await fetch(`${server.url}/health`)).status).toBe(200)
  })
})

describe('the options of dasllama serve', () => {
  it('take keys from a file, and several models', async () => {
    const terminal = new FakeTerminal()
    terminal.files.set('keys.txt', 'one\n\n two \n')
    const models = [`a=${TINY_STORIES}`, `b=${TINY_STORIES}`]
    const { url, ended } = await start(
      [...models, '--port', '0', '--api-key-file', 'keys.txt', '--log', 'json'],
      terminal,
    )
    expect((await fetch(`${url}/v1/models`)).status).toBe(401)
    const models1 = await fetch(`${url}/v1/models`, { headers: { authorization: 'Bearer two' } })
    expect(((await models1.json()) as { data: { id: string }[] }).data.map(({ id }) => id)).toEqual([
      'a',
      'b',
    ])
    const tokens = await post(url, '/tokenize', { model: 'b', content: 'a' }, { authorization: 'Bearer one' })
    expect(tokens.status).toBe(200)
    terminal.interrupt()
    expect(await ended).toBe(0)
    const lines = terminal.err
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(lines.map(({ status, model }) => [status, model])).toEqual([
      [401, undefined],
      [200, undefined],
      [200, 'b'],
    ])
  })

  it.each([
    [['/no/such.gguf'], 1, /no such file|does not exist|not found/i],
    [[], 2, /needs MODEL/],
    [[TINY_STORIES, TINY_STORIES], 2, /two models are named tiny-stories\.Q8_0/],
    [[TINY_STORIES, '--port', '70000'], 2, /--port/],
    [[TINY_STORIES, '--host', 'no.such.host.invalid'], 1, /cannot listen on no\.such\.host\.invalid:8080/],
  ])('rejects %j', async (args, code, message) => {
    const { ended, terminal } = await start(args)
    expect(await ended).toBe(code)
    expect(terminal.err).toMatch(message)
  })

  it('names models by their files', () => {
    const names = (...operands: string[]) => Object.fromEntries(namedModels(operands))
    expect(
      names('models/a.Q8_0.gguf', 'b=hf:owner/repo:Q8_0', 'https://x.example/c-00001-of-00003.gguf?x=1'),
    ).toEqual({
      'a.Q8_0': 'models/a.Q8_0.gguf',
      b: 'hf:owner/repo:Q8_0',
      c: 'https://x.example/c-00001-of-00003.gguf?x=1',
    })
    expect(names('hf:owner/repo:Q4_K_M', 'odd/a=b.gguf')).toEqual({
      'repo:Q4_K_M': 'hf:owner/repo:Q4_K_M',
      'a=b': 'odd/a=b.gguf',
    })
  })

  it('writes lines of the log', () => {
    const time = new Date(0)
    const record = {
      id: 'req_1',
      method: 'POST',
      path: '/v1/completions',
      status: 200,
      ms: 12.3,
      model: 'm',
      promptTokens: 9,
      cachedTokens: 4,
    }
    expect(logLine({ ...record, ended: 'cancelled' }, 'text', time)).toBe(
      '1970-01-01T00:00:00.000Z POST /v1/completions 200 m prompt 9 (4 cached), 12 ms, cancelled\n',
    )
    const error = new Error('outer\nline', { cause: new Error('inner') })
    expect(logLine({ ...record, error }, 'text', time)).toMatch(/12 ms: outer\\nline: inner\n$/)
    expect(JSON.parse(logLine({ ...record, error }, 'json', time))).toMatchObject({
      ms: 12,
      error: 'outer\\nline: inner',
    })
  })

  it('leaves monitors out of the log, unless they fail', () => {
    const record = { id: 'req_1', method: 'GET', path: '/metrics', status: 200, ms: 1 }
    expect(isRoutine(record)).toBe(true)
    expect(isRoutine({ ...record, status: 401 })).toBe(false)
    expect(isRoutine({ ...record, path: '/v1/models' })).toBe(false)
    expect(isRoutine({ ...record, method: 'POST' })).toBe(false)
  })

  it('unload idle models, keep few in memory, open the metrics and enable priorities', async () => {
    const models = [`a=${TINY_STORIES}`, `b=${TINY_STORIES}`]
    const limits = ['--max-loaded', '1', '--unload-after', '1', '--priorities', '--public-metrics']
    const { url, ended, terminal } = await start([
      ...[...models, '--port', '0', '--template', 'chatml', '--context', '256', '--threads', '1'],
      ...[...limits, '--timeout', '60', '--api-key', 'key'],
    ])
    const key = { authorization: 'Bearer key' }
    const ask = (model: string, more = {}) =>
      post(url, '/v1/chat/completions', { ...CHAT, model, max_tokens: 2, ...more }, key)
    expect((await ask('a', { priority: -1 })).status).toBe(200)
    // Kept by the prefix cache, which models of the command line have.
    const { usage } = await (await ask('a')).json()
    expect(usage.prompt_tokens_details.cached_tokens).toBeGreaterThan(20)
    expect((await ask('b')).status).toBe(200)
    const metrics = async () => (await fetch(`${url}/metrics`)).text()
    const text = await metrics()
    expect(text).toContain('dasllama_model_loaded{model="a"} 0\n')
    expect(text).toContain('dasllama_model_loaded{model="b"} 1\n')
    expect(text).toContain('dasllama_prefix_cache_misses_total{model="a"} 1\n')
    await expect.poll(metrics, { timeout: 20_000 }).toContain('dasllama_model_loaded{model="b"} 0\n')
    terminal.interrupt()
    expect(await ended).toBe(0)
    expect(terminal.err).not.toContain('/metrics')
  })

  it('knows the pages of this machine', () => {
    const isForeign = (origin: string, allowed: readonly string[] | true = []) =>
      isForeignPage(new Request('http://localhost/', { headers: { origin } }), allowed)
    for (const origin of [
      'http://localhost',
      'http://127.0.0.1:3000',
      'http://[::1]:1',
      'https://app.localhost',
    ])
      expect(isForeign(origin)).toBe(false)
    for (const origin of ['null', 'https://localhost.example', 'http://192.168.0.1'])
      expect(isForeign(origin)).toBe(true)
    expect(isForeign('https://a.example', ['https://a.example'])).toBe(false)
    expect(isForeign('https://a.example', true)).toBe(false)
  })
})

describe('npm run serve', () => {
  it.skipIf(process.platform === 'win32')(
    'serves TinyLlama from the cache folder, with further options',
    async () => {
      const cache = await mkdtemp(join(tmpdir(), 'dasllama-serve-'))
      await mkdir(join(cache, 'dasllama'))
      // Any model will do.
      await symlink(resolve(TINY_STORIES), join(cache, 'dasllama', 'tinyllama-1.1b-chat.IQ2_XXS.gguf'))
      const args = ['scripts/serve.mjs', '--port', '0', '--threads', '1']
      const child = spawn(process.execPath, args, { env: { ...process.env, XDG_CACHE_HOME: cache } })
      try {
        const out = await new Promise<string>((resolve) =>
          child.stdout.once('data', (data) => resolve(String(data))),
        )
        const models = await (await fetch(`${/http:\S+/.exec(out)![0]}/models`)).json()
        expect(models).toMatchObject({ data: [{ id: 'tinyllama' }] })
      } finally {
        const ended = once(child, 'close')
        child.kill('SIGTERM')
        await ended
        await rm(cache, { recursive: true })
      }
    },
  )
})

describe('a server that is stopped', () => {
  it.skipIf(process.platform === 'win32')(
    'finishes its streams on SIGTERM, refuses others, and ends with 0',
    async () => {
      const child: ChildProcessWithoutNullStreams = spawn(process.execPath, ['dist/cli.js', 'serve', ...ARGS])
      const ended = once(child, 'close')
      const out = await new Promise<string>((resolve) =>
        child.stdout.once('data', (data) => resolve(String(data))),
      )
      const url = /http:\S+(?=\/v1)/.exec(out)![0]
      const response = await post(url, '/v1/chat/completions', { ...CHAT, stream: true, max_tokens: 60 })
      const reader = response.body!.getReader()
      const decoder = new TextDecoder()
      let received = decoder.decode((await reader.read()).value)
      child.kill('SIGTERM')
      for (let read = await reader.read(); !read.done; read = await reader.read())
        received += decoder.decode(read.value)
      expect(received).toMatch(/data: \[DONE\]\n\n$/)
      expect((await ended)[0]).toBe(0)
      await expect(fetch(`${url}/health`)).rejects.toThrow()
    },
  )
})
