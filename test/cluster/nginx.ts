import { cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { TINY_STORIES } from '../support/model-files.js'
import { CLI, freePort, listening, type Running, root, start, until } from './programs.js'

/** Where packages of nginx have the module njs. */
const NJS = '/usr/lib/nginx/modules/ngx_http_js_module.so'

/** nginx with the configuration of deploy/nginx/ before servers on these ports. */
export async function startNginx(
  folder: string,
  ports: readonly number[],
  affinity: 'header' | 'prefix',
): Promise<{ readonly url: string; readonly program: Running }> {
  const port = await freePort()
  await cp(`${root}deploy/nginx`, folder, { recursive: true })
  await mkdir(join(folder, 'logs'))
  const rewrite = async (file: string, change: (text: string) => string) =>
    writeFile(join(folder, file), change(await readFile(join(folder, file), 'utf8')))
  const list = ports.map((each) => `server 127.0.0.1:${each} max_fails=1 fail_timeout=1s;\n`)
  await rewrite('replicas.conf', () => list.join(''))
  await rewrite('dasllama.conf', (text) => text.replace('listen 8080', `listen 127.0.0.1:${port}`))
  const kept = ['body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((each) => {
    return `${each === 'body' ? 'client_body' : each}_temp_path ${folder}/${each};`
  })
  await rewrite('nginx.conf', (text) =>
    text
      .replace('/tmp/nginx.pid', `${folder}/nginx.pid`)
      // A pipe of a test is a socket, which nginx cannot open.
      .replace('/dev/stdout', `${folder}/logs/access.log`)
      .replace('modules/ngx_http_js_module.so', NJS)
      .replace('include affinity-prefix.conf', `include affinity-${affinity}.conf`)
      .replace('http {', `http {\n${kept.join('\n')}`),
  )
  const args = ['-p', folder, '-c', join(folder, 'nginx.conf'), '-g', 'daemon off;']
  const program = start('nginx', args, folder)
  await listening(port, program)
  return { url: `http://127.0.0.1:${port}`, program }
}

/** `dasllama serve` with a small model. */
export interface Replica {
  readonly program: Running
  readonly port: number
  /** How many requests to the endpoint it has answered, with this ending (default: any). */
  answered(ending?: RegExp): number
}

export async function startReplica(port?: number, args: readonly string[] = []): Promise<Replica> {
  const chosen = port ?? (await freePort())
  const fixed = ['--template', 'chatml', '--context', '4096', '--threads', '1', '--port', String(chosen)]
  const program = start(process.execPath, [CLI, 'serve', `tiny=${TINY_STORIES}`, ...fixed, ...args])
  await until('a replica', () => {
    if (program.child.exitCode !== null) throw new Error(program.err)
    return program.out.includes('listening')
  })
  return {
    program,
    port: chosen,
    answered: (ending = /$/m) =>
      program.err.split('\n').filter((line) => line.includes(' POST /v1/') && ending.test(line)).length,
  }
}

/** A body that writes `tokens` tokens, whatever the model says. */
export function chat(content: string, tokens: number, more: object = {}) {
  return {
    model: 'tiny',
    messages: [{ role: 'user', content }],
    max_tokens: tokens,
    temperature: 0,
    ignore_eos: true,
    ...more,
  }
}

export function post(
  url: string,
  body: unknown,
  { affinity, signal }: { readonly affinity?: string; readonly signal?: AbortSignal } = {},
): Promise<Response> {
  return fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(affinity && { 'x-session-affinity': affinity }) },
    body: JSON.stringify(body),
    signal,
  })
}

/** The text of a stream, and the error that it has ended with. */
export interface Received {
  text: string
  error?: unknown
}

/** Reads a stream to its end; `received` has what has come so far. */
export function receive(response: Response): {
  readonly received: Received
  readonly done: Promise<Received>
} {
  const received: Received = { text: '' }
  const read = async () => {
    const decoder = new TextDecoder()
    try {
      for await (const chunk of response.body!) received.text += decoder.decode(chunk, { stream: true })
    } catch (error) {
      received.error = error
    }
    return received
  }
  return { received, done: read() }
}
