/** The packed package with bundlers that find its files, in Chromium: which tokens an app generates, and what it weighs. */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startChromium, withoutChromium } from '../runtimes/chromium.js'
import { bin, project, run } from '../support/packed.js'
import { serveWith } from '../support/tool-server.js'
import { expectStory, report, weigh } from './rows.js'
import { visit, visitBuilt } from './site.js'

let browser: Browser

beforeAll(async () => {
  browser = await startChromium()
})

afterAll(() => browser?.close())

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

    it(`Vite ${version} build`, async (test) => {
      const folder = await app(version === 8 ? '{}' : `{ worker: { format: 'es' } }`)
      await run(process.execPath, [bin(folder, VITE), 'build'], folder)
      const { onPage, inWorker } = await visitBuilt(browser, join(folder, 'dist'), ['onPage', 'inWorker'])
      expectStory(onPage)
      expectStory(inWorker)
      report(
        test,
        version === 8 ? 'works' : "works; its own Worker needs worker.format: 'es'",
        await weigh(join(folder, 'dist')),
      )
    })

    if (version === 8) return

    it(`Vite ${version} dev without configuration`, async (test) => {
      const folder = await app('{}')
      await using server = await serveWith([bin(folder, VITE)], folder)
      const { onPage } = await visit(browser, server.url, ['onPage'])
      expect(onPage.error).toMatchObject({
        code: 'BAD_FORMAT',
        hint: expect.stringContaining("optimizeDeps: { exclude: ['dasllama'] }"),
      })
      report(test, 'an error that names that line')
    })
  })

  it('webpack 5', async (test) => {
    const folder = await project('webpack', ['main.js', 'worker.js', 'story.js'])
    await run(process.execPath, ['build.mjs', 'main.js'], folder)
    const { onPage, inWorker } = await visitBuilt(browser, join(folder, 'dist'), ['onPage', 'inWorker'])
    expectStory(onPage)
    expectStory(inWorker)
    report(test, 'works', await weigh(join(folder, 'dist')))
  })

  /** Builds an app with Parcel; resolves with the folder of its page. */
  async function builtByParcel(files: readonly string[], settings: object): Promise<string> {
    const folder = await project('parcel', [...files, 'worker.js', 'story.js'])
    const scripts = files.map((file) => `<script type="module" src="./${file}"></script>`)
    await writeFile(join(folder, 'index.html'), scripts.join(''))
    await writeFile(
      join(folder, 'package.json'),
      JSON.stringify({ private: true, type: 'module', ...settings }),
    )
    const parcel = bin(folder, 'parcel/lib/bin.js')
    await run(process.execPath, [parcel, 'build', 'index.html', '--no-source-maps', '--no-cache'], folder)
    return join(folder, 'dist')
  }

  it('Parcel 2, a page', async (test) => {
    const folder = await builtByParcel(['page-only.js'], {})
    expectStory((await visitBuilt(browser, folder, ['onPage'])).onPage)
    report(test, 'works', await weigh(folder))
  })

  it('Parcel 2, its own Worker', async (test) => {
    const folder = await builtByParcel(['main.js', 'other-entries.js'], {
      '@parcel/bundler-default': { minBundleSize: 1e8 },
      '@parcel/resolver-default': { packageExports: true },
    })
    const { onPage, inWorker, entries } = await visitBuilt(browser, folder, ['onPage', 'inWorker', 'entries'])
    expectStory(onPage)
    expectStory(inWorker)
    expect(entries).toEqual(['function', 'function'])
    report(test, 'works with minBundleSize: 100000000', await weigh(folder))
  })
})
