/** `dasllama serve` in a process of its own, and a client that reads streams of tokens. */
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

export interface ServerOptions {
  readonly threads: number
  readonly contextLength: number
  /** Requests that run at the same time. */
  readonly parallel: number
  readonly kernels?: string | undefined
}

export interface Server {
  readonly url: string
  close(): void
}

/** Starts it with this process's engine; `cli`: the path of the program. */
export async function startServer(cli: string, model: string, options: ServerOptions): Promise<Server> {
  const { threads, contextLength, parallel, kernels = 'auto' } = options
  const numbers = { threads, context: contextLength, parallel, cache: parallel, port: 0 }
  const flags = Object.entries({ ...numbers, kernels, log: 'none' }).flatMap(([name, value]) => [
    `--${name}`,
    String(value),
  ])
  // The server ends when this process does, however it ends: then the shell's input is closed.
  const shell = ['sh', '-c', '"$@" & read _; kill $!', 'sh']
  const [program, ...words] = [...shell, process.execPath, cli, 'serve', model, ...flags]
  const child = spawn(program, words, { stdio: ['pipe', 'pipe', 'inherit'] })
  const close = () => child.stdin.end()
  for await (const line of createInterface({ input: child.stdout })) {
    const url = /^listening on (\S+)\/v1/.exec(line)?.[1]
    if (url !== undefined) return { url, close }
  }
  throw new Error('the server has ended')
}

/** Streams a completion of `tokens` tokens; resolves with the milliseconds to the first one and to the end. */
export async function streamCompletion(
  { url }: Server,
  prompt: readonly number[],
  tokens: number,
): Promise<{ readonly first: number; readonly all: number }> {
  const since = performance.now()
  const body = { prompt, max_tokens: tokens, temperature: 0, ignore_eos: true, stream: true }
  const usage = { stream_options: { include_usage: true } }
  const response = await fetch(`${url}/v1/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...body, ...usage }),
  })
  if (!response.ok) throw new Error(`status ${response.status}: ${await response.text()}`)
  let first = 0
  let text = ''
  const decoder = new TextDecoder()
  for await (const bytes of response.body!) {
    first ||= performance.now() - since
    text += decoder.decode(bytes, { stream: true })
  }
  const written = Number(/"completion_tokens":(\d+)/.exec(text)?.[1])
  if (written !== tokens) throw new Error(`a stream has ${written} of ${tokens} tokens`)
  return { first, all: performance.now() - since }
}
