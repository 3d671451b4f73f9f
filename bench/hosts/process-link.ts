import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { ANSWER } from './lines.js'
import type { Link } from './link.js'
import type { Answer, Replies, Request } from './protocol.js'

/** A contestant in a separate process. */
export class ProcessLink implements Link {
  readonly #process: ChildProcess
  readonly #ended: Promise<string>
  #answered: (answer: Answer) => void = () => {}

  /** The command that starts the host's program, and additional environment variables of its process. */
  constructor([command, ...args]: readonly string[], env: Readonly<Record<string, string>> = {}) {
    const child = spawn(command, args, {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, ...env },
    })
    this.#process = child
    this.#ended = Promise.race([
      once(child, 'exit').then(([code, signal]) => signal ?? `exit code ${code}`),
      once(child, 'error').then(([error]) => String(error)),
    ]) as Promise<string>
    // Writing to a process that has ended; `#ended` reports that.
    child.stdin.on('error', () => {})
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line.startsWith(ANSWER)) this.#answered(JSON.parse(line.slice(ANSWER.length)))
      else console.error(line)
    })
  }

  async address(path: string): Promise<string> {
    return path
  }

  async ask<K extends Request['do']>(request: Extract<Request, { do: K }>): Promise<Replies[K]> {
    const answered = new Promise<Answer>((resolve) => {
      this.#answered = resolve
    })
    const ended = this.#ended.then((end) => ({
      error: `the process ended with ${end} while asked to ${request.do}`,
    }))
    this.#process.stdin?.write(`${JSON.stringify(request)}\n`)
    const answer: Answer = await Promise.race([answered, ended])
    if ('error' in answer) throw new Error(answer.error)
    return answer.value as Replies[K]
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Killed: there is nothing to save, and an engine may keep its process alive.
    this.#process.kill('SIGKILL')
    await this.#ended
  }
}
