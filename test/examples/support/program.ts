/** Programs of examples, started as a user does. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'

export interface Program extends AsyncDisposable {
  readonly pid: number
  /** What it has printed so far. */
  readonly output: string
  /** Milliseconds until it was ready. */
  readonly readyMs: number
  /** Asks it to end; resolves with its exit code, or the signal that ended it. */
  stop(signal?: NodeJS.Signals): Promise<number | string>
}

/** Starts a program; resolves when its output matches `ready`. Rejects with its output if it ends before, or after three minutes. */
export async function start(
  [command, ...args]: readonly string[],
  cwd: string,
  ready: RegExp,
  env: Readonly<Record<string, string>> = {},
): Promise<Program> {
  // Not the environment of vitest, in which tools behave as in tests.
  const { NODE_ENV, VITEST, NODE_OPTIONS, ...inherited } = process.env
  const since = performance.now()
  const child = spawn(command, args, {
    cwd,
    env: { ...inherited, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  const ended = once(child, 'exit').then(([code, signal]) => (code ?? signal) as number | string)
  await new Promise<void>((resolve, reject) => {
    const fail = (why: string) => reject(new Error(`${command} ${args.join(' ')} ${why}:\n${output}`))
    const late = setTimeout(() => {
      child.kill('SIGKILL')
      fail('is not ready after three minutes')
    }, 180_000)
    const read = (data: Buffer) => {
      output += data
      if (!ready.test(output)) return
      clearTimeout(late)
      resolve()
    }
    child.stdout.on('data', read)
    child.stderr.on('data', read)
    child.once('error', reject)
    void ended.then((code) => {
      clearTimeout(late)
      fail(`has ended with ${code}`)
    })
  })
  const stop = async (signal: NodeJS.Signals = 'SIGTERM') => {
    if (child.exitCode === null) child.kill(signal)
    return ended
  }
  return {
    pid: child.pid!,
    get output() {
      return output
    },
    readyMs: performance.now() - since,
    stop,
    async [Symbol.asyncDispose]() {
      const timer = setTimeout(() => kill(child), 10_000)
      await stop()
      clearTimeout(timer)
    },
  }
}

function kill(child: ChildProcess): void {
  child.kill('SIGKILL')
}

/** A port of 127.0.0.1 that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** Resident bytes, now and at most so far, of the largest process called `name` among a process and those that it has started. Linux only. */
export async function memoryOf(pid: number, name: string): Promise<{ now: number; most: number }> {
  const bytes = (status: string, field: string) =>
    1024 * Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0)
  let largest = { now: 0, most: 0 }
  for (const process of await descendants(pid)) {
    const status = await readFile(`/proc/${process}/status`, 'utf8').catch(() => '')
    if (!status.startsWith(`Name:\t${name}\n`)) continue
    const found = { now: bytes(status, 'VmRSS'), most: bytes(status, 'VmHWM') }
    if (found.most > largest.most) largest = found
  }
  return largest
}

async function descendants(pid: number): Promise<number[]> {
  const parents = new Map<number, number>()
  for (const entry of await readdir('/proc')) {
    const stat = /^\d+$/.test(entry) ? await readFile(`/proc/${entry}/stat`, 'utf8').catch(() => '') : ''
    // The name may contain anything, also parentheses.
    const parent = /\) \S (\d+) /.exec(stat.slice(stat.lastIndexOf(')')))?.[1]
    if (parent !== undefined) parents.set(Number(entry), Number(parent))
  }
  const found = [pid]
  for (const process of found)
    for (const [child, parent] of parents) if (parent === process) found.push(child)
  return found
}
