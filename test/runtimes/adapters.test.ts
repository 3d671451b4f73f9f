/** The AI SDK, LangChain and the Prompt API give the same in a page, with the engine in a Worker, as in Node. */
import { build } from 'esbuild'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import * as aiSdk from '../../src/ai-sdk/index.js'
import * as dasllama from '../../src/index.js'
import * as langchain from '../../src/langchain/index.js'
import * as promptApi from '../../src/prompt-api/index.js'
import { converse } from './adapters-program.mjs'
import { startChromium, withoutChromium } from './chromium.js'
import { type FileServer, serveFiles } from './file-server.js'
import { MODEL_PATH } from './stories.js'

/** The program with the packages of others, as a page loads it; the entries of this package are files next to it. */
async function bundle(): Promise<string> {
  const contents = `
    import * as dasllama from '/dist/index.js'
    import * as aiSdk from '/dist/ai-sdk.js'
    import * as langchain from './dist/langchain.js'
    import * as promptApi from '/dist/prompt-api.js'
    import { converse } from './test/runtimes/adapters-program.mjs'
    export const run = () =>
      converse({ dasllama, aiSdk, langchain, promptApi }, '/${MODEL_PATH}', { worker: true, threads: 1 })`
  const shared = {
    name: 'shared',
    setup(plugin: import('esbuild').PluginBuild) {
      // LangChain's classes are in the bundle, the chunks that the entries share are not.
      plugin.onResolve({ filter: /^\.\/[\w-]+-[A-Z0-9]{8}\.js$/ }, ({ path, importer }) =>
        importer.endsWith('/dist/langchain.js') && !importer.includes('node_modules')
          ? { path: path.replace('./', '/dist/'), external: true }
          : undefined,
      )
    },
  }
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: process.cwd() },
    bundle: true,
    format: 'esm',
    platform: 'browser',
    write: false,
    external: ['/dist/*'],
    plugins: [shared],
    define: { 'process.env.NODE_ENV': '"production"' },
  })
  return outputFiles[0].text
}

describe.skipIf(withoutChromium)('Chromium', () => {
  let server: FileServer
  let browser: Browser

  beforeAll(async () => {
    const body = await bundle()
    server = await serveFiles(undefined, (path) =>
      path === '/adapters.js' ? { body, isScript: true } : undefined,
    )
    browser = await startChromium()
  })

  afterAll(async () => {
    await browser?.close()
    await server?.close()
  })

  it('writes, calls tools, streams and ends as Node does', async () => {
    const expected = await converse({ dasllama, aiSdk, langchain, promptApi }, MODEL_PATH, { threads: 1 })
    expect(expected).toMatchObject({
      streams: [true, true, true],
      answer: 'Sunny in Rome.',
      reasoning: 'Hm.',
      isObject: true,
      aborted: 'gone',
      chained: expected.story,
      prompted: ['Yes.', 'AbortError', 'Yes.'],
    })
    const page = await browser.newPage()
    await page.goto(server.url)
    const got = await page.evaluate(`(async () => (await import('/adapters.js')).run())()`)
    expect(got).toEqual(expected)
    expect(server.requests).toContain('/dist/browser-engine-thread.js')
  })
})
