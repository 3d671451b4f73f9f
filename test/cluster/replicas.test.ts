/** Two servers behind nginx, with the configuration of deploy/nginx/. */
import { once } from 'node:events'
import { access, readFile } from 'node:fs/promises'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { temporaryFolder } from '../support/model-files.js'
import { chat, post, type Replica, receive, startNginx, startReplica } from './nginx.js'
import { freePort, need, type Running, root, row, until } from './programs.js'

const DONE = /data: \[DONE\]\n\n$/

beforeAll(() => need('nginx'))

let folder: Awaited<ReturnType<typeof temporaryFolder>>
let nginx: { readonly url: string; readonly program: Running }
let replicas: Replica[]

async function startAll(affinity: 'header' | 'prefix', args: readonly string[] = []): Promise<void> {
  folder = await temporaryFolder()
  replicas = await Promise.all([startReplica(undefined, args), startReplica(undefined, args)])
  nginx = await startNginx(
    folder.path,
    replicas.map(({ port }) => port),
    affinity,
  )
}

async function stopAll(): Promise<void> {
  await nginx?.program.stop()
  await Promise.all(replicas.map(({ program }) => program.stop('SIGKILL')))
  await folder[Symbol.asyncDispose]()
}

/** Answers of all replicas, as their logs have them. */
function logged(): number {
  return replicas.reduce((sum, each) => sum + each.answered(/ 200 (?!.*cancelled)/), 0)
}

/** A key whose requests this replica gets. */
async function keyOf(replica: Replica): Promise<string> {
  for (let i = 0; i < 50; i++) {
    const all = () => replicas.reduce((sum, each) => sum + each.answered(), 0)
    const [before, allBefore] = [replica.answered(), all()]
    const response = await post(nginx.url, chat('Hi', 1), { affinity: `key-${i}` })
    expect(response.status).toBe(200)
    await response.text()
    await until('the log', () => all() > allBefore)
    if (replica.answered() > before) return `key-${i}`
  }
  throw new Error('no key leads to the replica')
}

describe('replicas behind nginx', () => {
  beforeAll(() => startAll('header'))
  afterAll(stopAll)

  it('share requests', async ({ task }) => {
    const all = logged()
    const before = replicas.map((replica) => replica.answered())
    const answers = await Promise.all(
      Array.from({ length: 12 }, async (_, i) => (await post(nginx.url, chat(`Story ${i}`, 40))).json()),
    )
    const answered = answers.filter(({ choices }) => choices[0].finish_reason === 'length').length
    expect(answered).toBe(12)
    await until(
      'the logs',
      () => replicas.reduce((sum, each, i) => sum + each.answered() - before[i], 0) === 12,
    )
    for (const [i, each] of replicas.entries()) expect(each.answered() - before[i]).toBeGreaterThan(3)
    task.meta.row = row('nginx: least connections', {
      ...{ requests: 12, answered, answers: logged() - all },
    })
  })

  it('get all requests of a key, and different keys are spread', async ({ task }) => {
    const owners = new Set<number>()
    const all = logged()
    let answered = 0
    for (let key = 0; key < 8; key++) {
      const before = replicas.map((each) => each.answered())
      for (let i = 0; i < 3; i++) {
        const response = await post(nginx.url, chat(`Story ${i}`, 1), { affinity: `user-${key}` })
        if ((await response.json()).choices.length === 1) answered++
      }
      const counts = () => replicas.map((each, i) => each.answered() - before[i])
      await until('the logs', () => counts().reduce((a, b) => a + b) === 3)
      expect(counts().sort()).toEqual([0, 3])
      owners.add(counts().indexOf(3))
    }
    expect([...owners].sort()).toEqual([0, 1])
    task.meta.row = row('nginx: sticky by header', { requests: 24, answered, answers: logged() - all })
  })

  it('notice at once that a client has left', async ({ task }) => {
    const leaving = new AbortController()
    const response = await post(nginx.url, chat('Story', 4000, { stream: true }), { signal: leaving.signal })
    const reader = response.body!.getReader()
    await reader.read()
    leaving.abort()
    await until('the slot is free', () => replicas.some((each) => each.answered(/cancelled/) === 1))
    task.meta.row = row('nginx: a client leaves', { requests: 1, answered: 0, answers: 0, broken: 1 })
  })

  it('are told nothing that concerns a single one, and bodies that are too large are refused', async () => {
    for (const path of ['/metrics', '/slots', '/status', '/models/tiny/unload']) {
      const response = await fetch(nginx.url + path)
      expect([response.status, (await response.json()).error.code]).toEqual([404, 'unknown_url'])
    }
    expect((await fetch(`${nginx.url}/v1/models/tiny`)).status).toBe(200)
    const response = await post(nginx.url, chat('x'.repeat(5 * 2 ** 20), 1))
    expect([response.status, (await response.json()).error.code]).toEqual([413, 'request_too_large'])
    expect((await fetch(`${nginx.url}/health`)).status).toBe(200)
  })
})

