/** The packed package with bundlers that do not look for a package's files, in Chromium and Node. */
import { cp, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startChromium, withoutChromium } from '../runtimes/chromium.js'
import { MODEL_PATH } from '../runtimes/stories.js'
import { bin, project, ROOT, run } from '../support/packed.js'
import { expectStory, report, told, weigh } from './rows.js'
import { visitBuilt } from './site.js'

const MODEL = join(ROOT, MODEL_PATH)
let browser: Browser

beforeAll(async () => {
  browser = await startChromium()
})

afterAll(() => browser?.close())

/** Builds an app; resolves with the folder of its page. */
async function built(tool: string, format: string, entry: string): Promise<string> {
  const folder = await project(tool, [entry, 'story.js'])
  await run(process.execPath, ['build.mjs', entry, format], folder)
  const page = `<!doctype html><script ${format === 'esm' ? 'type="module"' : ''} src="/${entry}"></script>`
  await writeFile(join(folder, 'dist/index.html'), page)
  return join(folder, 'dist')
}

describe.skipIf(withoutChromium)('a page', () => {
  it.for([
    ['esbuild, ESM', 'esbuild', 'esm', 'BAD_FORMAT|NOT_FOUND'],
    ['esbuild, IIFE', 'esbuild', 'iife', 'NOT_FOUND'],
    ['Rollup, ESM', 'rollup', 'esm', 'BAD_FORMAT|NOT_FOUND'],
    ['Rollup, IIFE', 'rollup', 'iife', 'BAD_FORMAT|NOT_FOUND'],
  ])('%s', async ([, tool, format, code], test) => {
    const folder = await built(tool, format, 'passing-kernels.js')
    const { onPage, withKernels } = await visitBuilt(browser, folder, ['onPage', 'withKernels'])
    expectStory(withKernels)
    expect(onPage.error?.code).toMatch(new RegExp(code))
    expect(onPage.error?.hint).toMatch(/pass the bytes of dasllama\/kernels\.wasm as the option `kernels`/)
    report(test, 'works with the option kernels; without, an error that names it', await weigh(folder))
  })

  it.for([
    ['esbuild, ESM, files copied', 'esbuild'],
    ['Rollup, ESM, files copied', 'rollup'],
  ])('%s', async ([, tool], test) => {
    const folder = await built(tool, 'esm', 'page-only.js')
    const dist = join(folder, '../node_modules/dasllama/dist')
    for (const name of await readdir(dist)) {
      if (/^(kernels.*\.wasm|browser-.*thread\.js)$/.test(name))
        await cp(join(dist, name), join(folder, name))
    }
    const { onPage } = await visitBuilt(browser, folder, ['onPage'])
    expectStory(onPage)
    report(
      test,
      'works, in a Worker, with kernels*.wasm and browser-*-thread.js beside it',
      await weigh(folder),
    )
  })
})

describe('Node', () => {
  it.for(['esm', 'cjs'])('esbuild for Node, %s', async (format, test) => {
    const folder = await project('esbuild', ['story.js'])
    await writeFile(
      join(folder, 'node.js'),
      `import { outcome, story } from './story.js'
      import { readFile } from 'node:fs/promises'
      const MODEL = ${JSON.stringify(MODEL)}
      const main = async () => {
        const found = await outcome(story(MODEL))
        const kernels = await readFile('node_modules/dasllama/dist/kernels.wasm')
        console.log(JSON.stringify([found, await outcome(story(MODEL, { kernels }))]))
      }
      main()`,
    )
    const bundle = `out/node.${format === 'esm' ? 'mjs' : 'cjs'}`
    const options = ['--bundle', '--platform=node', `--format=${format}`, '--log-level=error']
    await run(bin(folder, '.bin/esbuild'), ['node.js', ...options, `--outfile=${bundle}`], folder)
    const [found, passed] = JSON.parse(await run(process.execPath, [bundle], folder))
    expect(found.error).toMatchObject({
      code: 'NOT_FOUND',
      hint: expect.stringMatching(/leave it out of the bundle.*`kernels`/),
    })
    expect(passed).toEqual(told())
    report(test, 'works with the option kernels; without, an error that names it')
  })

  it.for(['esbuild', 'rollup', 'webpack'])('%s, { cosineSimilarity }', async (tool, test) => {
    const folder = await project(tool, ['one-function.js'])
    await run(process.execPath, ['build.mjs', 'one-function.js', 'esm'], folder)
    expect(await run(process.execPath, ['dist/one-function.js'], folder)).toBe('1\n')
    const weight = await weigh(join(folder, 'dist'))
    // esbuild and webpack add code of their own, and Rollup does not minify.
    expect(weight.bytes).toBeLessThan(3600)
    report(test, 'works', weight)
  })
})
