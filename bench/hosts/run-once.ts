/** Runs `run(task)` of a module once, where the bench itself does not run. Task and result are JSON. */
import { execFile } from 'node:child_process'
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { launch } from '../../test/engines/launch.js'
import { serveFiles } from '../../test/runtimes/file-server.js'
import { bundleRun } from './bundle.js'
import { ANSWER } from './lines.js'
import { findEngine } from './open.js'
import type { Browse } from './page-link.js'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** In a process of an engine, `node 24`. Rejects where it is missing, and with what went wrong in it. */
export async function runInEngine<R extends object>(engine: string, module: URL, task: object): Promise<R> {
  const [program, ...words] = launch(await findEngine(engine), await bundleRun('process', module))
  const { stdout } = await promisify(execFile)(program, [...words, JSON.stringify(task)], {
    maxBuffer: 1 << 26,
  })
  const line = stdout.split('\n').find((line) => line.startsWith(ANSWER))
  if (line === undefined) throw new Error('the process has ended without an answer')
  return resultOf(line.slice(ANSWER.length))
}

/** On the main thread of a page that is served with the repository's files. */
export async function runOnPage<R extends object>(browse: Browse, module: URL, task: object): Promise<R> {
  const path = relative(ROOT, await bundleRun('page', module))
  const server = await serveFiles()
  try {
    const program = `/${path}?${encodeURIComponent(JSON.stringify(task))}`
    const posted = server.posted.then(() => {})
    await browse(`${server.url}bench/hosts/page.html#${program}`, posted)
    return resultOf(await server.posted)
  } finally {
    await server.close()
  }
}

function resultOf<R extends object>(answer: string): R {
  const result: R & { error?: string } = JSON.parse(answer)
  if (result.error !== undefined) throw new Error(result.error)
  return result
}