describe('a conversation', () => {
  beforeAll(() => startAll('prefix'))
  afterAll(stopAll)

  it('stays on the replica that has its beginning in the cache', async ({ task }) => {
    const owners = new Set<number>()
    let answered = 0
    for (let i = 0; i < 8; i++) {
      const before = replicas.map((each) => each.answered())
      const first = { role: 'user', content: `Tell me about child number ${i}` }
      const opening = await (await post(nginx.url, chat('', 4, { messages: [first] }))).json()
      const messages = [first, opening.choices[0].message, { role: 'user', content: 'And then?' }]
      const next = await (await post(nginx.url, chat('', 4, { messages }))).json()
      answered += opening.choices.length + next.choices.length
      expect(next.usage.prompt_tokens_details.cached_tokens).toBeGreaterThan(10)
      const counts = () => replicas.map((each, i) => each.answered() - before[i])
      await until('the logs', () => counts().reduce((a, b) => a + b) === 2)
      owners.add(counts().indexOf(2))
    }
    expect([...owners].sort()).toEqual([0, 1])
    task.meta.row = row('nginx: sticky by prompt', { requests: 16, answered, answers: logged() })
  })

  it('may be named by prompt_cache_key, and bodies of any size and kind are passed on', async () => {
    const before = replicas.map((each) => each.answered())
    for (let i = 0; i < 6; i++) {
      await (await post(nginx.url, chat(`Story ${i}`, 1, { prompt_cache_key: 'mine' }))).text()
    }
    const counts = () => replicas.map((each, i) => each.answered() - before[i])
    await until('the logs', () => counts().reduce((a, b) => a + b) === 6)
    expect(counts().sort()).toEqual([0, 6])
    const large = await post(nginx.url, chat('x'.repeat(3 * 2 ** 20), 1))
    expect([large.status, (await large.json()).error.code]).toEqual([400, 'context_length_exceeded'])
    for (const body of ['{', '[]', 'null', '7']) {
      const response = await fetch(`${nginx.url}/v1/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
      })
      expect([response.status, response.headers.get('content-type')]).toEqual([
        400,
        'application/json; charset=utf-8',
      ])
    }
  })
})

describe('a replica that is lost', () => {
  beforeEach(() => startAll('header', ['--parallel', '1']))
  afterEach(stopAll)

  it('ends its streams with an error; other requests go to the next one', async ({ task }) => {
    const [lost] = replicas
    const affinity = await keyOf(lost)
    const all = logged()
    const running = receive(await post(nginx.url, chat('Story', 4000, { stream: true }), { affinity }))
    await until('the stream has begun', () => running.received.text.length > 500)
    const waiting = Array.from({ length: 3 }, (_, i) =>
      post(nginx.url, chat(`Story ${i}`, 5, { stream: true }), { affinity }),
    )
    await new Promise((resolve) => setTimeout(resolve, 300))
    await lost.program.stop('SIGKILL')
    const ended = await running.done
    expect(ended.error).toBeDefined()
    expect(ended.text).not.toMatch(DONE)
    let answered = 0
    for (const response of await Promise.all(waiting)) {
      expect((await receive(response).done).text).toMatch(DONE)
      answered++
    }
    const after = await Promise.all(
      Array.from(
        { length: 6 },
        async (_, i) => (await post(nginx.url, chat(`After ${i}`, 5), { affinity })).status,
      ),
    )
    expect(after).toEqual(Array(6).fill(200))
    answered += after.length
    await until('the log', () => logged() - all >= answered)
    const counts = { requests: 10, answered, answers: logged() - all, kills: 1, broken: 1 }
    // A replica that is back gets its requests again.
    replicas[0] = await startReplica(lost.port, ['--parallel', '1'])
    await until('requests for it', async () => {
      await (await post(nginx.url, chat('Back', 1), { affinity })).text()
      return replicas[0].answered() > 0
    })
    task.meta.row = row('nginx: a replica is killed', counts)
  })

  it('loses no request when it is stopped', async ({ task }) => {
    const [stopped] = replicas
    const affinity = await keyOf(stopped)
    const all = logged()
    const running = receive(await post(nginx.url, chat('Story', 600, { stream: true }), { affinity }))
    await until('the stream has begun', () => running.received.text.length > 500)
    const statuses: Promise<number>[] = []
    for (let i = 0; i < 40; i++) {
      if (i === 10) stopped.program.child.kill('SIGTERM')
      const key = i % 2 === 0 ? { affinity } : {}
      statuses.push(
        post(nginx.url, chat(`Story ${i}`, 2), key).then(async (response) => {
          await response.text()
          return response.status
        }),
      )
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    const answered = (await Promise.all(statuses)).filter((status) => status === 200).length
    expect(answered).toBe(40)
    expect((await running.done).text).toMatch(DONE)
    expect(await stopped.program.ended).toBe(0)
    await until('the logs', () => logged() - all >= 41)
    task.meta.row = row('nginx: a replica is stopped', {
      ...{ requests: 41, answered: answered + 1, answers: logged() - all },
    })
  })

  it('leads to an error in the shape of the API when there is no other', async () => {
    await Promise.all(replicas.map(({ program }) => program.stop('SIGKILL')))
    const response = await post(nginx.url, chat('Story', 1))
    expect(response.status).toBe(503)
    expect(response.headers.get('retry-after')).toBe('5')
    expect((await response.json()).error).toMatchObject({ type: 'server_error', code: 'model_unavailable' })
  })
})

describe('the compose file', () => {
  it('has the replicas of replicas.conf, and the files that it mounts', async () => {
    const folder = `${root}deploy/nginx/`
    const { services, networks } = parse(await readFile(`${folder}compose.yaml`, 'utf8'), { merge: true })
    const servers = await readFile(`${folder}replicas.conf`, 'utf8')
    const names = Array.from(servers.matchAll(/^server ([\w-]+):8080 /gm), ([, name]) => name)
    expect(Object.keys(services)).toEqual([...names, 'nginx'])
    expect(Object.keys(services.nginx.depends_on)).toEqual(names)
    const addresses = names.map((name) => services[name].networks.inside.ipv4_address)
    expect(new Set(addresses).size).toBe(names.length)
    for (const address of addresses) expect(address).toMatch(/^172\.28\./)
    expect(networks.inside.ipam.config).toEqual([{ subnet: '172.28.0.0/16' }])
    for (const volume of services.nginx.volumes as string[]) {
      await access(folder + volume.split(':')[0])
    }
    for (const name of names) expect(services[name].command.join(' ')).toContain('--host 0.0.0.0')
  })
})

describe('nginx', () => {
  it('passes on each token as it comes', async ({ task }) => {
    await using folder = await temporaryFolder()
    const answers: ServerResponse[] = []
    const server = createServer((_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write('data: 1\n\n')
      answers.push(response)
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const { url, program } = await startNginx(folder.path, [port, await freePort()], 'header')
    try {
      const { received, done } = receive(await post(url, chat('Story', 1)))
      // Each is sent after the client has the one before.
      for (let i = 1; i <= 5; i++) {
        await until(`event ${i}`, () => received.text.endsWith(`data: ${i}\n\n`))
        answers.at(-1)!.write(`data: ${i + 1}\n\n`)
      }
      answers.at(-1)!.end()
      expect((await done).error).toBeUndefined()
    } finally {
      await program.stop()
      server.closeAllConnections()
      server.close()
    }
    task.meta.row = row('nginx: unbuffered', { requests: 1, answered: 1, answers: answers.length })
  })
})
