/**
 * A cold start of this package in a Cloudflare Worker. Its clock does not advance while it computes, so each step is a request,
 * which is timed here. The kernels are compiled when workerd starts.
 */
import { readFile } from 'node:fs/promises'
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { serveFiles } from '../../test/runtimes/file-server.js'
import { startWorker } from '../../test/runtimes/worker.js'
import { CONTEXT_LENGTH, PROMPT, type Result } from './phases.js'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
/** Requested by the Worker when the first weights have been read. */
const OPENED = '/opened'

const SCRIPT = `
  import { loadModel } from './dist/workerd.js'
  let model
  const steps = {
    start() {},
    async load(env) {
      let opened
      model = await loadModel(env.MODEL, {
        contextLength: ${CONTEXT_LENGTH},
        onProgress() {
          opened ??= fetch(env.OPENED)
        },
      })
      await opened
    },
    token: () => model.createSession().generate(${JSON.stringify(PROMPT)}, { maxTokens: 1 }).result(),
  }
  export default {
    async fetch(request, env) {
      await steps[await request.text()](env)
      return Response.json({})
    },
  }`

/** `path`: of a model in the repository's folder. */
export async function runInWorkerd(path: string): Promise<Result> {
  let opened: number | undefined
  const server = await serveFiles(undefined, (requested) => {
    if (requested !== OPENED) return undefined
    opened = performance.now()
    return {}
  })
  try {
    const since = performance.now()
    const bindings = { MODEL: server.url + relative(ROOT, path), OPENED: server.url + OPENED.slice(1) }
    await using worker = await startWorker(SCRIPT, ['dist/workerd.js'], bindings)
    await worker.ask('start')
    const started = performance.now()
    await worker.ask('load')
    const loaded = performance.now()
    await worker.ask('token')
    const token = performance.now() - loaded
    if (opened === undefined) throw new Error('the Worker has not reported that the model is open')
    const { version } = JSON.parse(await readFile(`${ROOT}node_modules/workerd/package.json`, 'utf8'))
    return {
      runtime: `workerd ${version}`,
      ...{ start: started - since, open: opened - started, load: loaded - opened, token },
    }
  } finally {
    await server.close()
  }
}
