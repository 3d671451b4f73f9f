/**
 * Builds dist/: the kernels (asc), the JavaScript (esbuild) and the type declarations (tsc).
 *
 *   dist/kernels.wasm           portable SIMD128 kernels
 *   dist/kernels-relaxed.wasm   the same sources with relaxed SIMD
 *   dist/kernels-wide.wasm      relaxed SIMD, with loops for engines that join pairs of vectors
 *   dist/index.js               the facade and the engine
 *   dist/sampling.js            the sampler chain alone, without kernels
 *   dist/hub.js                 the store of models from servers; loaded on demand by index.js
 *   dist/errors.js              the error class that all files share
 *   dist/platform/<runtime>.js  code that only that runtime may import; loaded on demand by index.js
 *   dist/platform/<runtime>-thread.js  the program of the engine's threads there
 *   dist/workerd.js             index.js for Cloudflare Workers, including its platform: the kernels are a static
 *                               import there, which the bundlers of other runtimes must not see
 *   dist/cli.js                 the command line, on top of index.js
 *
 * Everything is built in a temporary folder and then moved into place: a failing build leaves the old dist/ unchanged.
 *
 * With `--if-needed` only outdated parts are built: all three kernels, or the
 * JavaScript and its types, or nothing.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, copyFile, mkdir, rename, rm } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { fingerprints, freshParts, recordBuilt } from './fingerprints.mjs'
import { ascFlags, KERNEL_BUILDS } from './kernel-builds.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const out = `.cache/dist-${process.pid}`

async function buildKernels(build) {
  const { default: asc } = await import('assemblyscript/asc')
  const outFile = ['--outFile', `${out}/${build.file}`]
  const { error, stderr } = await asc.main(['assembly/index.ts', ...outFile, ...ascFlags(build)])
  if (error) throw new Error(`asc: ${error.message}\n${stderr.toString()}`)
}

/**
 * Maps source files to what their importers get instead: another source file, or, for a path that begins with a
 * dot, a separate file of dist/.
 */
function replacing(places) {
  const byPath = new Map(Object.entries(places).map(([source, place]) => [resolve(root, source), place]))
  return {
    name: 'replacing',
    setup({ onResolve }) {
      onResolve({ filter: /^\.\.?\// }, ({ path, importer }) => {
        const place = byPath.get(resolve(dirname(importer), path).replace(/\.js$/, '.ts'))
        if (place === undefined) return undefined
        return place.startsWith('.') ? { path: place, external: true } : { path: resolve(root, place) }
      })
    },
  }
}

async function bundle(entryPoints, outdir, places, options = {}) {
  const { build } = await import('esbuild')
  await build({
    bundle: true,
    format: 'esm',
    platform: 'neutral',
    target: 'es2022',
    // Node prints the source line of an uncaught error, so lines are short, and names stay for the
    // stack trace. Compared with one long line, of which 4 kB came before the message, that adds 3 % to compressed index.js;
    // keeping all white space would add 22 %, and a source map, which Node ignores by default, 76 % (2026-11).
    minifySyntax: true,
    minifyWhitespace: true,
    lineLimit: 100,
    mainFields: ['module', 'main'],
    logLevel: 'warning',
    external: ['node:*'],
    entryPoints,
    outdir,
    plugins: [replacing(places)],
    ...options,
  })
}

/** The runtimes, and the programs of their threads. */
const PLATFORMS = {
  node: 'src/platform/node/platform.ts',
  'node-thread': 'src/platform/node/thread.ts',
  'node-engine-thread': 'src/platform/node/engine-thread.ts',
  'node-quantize-thread': 'src/platform/node/quantize-thread.ts',
  'node-store': 'src/platform/node/store-folder.ts',
  browser: 'src/platform/browser/platform.ts',
  'browser-store': 'src/platform/browser/store-folder.ts',
  'browser-thread': 'src/platform/browser/thread.ts',
  'browser-engine-thread': 'src/platform/browser/engine-thread.ts',
}

async function buildJavaScript() {
  await Promise.all([
    bundle(['src/errors.ts'], out, {}),
    bundle(['src/index.ts'], out, {
      'src/errors.ts': './errors.js',
      'src/hub/index.ts': './hub.js',
      'src/platform/node/platform.ts': './platform/node.js',
      'src/platform/browser/platform.ts': './platform/browser.js',
    }),
    bundle({ hub: 'src/hub/index.ts' }, out, {
      'src/errors.ts': './errors.js',
      'src/platform/node/store-folder.ts': './platform/node-store.js',
      'src/platform/browser/store-folder.ts': './platform/browser-store.js',
    }),
    bundle({ sampling: 'src/sampling/index.ts' }, out, { 'src/errors.ts': './errors.js' }),
    bundle(PLATFORMS, join(out, 'platform'), {
      'src/errors.ts': '../errors.js',
    }),
    bundle({ workerd: 'src/index.ts' }, out, {
      'src/errors.ts': './errors.js',
      'src/hub/open-folder.ts': 'src/platform/workerd/store-folder.ts',
      'src/platform/detect.ts': 'src/platform/workerd/platform.ts',
      'src/kernels.wasm': './kernels.wasm',
      'src/kernels-relaxed.wasm': './kernels-relaxed.wasm',
    }),
    bundle(
      { cli: 'src/cli/bin.ts' },
      out,
      {
        'src/errors.ts': './errors.js',
        'src/hub/index.ts': './hub.js',
        'src/index.ts': './index.js',
        'src/sampling/index.ts': './sampling.js',
        'src/platform/node/platform.ts': './platform/node.js',
      },
      { banner: { js: '#!/usr/bin/env node' } },
    ),
  ])
  await chmod(join(out, 'cli.js'), 0o755)
}

async function buildTypes() {
  const args = [
    'node_modules/typescript/bin/tsc',
    '-p',
    'tsconfig.types.json',
    '--outDir',
    join(out, 'types'),
  ]
  const [code] = await once(spawn(process.execPath, args, { stdio: 'inherit' }), 'exit')
  if (code !== 0) throw new Error('tsc: the type declarations did not build')
}

async function buildAll(keepsKernels) {
  const kernels = keepsKernels
    ? KERNEL_BUILDS.map(({ file }) => copyFile(`dist/${file}`, `${out}/${file}`))
    : KERNEL_BUILDS.map(buildKernels)
  await Promise.all([...kernels, buildJavaScript(), buildTypes()])
  await rm('dist', { recursive: true, force: true })
  await rename(out, 'dist')
}

process.chdir(root)
const now = await fingerprints()
const fresh = process.argv.includes('--if-needed') ? await freshParts(now) : {}
if (!fresh.kernels || !fresh.javascript) {
  console.error(fresh.kernels ? 'building dist/ without kernels …' : 'building dist/ …')
  await mkdir(out, { recursive: true })
  try {
    await buildAll(fresh.kernels)
    await recordBuilt(now)
  } finally {
    await rm(out, { recursive: true, force: true })
  }
}
