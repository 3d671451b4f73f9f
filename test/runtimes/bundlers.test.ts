import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type BuildOptions, build } from 'esbuild'
import { build as buildWithVite } from 'vite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PROGRAMS } from '../../scripts/bundle.mjs'
import { startChromium, withoutChromium } from './chromium.js'
import { serveFiles } from './file-server.js'
import { MODEL_PATH, storiesInNode } from './stories.js'

const root = fileURLToPath(new URL('../../', import.meta.url))

/** Bundles a program that imports the package by its name; resolves with the files of dist/ that are in the bundle. */
async function bundle(
  options: BuildOptions,
  contents = `export { loadModel } from 'dasllama'`,
): Promise<string[]> {
  const { metafile } = await build({
    stdin: { contents, resolveDir: root },
    bundle: true,
    format: 'esm',
    write: false,
    metafile: true,
    logLevel: 'silent',
    ...options,
  })
  return Object.entries(metafile!.inputs)
    .filter(([path, { bytes }]) => path.startsWith('dist/') && bytes > 0)
    .map(([path]) => path)
    .sort()
}

describe('a bundle', () => {
  it('for browsers has no files of other runtimes', async () => {
    const files = await bundle({ platform: 'browser' })
    expect(files).toEqual(
      expect.arrayContaining([
        'dist/index.js',
        'dist/hub.js',
        'dist/platform-browser.js',
        'dist/platform-browser-store.js',
      ]),
    )
    expect(files.filter((path) => /node|workerd|edge|cli/.test(path))).toEqual([])
  })

  it.each(['workerd', 'edge-light'])(
    'for %s has its platform, and the kernels as separate modules',
    async (runtime) => {
      const options: BuildOptions = {
        platform: 'browser',
        conditions: [runtime, 'worker', 'browser'],
        external: ['*.wasm', '*.wasm?module'],
      }
      const program = `export { loadModel } from 'dasllama'; export { openStore } from 'dasllama/hub'`
      const files = await bundle(options, program)
      expect(files).toEqual(expect.arrayContaining([`dist/${runtime}.js`, 'dist/hub.js']))
      expect(files.filter((path) => /node|cli/.test(path))).toEqual([])
    },
  )

  it('for Node has what Node needs', async () => {
    expect(await bundle({ platform: 'node' })).toContain('dist/platform-node.js')
  })

  it.each<BuildOptions>([{ platform: 'browser' }, { platform: 'node' }, { conditions: ['workerd'] }])(
    'of sampling alone has neither kernels nor engine: %j',
    async (options) => {
      const files = await bundle(options, `export { createSampler } from 'dasllama/sampling'`)
      expect(files).toContain('dist/sampling.js')
      const texts = await Promise.all(files.map((path) => readFile(join(root, path), 'utf8')))
      expect(texts.join()).not.toContain('WebAssembly.')
    },
  )

  it.each(Object.keys(PROGRAMS))(
    'need not follow imports of %s, which is whole in one file',
    async (name) => {
      const { metafile } = await build({
        entryPoints: [join(root, `dist/${name}.js`)],
        bundle: true,
        write: false,
        metafile: true,
        format: 'esm',
        external: ['node:*'],
      })
      expect(Object.keys(metafile.inputs)).toEqual([`dist/${name}.js`])
    },
  )

  it('by Turbopack ends: the program of a Worker does not start itself', async () => {
    for (const name of Object.keys(PROGRAMS)) {
      expect(await readFile(join(root, `dist/${name}.js`), 'utf8')).not.toContain(`new URL("./${name}.js"`)
    }
  })
})

