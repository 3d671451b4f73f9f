import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { Answer, Replies, Request } from './protocol.js'

const HOST = fileURLToPath(new URL('host.ts', import.meta.url))
/** What lets Node run TypeScript. */
const LOADER = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href

/** A contestant in a process of its own, as the bench sees it. One request at a time. */
export class RemoteContestant implements AsyncDisposable {
  readonly #process: ChildProcess

  /** `module`: address of the contestant's module. */
  constructor(module: URL) {
    this.#process = fork(HOST, [module.href], {
      execArgv: ['--import', LOADER],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
  }

  /** Rejects with the contestant's error, or when its process ends instead of answering. */
  async ask<K extends Request['do']>(request: Extract<Request, { do: K }>): Promise<Replies[K]> {
    const done = new AbortController()
    const { signal } = done
    const ended = once(this.#process, 'exit', { signal }).then(([code, killedBy]) => {
      throw new Error(
        `the process ended with ${killedBy ?? `exit code ${code}`} while asked to ${request.do}`,
      )
    })
    const answered = once(this.#process, 'message', { signal })
    // The one that comes second, or is called off below, interests nobody.
    for (const promise of [ended, answered]) promise.catch(() => {})
    try {
      this.#process.send(request)
      const [answer] = (await Promise.race([answered, ended])) as [Answer]
      if ('error' in answer) throw new Error(answer.error)
      return answer.value as Replies[K]
    } finally {
      done.abort()
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return
    const ended = once(this.#process, 'exit')
    // Not asked to go: there is nothing to save, and an engine may keep its process alive.
    this.#process.kill('SIGKILL')
    await ended
  }
}
