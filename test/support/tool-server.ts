import { type ChildProcess, spawn } from 'node:child_process'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'

/** A running server of a tool. */
export interface ToolServer {
  /** `http://localhost:PORT/`. */
  readonly url: string
  [Symbol.asyncDispose](): Promise<void>
}

/** Runs a tool's server, with `--port PORT` added; resolves when it answers. Default: with the Node of the tests. */
export async function serveWith(
  args: readonly string[],
  folder: string,
  { node = process.execPath, env = {} }: { node?: string; env?: Record<string, string> } = {},
): Promise<ToolServer> {
  const port = await freePort()
  const { NODE_ENV, VITEST, ...inherited } = process.env
  const server = spawn(node, [...args, '--port', String(port)], {
    cwd: folder,
    env: { ...inherited, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let printed = ''
  const keep = (data: Buffer) => {
    printed += data
  }
  server.stdout.on('data', keep)
  server.stderr.on('data', keep)
  const url = `http://localhost:${port}/`
  for (let tries = 0; tries < 600 && server.exitCode === null; tries++) {
    const answers = await fetch(url).then(
      () => true,
      () => false,
    )
    if (answers) return { url, [Symbol.asyncDispose]: () => ended(server) }
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  await ended(server)
  throw new Error(`the server does not answer: ${printed}`)
}

function ended(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null) return Promise.resolve()
  return new Promise((resolve) => {
    server.once('exit', () => resolve())
    server.kill()
  })
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
