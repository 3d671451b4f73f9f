import { describe, expect, it } from 'vitest'
import { serveFiles } from './file-server.js'
import { MODEL_PATH, storiesInNode } from './stories.js'
import { askWorker } from './worker.js'

/** The stories of a Worker; `source` is an expression for what it gives `loadModel`. */
async function ask(source: string, bindings: Record<string, string> = {}): Promise<unknown> {
  const script = `
    import * as dasllama from './dist/workerd.js'
    import { tell } from './test/runtimes/program.mjs'
    import bytes from './${MODEL_PATH}'
    export default {
      async fetch(request, env) {
        return Response.json(await tell(dasllama, ${source}))
      },
    }`
  return askWorker(script, ['dist/workerd.js', 'test/runtimes/program.mjs', MODEL_PATH], bindings)
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
