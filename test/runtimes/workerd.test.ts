import { describe, expect, it } from 'vitest'
import { serveFiles } from './file-server.js'
import { MODEL_PATH, storiesInNode } from './stories.js'
import { askWorker } from './worker.js'

/** The stories of a Worker; `source` is the expression that it passes to `loadModel`. */
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
  it('generates the same stories as Node, from bytes in the Worker', async () => {
    expect(await ask('bytes')).toEqual(await storiesInNode())
  })

  it('generates them from a URL', async () => {
    const server = await serveFiles()
    try {
      expect(await ask('env.MODEL', { MODEL: server.url + MODEL_PATH })).toEqual(await storiesInNode())
    } finally {
      await server.close()
    }
  })
})
