import { readFile } from 'node:fs/promises'
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type FileServer, serveFiles } from '../../test/runtimes/file-server.js'
import { type StartedWorker, startWorker } from '../../test/runtimes/worker.js'
import type { Link } from './link.js'
import type { Answer, Description, Replies, Request } from './protocol.js'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/**
 * A contestant in a Cloudflare Worker. Its clock does not advance while it computes, so times are measured here and
 * include a request to it.
 */
export class WorkerdLink implements Link {
  readonly #worker: StartedWorker
  readonly #server: FileServer

  private constructor(worker: StartedWorker, server: FileServer) {
    this.#worker = worker
    this.#server = server
  }

  /** `program`: path of the host's program. */
  static async open(program: string): Promise<WorkerdLink> {
    const worker = await startWorker(await readFile(program, 'utf8'), ['dist/workerd.js'])
    return new WorkerdLink(worker, await serveFiles())
  }

  async address(path: string): Promise<string> {
    return this.#server.url + relative(ROOT, path)
  }

  async ask<K extends Request['do']>(request: Extract<Request, { do: K }>): Promise<Replies[K]> {
    const since = performance.now()
    const answer = (await this.#worker.ask(JSON.stringify(request))) as Answer
    const ms = performance.now() - since
    if ('error' in answer) throw new Error(answer.error)
    if (request.do === 'describe') {
      const { version } = JSON.parse(await readFile(`${ROOT}node_modules/workerd/package.json`, 'utf8'))
      return { ...(answer.value as Description), runtime: `workerd ${version}` } as Replies[K]
    }
    const outside: Partial<Replies> = { load: { loadMs: ms }, time: ms }
    return (outside[request.do] ?? answer.value) as Replies[K]
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker[Symbol.asyncDispose]()
    await this.#server.close()
  }
}
