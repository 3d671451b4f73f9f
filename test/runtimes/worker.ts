import { readdir, readFile } from 'node:fs/promises'
import { extname } from 'node:path'
import { Miniflare, type ModuleDefinition, type Request, Response } from 'miniflare'

const root = new URL('../../', import.meta.url)

const TYPES: Readonly<Record<string, ModuleDefinition['type']>> = {
  '.js': 'ESModule',
  '.mjs': 'ESModule',
  '.wasm': 'CompiledWasm',
}

/** The files of the package that a Worker may import. */
async function packageFiles(): Promise<string[]> {
  const names = await readdir(new URL('dist/', root))
  const scripts = names.filter((name) => name.endsWith('.js') && !/edge-light|node|cli/.test(name))
  return [...scripts, 'kernels.wasm', 'kernels-relaxed.wasm'].map((name) => `dist/${name}`)
}

export interface StartedWorker extends AsyncDisposable {
  /** Posts a text, or sends a GET request without one; resolves with the JSON of the answer. */
  ask(body?: string): Promise<unknown>
  /** Posts a text; resolves with the text of the answer. */
  post(body: string): Promise<string>
}

/** Starts a Worker of `script` and files of the repository, which may have a query. `answer` responds to its fetches; default: the network. */
export async function startWorker(
  script: string,
  files: readonly string[],
  bindings: Record<string, string> = {},
  answer?: (request: { readonly url: string }) => Uint8Array,
): Promise<StartedWorker> {
  const modules = [...new Set([...(await packageFiles()), ...files])].map(
    async (path): Promise<ModuleDefinition> => {
      const [file] = path.split('?')
      const contents = new Uint8Array(await readFile(new URL(file, root)))
      return { type: TYPES[extname(file)] ?? 'Data', path, contents }
    },
  )
  const miniflare = new Miniflare({
    compatibilityDate: '2026-01-01',
    modules: [{ type: 'ESModule', path: 'worker.js', contents: script }, ...(await Promise.all(modules))],
    bindings,
    ...(answer && { outboundService: (request: Request) => new Response(new Uint8Array(answer(request))) }),
  })
  const send = async (body: string | undefined): Promise<string> => {
    const post = body === undefined ? {} : { method: 'POST', body }
    const response = await miniflare.dispatchFetch('http://localhost/', post)
    const text = await response.text()
    if (!response.ok) throw new Error(text)
    return text
  }
  return {
    ask: async (body) => JSON.parse(await send(body)),
    post: send,
    [Symbol.asyncDispose]: () => miniflare.dispose(),
  }
}

/** Starts a Worker, and resolves with the JSON of its answer to a request. */
export async function askWorker(...worker: Parameters<typeof startWorker>): Promise<unknown> {
  await using started = await startWorker(...worker)
  return await started.ask()
}
