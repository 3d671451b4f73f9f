import { readFile } from 'node:fs/promises'
import { Miniflare, type ModuleDefinition } from 'miniflare'
import { describe, expect, it } from 'vitest'
import { serveFiles } from './file-server.js'
import { MODEL_PATH, storiesInNode } from './stories.js'

const root = new URL('../../', import.meta.url)

/** A Worker that answers every request with the stories; `source` is an expression for what it gives `loadModel`. */
async function ask(source: string, bindings: Record<string, string> = {}): Promise<unknown> {
  const worker = `
    import * as dasllama from './dist/workerd.js'
    import { tell } from './test/runtimes/program.mjs'
    import bytes from './${MODEL_PATH}'
    export default {
      async fetch(request, env) {
        return Response.json(await tell(dasllama, ${source}))
      },
    }`
  const files: [string, ModuleDefinition['type']][] = [
    ['dist/workerd.js', 'ESModule'],
    ['dist/kernels.wasm', 'CompiledWasm'],
    ['test/runtimes/program.mjs', 'ESModule'],
    [MODEL_PATH, 'Data'],
  ]
  const modules = files.map(async ([path, type]) => ({
    type,
    path,
    contents: new Uint8Array(await readFile(new URL(path, root))),
  }))
  const miniflare = new Miniflare({
    compatibilityDate: '2026-01-01',
    modules: [{ type: 'ESModule', path: 'worker.js', contents: worker }, ...(await Promise.all(modules))],
    bindings,
  })
  try {
    const response = await miniflare.dispatchFetch('http://localhost/')
    const text = await response.text()
    if (!response.ok) throw new Error(text)
    return JSON.parse(text)
  } finally {
    await miniflare.dispose()
  }
}

describe('workerd', () => {
  it('tells the same stories as Node, from bytes that the Worker has', async () => {
    expect(await ask('bytes')).toEqual(await storiesInNode())
  })

  it('tells them from a URL', async () => {
    const server = await serveFiles()
    try {
      expect(await ask('env.MODEL', { MODEL: server.url + MODEL_PATH })).toEqual(await storiesInNode())
    } finally {
      await server.close()
    }
  })
})
