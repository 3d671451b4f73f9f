/** The packed package with real bundlers, in Chromium: which tokens an app generates, and what it weighs. */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest'
import { startChromium, withoutChromium } from '../runtimes/chromium.js'
import { storiesInNode } from '../runtimes/stories.js'
import { bin, project, run } from '../support/packed.js'
import { serveWith } from '../support/tool-server.js'
import { type Outcome, serveFolder, visit } from './site.js'

let browser: Browser
let story: readonly number[]

beforeAll(async () => {
  story = (await storiesInNode()).greedy.ids.slice(0, 12)
  browser = await startChromium()
})

afterAll(() => browser?.close())

/** Adds a line to the table of results. */
function report({ task }: TestContext, result: string, weight?: Weight): void {
  task.meta.row = {
    tool: task.name,
    result,
    'JavaScript, kB': weight?.kB ?? '',
    'gzip, kB': weight?.gzipKB ?? '',
  }
}

interface Weight {
  readonly kB: string
  readonly gzipKB: string
}

/** All JavaScript of a built app, with what it loads on demand. */
async function weigh(folder: string): Promise<Weight> {
  let [bytes, gzipBytes] = [0, 0]
  for (const name of await readdir(folder, { recursive: true })) {
    if (!/\.m?js$/.test(name)) continue
    const code = await readFile(join(folder, name))
    bytes += code.length
    gzipBytes += gzipSync(code).length
  }
  return { kB: (bytes / 1000).toFixed(0), gzipKB: (gzipBytes / 1000).toFixed(0) }
}

/** Visits a built app. */
async function visitBuilt(folder: string, names: readonly string[]): Promise<Record<string, Outcome>> {
  const server = await serveFolder(folder)
  try {
    return await visit(browser, `${server.url}index.html`, names)
  } finally {
    await server.close()
  }
}

function expectStory(outcome: Outcome): void {
  expect(outcome).toEqual({ ids: story, warnings: [] })
}

describe.skipIf(withoutChromium)('a page and its own Worker', () => {
  describe.each([6, 7, 8])('Vite %i', (version) => {
    const tool = `vite-${version}`
    const VITE = 'vite/bin/vite.js'

    async function app(config: string): Promise<string> {
      const folder = await project(tool, ['index.html', 'main.js', 'worker.js', 'story.js'])
      await writeFile(join(folder, 'vite.config.js'), `export default ${config}`)
      await mkdir(join(folder, 'public'))
      const model = await readFile(new URL('../../models/tiny-stories.Q8_0.gguf', import.meta.url))
      await writeFile(join(folder, 'public/model.gguf'), model)
      return folder
    }

    it(`Vite ${version} dev`, async (test) => {
      const folder = await app(version === 8 ? '{}' : `{ optimizeDeps: { exclude: ['dasllama'] } }`)
      await using server = await serveWith([bin(folder, VITE)], folder)
      const { onPage, inWorker } = await visit(browser, server.url, ['onPage', 'inWorker'])
      expectStory(onPage)
      expectStory(inWorker)
      report(test, version === 8 ? 'works' : "works with optimizeDeps.exclude: ['dasllama']")
    })

    it.skipIf(version === 8)(`Vite ${version} dev without configuration`, async (test) => {
      const folder = await app('{}')
      await using server = await serveWith([bin(folder, VITE)], folder)
      const { onPage } = await visit(browser, server.url, ['onPage'])
      expect(onPage.error).toMatchObject({
        code: 'BAD_FORMAT',
        hint: expect.stringContaining("optimizeDeps: { exclude: ['dasllama'] }"),
      })
      report(test, 'an error that names that line')
    })

    it(`Vite ${version} build`, async (test) => {
      const folder = await app(version === 8 ? '{}' : `{ worker: { format: 'es' } }`)
      await run(process.execPath, [bin(folder, VITE), 'build'], folder)
      const { onPage, inWorker } = await visitBuilt(join(folder, 'dist'), ['onPage', 'inWorker'])
      expectStory(onPage)
      expectStory(inWorker)
      report(
        test,
        version === 8 ? 'works' : "works; its own Worker needs worker.format: 'es'",
        await weigh(join(folder, 'dist')),
      )
    })
  })

  it('webpack 5', async (test) => {
    const folder = await project('webpack', ['main.js', 'worker.js', 'story.js'])
    await run(process.execPath, ['build.mjs'], folder)
    const { onPage, inWorker } = await visitBuilt(join(folder, 'dist'), ['onPage', 'inWorker'])
    expectStory(onPage)
    expectStory(inWorker)
    report(test, 'works', await weigh(join(folder, 'dist')))
  })

  it('Parcel 2', async (test) => {
    const folder = await project('parcel', ['page-only.js', 'story.js'])
    await writeFile(join(folder, 'index.html'), '<script type="module" src="./page-only.js"></script>')
    const parcel = bin(folder, 'parcel/lib/bin.js')
    await run(process.execPath, [parcel, 'build', 'index.html', '--no-source-maps', '--no-cache'], folder)
    const { onPage } = await visitBuilt(join(folder, 'dist'), ['onPage'])
    expectStory(onPage)
    report(test, 'a page works; a Worker of its own does not', await weigh(join(folder, 'dist')))
  })
})

describe.skipIf(withoutChromium)('a bundler that does not copy files', () => {
  async function built(
    tool: string,
    options: string,
  ): Promise<{ folder: string; results: Record<string, Outcome> }> {
    const folder = await project(tool, ['passing-kernels.js', 'story.js'])
    await run(process.execPath, ['build.mjs', options], folder)
    const page = `<!doctype html><script ${options === 'esm' ? 'type="module"' : ''} src="/passing-kernels.js"></script>`
    await writeFile(join(folder, 'dist/index.html'), page)
    return { folder, results: await visitBuilt(join(folder, 'dist'), ['onPage', 'withKernels']) }
  }

  it.for([
    ['esbuild, ESM', 'esbuild', 'esm', 'BAD_FORMAT|NOT_FOUND'],
    ['esbuild, IIFE', 'esbuild', 'iife', 'NOT_FOUND'],
    ['Rollup, ESM', 'rollup', 'esm', 'BAD_FORMAT|NOT_FOUND'],
    ['Rollup, IIFE', 'rollup', 'iife', 'BAD_FORMAT|NOT_FOUND'],
  ])('%s', async ([, tool, format, code], test) => {
    const { folder, results } = await built(tool, format)
    expectStory(results.withKernels)
    expect(results.onPage.error?.code).toMatch(new RegExp(code))
    expect(results.onPage.error?.hint).toMatch(
      /pass the bytes of dasllama\/kernels\.wasm as the option `kernels`/,
    )
    report(
      test,
      'works with the option kernels; without, an error that names it',
      await weigh(join(folder, 'dist')),
    )
  })
})