/** An app in a folder that git ignores, and its bundles, in folders next to it. */
const APPS = '.cache/bundled'
const APP = (kernels: string) => `
  import { loadModel } from 'dasllama'
  ${kernels}
  const warnings = []
  const onWarning = ({ code }) => warnings.push(code)
  const model = await loadModel('/${MODEL_PATH}', { onWarning, ...(kernels && { kernels }) })
  const session = model.createSession({ seed: 7 })
  const { ids } = await session.generate('Once upon a time', { maxTokens: 12 }).result()
  await session.dispose()
  await model.dispose()
  await fetch('/', { method: 'POST', body: JSON.stringify({ ids, warnings }) })`
const IMPORTED_KERNELS = `
  import kernelsUrl from 'dasllama/kernels.wasm'
  const kernels = await (await fetch(new URL(kernelsUrl, import.meta.url))).arrayBuffer()`

async function bundleWithEsbuild(folder: string, more: readonly string[] = []): Promise<void> {
  await build({
    entryPoints: [join(APPS, 'with-kernels.js'), ...more],
    outdir: join(APPS, folder),
    entryNames: '[name]',
    bundle: true,
    format: 'esm',
    platform: 'browser',
    loader: { '.wasm': 'file' },
    logLevel: 'silent',
  })
}

describe.skipIf(withoutChromium)('an app in Chromium that is bundled', () => {
  beforeAll(async () => {
    await mkdir(APPS, { recursive: true })
    await writeFile(join(APPS, 'app.js'), APP('const kernels = undefined'))
    await writeFile(join(APPS, 'with-kernels.js'), APP(IMPORTED_KERNELS))
    await writeFile(join(APPS, 'index.html'), '<script type="module" src="./app.js"></script>')
  })

  afterAll(() => rm(APPS, { recursive: true, force: true }))

  /** What the app of a folder posts, and which Workers it has started. */
  async function visit(folder: string, script = 'with-kernels.js') {
    const page = { body: `<script type="module" src="/${APPS}/${folder}/${script}"></script>` }
    await using server = await serving((path) => (path === '/app' ? page : undefined))
    await using browser = await startChromium()
    const visited = await browser.newPage()
    const workers: string[] = []
    visited.on('worker', (worker) => workers.push(worker.url()))
    const failed = new Promise<never>((_, reject) => visited.on('pageerror', reject))
    await visited.goto(`${server.url}app`)
    return { ...JSON.parse(await Promise.race([server.posted, failed])), workers }
  }

  const serving = async (special: Parameters<typeof serveFiles>[1]) => {
    const server = await serveFiles(undefined, special)
    return { ...server, [Symbol.asyncDispose]: () => server.close() }
  }

  it('by Vite runs its engine in a Worker, with the kernels that the bundler has found', async () => {
    await buildWithVite({
      root: APPS,
      configFile: false,
      logLevel: 'silent',
      base: `/${APPS}/vite/`,
      resolve: { alias: { dasllama: join(root, 'dist/index.js') } },
      build: { outDir: 'vite', rolldownOptions: { output: { entryFileNames: 'app.js' } } },
    })
    const { ids, warnings, workers } = await visit('vite', 'app.js')
    expect(ids).toHaveLength(12)
    expect(warnings).toEqual([])
    expect(workers).toEqual([expect.stringMatching(/bundled\/vite\/assets\/browser-engine-thread-.*\.js$/)])
  })

  it('by esbuild, which does not bundle Workers, runs its engine on the page and warns', async () => {
    await bundleWithEsbuild('page')
    const { ids, warnings } = await visit('page')
    expect(ids).toEqual((await storiesInNode()).greedy.ids.slice(0, 12))
    expect(warnings).toEqual(['NO_WORKER'])
  })

  it('by esbuild, with the program of the Worker as another entry, runs its engine in a Worker', async () => {
    await bundleWithEsbuild('worker', ['dist/browser-engine-thread.js'])
    const { ids, warnings, workers } = await visit('worker')
    expect(ids).toEqual((await storiesInNode()).greedy.ids.slice(0, 12))
    expect(warnings).toEqual([])
    expect(workers).toEqual([expect.stringMatching(/bundled\/worker\/browser-engine-thread\.js$/)])
  })
})
