/** The Worker of examples/cloudflare-worker under `wrangler dev`, in workerd, with the model in each of its places. */
import { cp, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cachedGguf } from '../../bench/models/cache.js'
import { checkpointToGguf } from '../../bench/models/checkpoint-to-gguf.js'
import { STORIES_15M, TINY_STORIES } from '../support/model-files.js'
import { bin, project, ROOT, run } from '../support/packed.js'
import { askStreamed, askWhole, clientOf, type Reply, replyInNode } from './support/chat.js'
import { freePort, memoryOf, start } from './support/program.js'
import { typeErrors } from './support/types.js'

const EXAMPLE = join(ROOT, 'examples/cloudflare-worker')
const MODEL = 'tiny-stories.Q8_0.gguf'
const STORIES = 'stories15M.F32.gguf'
const JSON_BODY = { 'content-type': 'application/json' }
const OFFLINE = { WRANGLER_SEND_METRICS: 'false', CI: '1' }
/** Of a Worker on Cloudflare, and what R2 takes, which is simulated in the same process. */
const MOST_BYTES = 128e6 + 32e6

let folder: string
let expected: Reply

const wrangler = (...args: string[]) => [process.execPath, bin(folder, 'wrangler/bin/wrangler.js'), ...args]

async function command(...args: string[]): Promise<string> {
  const [program, ...words] = wrangler(...args)
  return run(program, words, folder, OFFLINE)
}

/** `wrangler dev`, and a client of it. */
async function serve(...args: string[]) {
  const port = await freePort()
  const words = ['dev', '--ip', '127.0.0.1', '--port', String(port), '--inspector-port', '0', ...args]
  const program = await start(wrangler(...words), folder, /Ready on http/, OFFLINE)
  const url = `http://127.0.0.1:${port}`
  return {
    // wrangler may restart the Worker once more after it is ready.
    ...{ program, url, client: clientOf(`${url}/v1`, { maxRetries: 3 }) },
    [Symbol.asyncDispose]: () => program[Symbol.asyncDispose](),
  }
}

/** Milliseconds that something takes, and its result. */
async function timed<T>(work: () => Promise<T>): Promise<[ms: number, result: T]> {
  const since = performance.now()
  const result = await work()
  return [performance.now() - since, result]
}

