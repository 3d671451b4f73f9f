/** The function and the container of examples/serverless, started with the installed package. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdir, readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import { TINY_STORIES } from '../support/model-files.js'
import { CACHE, ROOT, run, TARBALL } from '../support/packed.js'
import { askStreamed, askWhole, clientOf, type Reply, replyInNode } from './support/chat.js'
import { freePort, start } from './support/program.js'

const EXAMPLE = join(ROOT, 'examples/serverless')
const RUNNER = fileURLToPath(new URL('support/lambda-runner.mjs', import.meta.url))

let folder: string
let expected: Reply

/** The files that a Dockerfile copies, with the package that it installs. */
beforeAll(async () => {
  expected = await replyInNode(TINY_STORIES)
  folder = join(CACHE, 'serverless')
  const installed = join(folder, 'node_modules/dasllama')
  await run('rm', ['-rf', folder], ROOT)
  await mkdir(installed, { recursive: true })
  await run('tar', ['-xzf', TARBALL, '--strip-components=1', '-C', installed], ROOT)
  await cp(EXAMPLE, folder, { recursive: true })
}, 600_000)

/** What a Dockerfile says: its variables and its command. */
async function image(
  name: string,
): Promise<{ env: Record<string, string>; command: string[]; copied: string[] }> {
  const dockerfile = await readFile(join(EXAMPLE, name), 'utf8')
  const [, command] = /^CMD (\[.*\])$/m.exec(dockerfile) ?? []
  return {
    env: Object.fromEntries(
      Array.from(dockerfile.matchAll(/^ENV (\w+)=(.*)$/gm), ([, name, value]) => [name, value]),
    ),
    command: JSON.parse(command),
    copied: Array.from(dockerfile.matchAll(/^COPY (?!\$)(.*) \.\/$/gm), ([, files]) =>
      files.split(' '),
    ).flat(),
  }
}

describe('the container', () => {
  it('answers like the model, whole and streamed, and ends when it is told to', async ({ task }) => {
    const { env, command, copied } = await image('Dockerfile')
    expect(copied).toEqual(['package.json', 'chat.mjs', 'server.mjs'])
    expect(env.MODEL).toBe('/models/model.gguf')
    const port = await freePort()
    const own = { ...env, MODEL: TINY_STORIES, TEMPLATE: 'chatml', PORT: String(port), API_KEY: 'secret' }
    const server = await start([process.execPath, ...command.slice(1)], folder, /listening on port/, own)
    const client = clientOf(`http://127.0.0.1:${port}/v1`, { apiKey: 'secret' })
    expect(await askWhole(client, 'chat')).toEqual(expected)
    const { chunks, ...streamed } = await askStreamed(client, 'chat')
    expect(streamed).toEqual(expected)
    expect(chunks).toBeGreaterThan(10)
    await expect(askWhole(clientOf(`http://127.0.0.1:${port}/v1`), 'chat')).rejects.toMatchObject({
      status: 401,
    })
    expect(await server.stop()).toBe(0)
    task.meta.row = { example: 'container of Node', result: `ready in ${server.readyMs.toFixed(0)} ms` }
  })

  it('finds a model in DASLLAMA_HOME that another instance has downloaded', async () => {
    const home = join(folder, 'home')
    const bytes = await readFile(TINY_STORIES)
    let requests = 0
    const hub = createServer((request, response) => {
      requests++
      serveRange(bytes, request, response)
    }).listen(0, '127.0.0.1')
    await once(hub, 'listening')
    const source = `http://127.0.0.1:${(hub.address() as AddressInfo).port}/model.gguf`
    await run(process.execPath, ['node_modules/dasllama/dist/cli.js', 'pull', source], folder, {
      DASLLAMA_HOME: home,
    })
    const before = requests
    const env = { MODEL: source, DASLLAMA_HOME: home, TEMPLATE: 'chatml' }
    const port = await freePort()
    const own = { ...env, PORT: String(port) }
    await using _ = await start([process.execPath, 'server.mjs'], folder, /listening on port/, own)
    expect(await askWhole(clientOf(`http://127.0.0.1:${port}/v1`), 'chat')).toEqual(expected)
    expect(requests).toBe(before)
    hub.close()
  })

  it('does not start without its model, and says why', async () => {
    const begin = (env: Record<string, string>) =>
      start([process.execPath, 'server.mjs'], folder, /listening/, { PORT: '0', ...env })
    await expect(begin({ MODEL: '/nowhere/model.gguf' })).rejects.toThrow(/nowhere\/model\.gguf/)
    await expect(begin({})).rejects.toThrow(/set MODEL/)
  })
})

