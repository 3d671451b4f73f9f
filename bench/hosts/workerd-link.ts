import { readFile } from 'node:fs/promises'
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type FileServer, serveFiles } from '../../test/runtimes/file-server.js'
import { type StartedWorker, startWorker } from '../../test/runtimes/worker.js'
import type { Link } from './link.js'
import type { Answer, Replies, Request } from './protocol.js'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/**
 * A contestant in a Cloudflare Worker. Its clock stands still while it computes, so times are taken out here and
 * have a request to it in them.
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
    const outside: Partial<Replies> = { load: { loadMs: ms }, time: ms }
    return (outside[request.do] ?? answer.value) as Replies[K]
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker[Symbol.asyncDispose]()
    await this.#server.close()
  }
}