const ms = (value: number) => `${value.toFixed(0)} ms`
const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`

async function split(path: string, mebibytes: number): Promise<void> {
  const args = ['scripts/split.mjs', path, '--mebibytes', String(mebibytes)]
  await run(process.execPath, args, folder)
}

beforeAll(async () => {
  expected = await replyInNode(TINY_STORIES)
  folder = await project('wrangler')
  for (const name of ['src', 'scripts', 'wrangler.jsonc'])
    await cp(join(EXAMPLE, name), join(folder, name), { recursive: true })
  await split(TINY_STORIES, 2)
  for (const name of await readdir(join(folder, 'models'))) {
    const place = ['--binding', 'MODELS_KV', '--path', join('models', name), '--local']
    await command('kv', 'key', 'put', '--env', 'kv', name, ...place)
  }
  await command('r2', 'object', 'put', `models/${MODEL}`, '--file', TINY_STORIES, '--local')
}, 600_000)

it('has the version of wrangler that is tested', async () => {
  const version = async (path: string) => JSON.parse(await readFile(path, 'utf8'))
  const { devDependencies } = await version(join(EXAMPLE, 'package.json'))
  const { dependencies } = await version(join(ROOT, 'test/package/wrangler/package.json'))
  expect(devDependencies.wrangler).toBe(dependencies.wrangler)
})

it('is a bundle that Cloudflare accepts', async ({ task }) => {
  const printed = await command('deploy', '--dry-run', '--outdir', 'out')
  const [, unit, gzip] = /gzip: ([\d.]+ (KiB|MiB))/.exec(printed) ?? []
  const files = await readdir(join(folder, 'out'))
  expect(files.filter((name) => name.endsWith('.wasm')).length).toBe(2)
  task.meta.row = { example: task.name, result: `gzip ${unit}` }
  // 3 MB on the free plan.
  expect(gzip).toBe('KiB')
})

describe.each(['assets', 'r2', 'kv'])('with the model in %s', (place) => {
  it('answers like Node, whole and streamed', async ({ task }) => {
    await using server = await serve(...(place === 'assets' ? [] : ['--env', place]))
    const before = await memoryOf(server.program.pid, 'workerd')
    const [firstMs, first] = await timed(() => askWhole(server.client, MODEL))
    expect(first).toEqual(expected)
    const [streamedMs, { chunks, ...streamed }] = await timed(() => askStreamed(server.client, MODEL))
    expect(streamed).toEqual(expected)
    expect(chunks).toBeGreaterThan(10)
    const after = await memoryOf(server.program.pid, 'workerd')
    task.meta.row = {
      example: `Cloudflare Worker, ${place}`,
      result: [
        `wrangler and workerd ready in ${ms(server.program.readyMs)}`,
        `first reply of 24 tokens ${ms(firstMs)}, second ${ms(streamedMs)}`,
        `workerd ${megabytes(before.now)}, then ${megabytes(after.most)}`,
      ].join('; '),
    }
  })
})

describe('in use', () => {
  let server: Awaited<ReturnType<typeof serve>>

  beforeAll(async () => {
    server = await serve()
    await askWhole(server.client, MODEL)
  })
  afterAll(() => server?.[Symbol.asyncDispose]())

  it('answers others while a client leaves, and after that', async () => {
    const client = clientOf(`${server.url}/v1`)
    const leaving = new AbortController()
    const body = { model: MODEL, stream: true, messages: [{ role: 'user', content: 'A cat' }] }
    const left = await fetch(`${server.url}/v1/chat/completions`, {
      ...{ method: 'POST', headers: JSON_BODY, body: JSON.stringify(body), signal: leaving.signal },
    })
    const reader = left.body!.getReader()
    await reader.read()
    const other = askStreamed(client, MODEL)
    await reader.read()
    leaving.abort()
    await reader.read().catch(() => {})
    const { chunks: _, ...reply } = await other
    expect(reply).toEqual(expected)
    expect(await askWhole(client, MODEL)).toEqual(expected)
  })

  it('refuses what it cannot answer, as OpenAI does', async () => {
    await expect(askWhole(server.client, 'other')).rejects.toMatchObject({ status: 404 })
    const response = await fetch(`${server.url}/v1/chat/completions`, {
      method: 'POST',
      headers: JSON_BODY,
      body: '{',
    })
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ error: { message: expect.any(String) } })
    // The pieces of the model are not served.
    expect((await fetch(`${server.url}/${MODEL}.json`)).status).toBe(404)
  })
})

it('asks for a key that is set', async () => {
  await using server = await serve('--var', 'API_KEY:secret')
  await expect(askWhole(server.client, MODEL)).rejects.toMatchObject({ status: 401 })
  const client = clientOf(`${server.url}/v1`, { apiKey: 'secret', maxRetries: 3 })
  expect(await askWhole(client, MODEL)).toEqual(expected)
})

it('says which model is missing', async () => {
  await using server = await serve('--var', 'MODEL:other.gguf')
  const response = await fetch(`${server.url}/v1/models`)
  expect(response.status).toBe(503)
  expect(await response.json()).toMatchObject({
    error: { message: expect.stringContaining('other.gguf.json is missing') },
  })
})

it.skipIf(process.platform !== 'linux')('holds a model of 61 MB once', async ({ task }) => {
  const path = await cachedGguf(STORIES, () => checkpointToGguf(STORIES_15M))
  // In R2: wrangler opens a connection for every few kilobytes of an asset that a Worker reads, thousands for this model.
  await command('r2', 'object', 'put', `models/${STORIES}`, '--file', path, '--local')
  await using server = await serve('--env', 'r2', '--var', `MODEL:${STORIES}`)
  const before = await memoryOf(server.program.pid, 'workerd')
  const reply = await askWhole(server.client, STORIES)
  expect(reply).toEqual(await replyInNode(path))
  const { now, most } = await memoryOf(server.program.pid, 'workerd')
  const grown = most - before.now
  task.meta.row = {
    example: 'Cloudflare Worker, 61 MB of weights in R2',
    result: `workerd grew by ${megabytes(grown)} at most, and ${megabytes(now - before.now)} after the reply`,
  }
  expect(grown).toBeLessThan(MOST_BYTES)
})

it('has no type errors', async () => {
  expect(await typeErrors(folder, 'src/worker.ts')).toBe('')
})
