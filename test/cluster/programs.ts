/** The programs of these tests, on free ports and in folders of their own. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../../', import.meta.url))
export const CLI = `${root}dist/cli.js`

/** A program that runs, and what it has written. */
export interface Running extends AsyncDisposable {
  readonly child: ChildProcess
  readonly out: string
  readonly err: string
  /** Resolves with the exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>
  /** Sends a signal and waits for the end. */
  stop(signal?: NodeJS.Signals): Promise<number | string>
}

const PACKAGES: Readonly<Record<string, string>> = {
  nginx: 'nginx libnginx-mod-http-js',
  'redis-server': 'redis-server',
}

/** Throws if a program is not installed: these tests are not skipped. */
export function need(...programs: readonly string[]): void {
  for (const program of programs) {
    try {
      execFileSync('which', [program], { stdio: 'ignore' })
    } catch {
      throw new Error(`${program} is missing: apt-get install ${PACKAGES[program]}`)
    }
  }
}

export function start(command: string, args: readonly string[], cwd: string = root): Running {
  const child = spawn(command, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
  const state = { out: '', err: '' }
  child.stdout.on('data', (data) => {
    state.out += data
  })
  child.stderr.on('data', (data) => {
    state.err += data
  })
  const ended = once(child, 'close').then(([code, signal]) => code ?? signal)
  const stop = (signal: NodeJS.Signals = 'SIGTERM') => {
    child.kill(signal)
    return ended
  }
  return {
    child,
    get out() {
      return state.out
    },
    get err() {
      return state.err
    },
    ended,
    stop,
    [Symbol.asyncDispose]: async () => void (await stop('SIGKILL')),
  }
}

/** Runs a program to its end. Rejects if it fails. */
export async function run(command: string, args: readonly string[], cwd?: string) {
  const running = start(command, args, cwd)
  const code = await running.ended
  if (code !== 0) throw new Error(`${command} ${args.join(' ')}: ${code}\n${running.out}${running.err}`)
  return { out: running.out, err: running.err }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** Resolves when the condition holds; rejects after a minute with what was waited for. */
export async function until(what: string, condition: () => unknown): Promise<void> {
  const limit = performance.now() + 60_000
  while (!(await condition())) {
    if (performance.now() > limit) throw new Error(`waited in vain: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/** Resolves when something listens on the port. */
export async function listening(port: number, program: Running): Promise<void> {
  await until(`port ${port}`, () => {
    if (program.child.exitCode !== null) {
      throw new Error(`the program has ended: ${program.out}${program.err}`)
    }
    return new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1')
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
      socket.once('connect', () => socket.destroy())
    })
  })
}

/** What became of requests: a row of the table that `npm run test:cluster` prints. */
export type ClusterRow = {
  readonly requests: number
  /** Programs that were killed. */
  readonly kills: number
  /** Streams that had begun and ended with an error, as they should. */
  readonly broken: number
  /** Answers beyond one per request. */
  readonly duplicates: number
  /** Requests with neither an answer nor an error in their stream. */
  readonly losses: number
}

/** `answered`: distinct requests with an answer; `answers`: all answers. */
export function row(
  test: string,
  {
    requests,
    answered,
    answers,
    kills = 0,
    broken = 0,
  }: {
    readonly requests: number
    readonly answered: number
    readonly answers: number
    readonly kills?: number
    readonly broken?: number
  },
): ClusterRow & { readonly test: string } {
  return {
    test,
    requests,
    kills,
    broken,
    duplicates: answers - answered,
    losses: requests - answered - broken,
  }
}