describe('the function', () => {
  const BODY = {
    ...{ model: 'chat', max_tokens: 24, temperature: 0, logprobs: true },
    messages: [{ role: 'user', content: 'Once upon a time there was a dog' }],
  }

  /** An event of a function URL, payload format 2.0. */
  function eventOf(body: object, headers: Record<string, string> = {}): object {
    const path = '/v1/chat/completions'
    return {
      ...{ version: '2.0', rawPath: path, rawQueryString: '', isBase64Encoded: true },
      headers: { host: 'function.local', 'content-type': 'application/json', ...headers },
      requestContext: { http: { method: 'POST', path } },
      body: Buffer.from(JSON.stringify(body)).toString('base64'),
    }
  }

  /** The command of the image, in a process that stands in for Lambda's runtime. */
  async function begin(variables: Record<string, string>) {
    const { command, env, copied } = await image('Dockerfile.lambda')
    expect(copied).toEqual(['package.json', 'chat.mjs', 'lambda.mjs'])
    const { NODE_ENV, VITEST, ...inherited } = process.env
    const child = fork(RUNNER, [join(folder, command[0])], {
      env: { ...inherited, ...env, MODEL: TINY_STORIES, TEMPLATE: 'chatml', ...variables },
      execArgv: [],
      silent: true,
    })
    const answer = async () => (await once(child, 'message'))[0] as LambdaAnswer
    await answer()
    return {
      invoke(event: object) {
        child.send(event)
        return answer()
      },
      [Symbol.dispose]: () => void child.kill(),
    }
  }

  it('streams its answer', async ({ task }) => {
    using lambda = await begin({ RESPONSE_STREAM: '1' })
    const answer = await lambda.invoke(eventOf({ ...BODY, stream: true }))
    expect(answer).toMatchObject({ isStreamed: true, statusCode: 200 })
    expect(answer.headers['content-type']).toContain('text/event-stream')
    expect(answer.pieces).toBeGreaterThan(10)
    // OpenAI's client reads it.
    const client = clientOf(async () => new Response(answer.body, { headers: answer.headers }))
    const { chunks: _, ...reply } = await askStreamed(client, 'chat')
    expect(reply).toEqual(expected)
    const whole = await lambda.invoke(eventOf(BODY))
    expect(JSON.parse(whole.body).choices[0].message.content).toBe(expected.text)
    task.meta.row = {
      example: 'AWS Lambda, streamed (stand-in for its runtime)',
      result: `${answer.pieces} pieces`,
    }
  })

  it('answers as a whole where nothing is streamed', async () => {
    using lambda = await begin({})
    const answer = await lambda.invoke(eventOf(BODY))
    expect(answer).toMatchObject({ isStreamed: false, statusCode: 200 })
    expect(JSON.parse(answer.body).choices[0].message.content).toBe(expected.text)
  })

  it('refuses what it cannot answer', async () => {
    using lambda = await begin({ API_KEY: 'secret' })
    expect(await lambda.invoke({ Records: [] })).toMatchObject({
      error: expect.stringContaining('function URL'),
    })
    expect(await lambda.invoke(eventOf(BODY))).toMatchObject({ statusCode: 401 })
    const allowed = eventOf(BODY, { authorization: 'Bearer secret' })
    expect(await lambda.invoke(allowed)).toMatchObject({ statusCode: 200 })
  })

  it('answers with 503 as long as its model is missing', async () => {
    using lambda = await begin({ MODEL: '/nowhere.gguf' })
    expect(await lambda.invoke(eventOf(BODY))).toMatchObject({ statusCode: 503 })
  })
})

interface LambdaAnswer {
  readonly isStreamed: boolean
  readonly statusCode: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** In how many pieces the body was written. */
  readonly pieces: number
}

function serveRange(bytes: Buffer, { headers }: IncomingMessage, response: ServerResponse): void {
  const [, start = 0, end = bytes.length - 1] = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? '') ?? []
  response.writeHead(206, { etag: '"1"', 'content-range': `bytes ${start}-${end}/${bytes.length}` })
  response.end(bytes.subarray(Number(start), Number(end) + 1))
}
