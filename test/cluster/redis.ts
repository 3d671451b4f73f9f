import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { prefixOf } from '../../src/batch/queue.js'
import { connectRedis } from '../../src/batch/redis.js'
import { BatchStore } from '../../src/batch/store.js'
import { TINY_STORIES, temporaryFolder } from '../support/model-files.js'
import { CLI, freePort, listening, type Running, run, start } from './programs.js'

/** A Redis that keeps everything it has confirmed. */
export interface TestRedis extends AsyncDisposable {
  readonly url: string
  readonly folder: string
  /** Ends it at once, and starts it again. */
  kill(): Promise<void>
  restart(): Promise<void>
}

export async function startRedis(...settings: readonly string[]): Promise<TestRedis> {
  const folder = await temporaryFolder()
  const port = await freePort()
  const fixed = ['--port', String(port), '--dir', folder.path, '--save', '', '--appendonly', 'yes']
  let program: Running
  const restart = async () => {
    program = start('redis-server', [...fixed, '--appendfsync', 'always', ...settings], folder.path)
    await listening(port, program)
  }
  await restart()
  return {
    url: `redis://127.0.0.1:${port}`,
    folder: folder.path,
    kill: async () => void (await program.stop('SIGKILL')),
    restart,
    async [Symbol.asyncDispose]() {
      await program.stop('SIGKILL')
      await folder[Symbol.asyncDispose]()
    },
  }
}

/** The batches of a Redis, seen from a test. */
export async function openStore(url: string) {
  const connection = await connectRedis({ url })
  return {
    connection,
    store: new BatchStore(connection.redis, prefixOf('default')),
    [Symbol.asyncDispose]: () => connection.close(),
  }
}

/** Requests of a batch file, which differ in their seeds. */
export function requests(count: number, tokens = 12): object[] {
  return Array.from({ length: count }, (_, i) => ({
    custom_id: `request-${i}`,
    method: 'POST',
    url: i % 3 === 0 ? '/v1/chat/completions' : '/v1/completions',
    body: {
      ...(i % 3 === 0
        ? { messages: [{ role: 'user', content: `Story ${i}` }] }
        : { prompt: `Once upon a time there were ${i}` }),
      max_tokens: tokens,
      seed: i,
    },
  }))
}

/** Writes a batch file; strings are whole lines. */
export async function writeBatch(
  { folder }: TestRedis,
  name: string,
  lines: readonly (object | string)[],
): Promise<string> {
  const path = join(folder, name)
  const texts = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line)))
  await writeFile(path, `${texts.join('\n')}\n`)
  return path
}

export function batch({ url }: TestRedis, ...args: readonly string[]) {
  return run(process.execPath, [CLI, 'batch', ...args, '--redis', url])
}

export function startBatch({ url }: TestRedis, ...args: readonly string[]): Running {
  return start(process.execPath, [CLI, 'batch', ...args, '--redis', url])
}

export function startWorker(redis: TestRedis, ...args: readonly string[]): Running {
  const fixed = ['--template', 'chatml', '--context', '512', '--threads', '1', '--lost-after', '1']
  return startBatch(redis, 'work', `tiny=${TINY_STORIES}`, ...fixed, ...args)
}

/** A line of results. */
export interface ResultLine {
  readonly id: string
  readonly custom_id: string | null
  readonly response: { readonly status_code: number; readonly body: Completion } | null
  readonly error: { readonly code: string; readonly message: string; readonly line?: number } | null
}

interface Completion {
  readonly choices: readonly { readonly text?: string; readonly message?: { readonly content: string } }[]
}

export async function results(redis: TestRedis, id: string): Promise<ResultLine[]> {
  const { out } = await batch(redis, 'result', id)
  return out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
}

/** The text of each result by `custom_id`. */
export function textsOf(lines: readonly ResultLine[]): Map<string | null, string | undefined> {
  return new Map(
    lines.map(({ custom_id, response }) => {
      const [choice] = response?.body.choices ?? []
      return [custom_id, choice?.text ?? choice?.message?.content]
    }),
  )
}

/** The results of a batch, counted for its row. */
export function counted(lines: readonly ResultLine[]) {
  return { answered: new Set(lines.map(({ id }) => id)).size, answers: lines.length }
}
