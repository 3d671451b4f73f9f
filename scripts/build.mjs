/**
 * Builds dist/: the kernels (asc), the JavaScript (esbuild) and the type declarations (tsc).
 *
 *   dist/kernels.wasm           portable SIMD128 kernels
 *   dist/index.js               the facade and the engine, for every runtime
 *   dist/platform/<runtime>.js  what only that runtime may import; loaded on demand by index.js
 *   dist/workerd.js             index.js and platform/workerd.js in one, for bundlers that target Workers: they read
 *                               package.json's `browser` field, which hides the platform files of other runtimes
 *   dist/cli.js                 the command line, on top of index.js
 *
 * Everything is built aside and then put in place at once: a failing build leaves the old dist/ alone.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, rename, rm } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import asc from 'assemblyscript/asc'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('..', import.meta.url))
const out = `.cache/dist-${process.pid}`
const PLATFORMS = ['node', 'browser', 'workerd']

async function buildKernels() {
  const { error, stderr } = await asc.main([
    'assembly/index.ts',
    ...['--outFile', `${out}/kernels.wasm`],
    ...['--runtime', 'stub', '--noAssert', '-O3', '--uncheckedBehavior', 'always'],
    ...['--importMemory', '--maximumMemory', '65536', '--enable', 'simd'],
  ])
  if (error) throw new Error(`asc: ${error.message}\n${stderr.toString()}`)
}

/** Keeps files that dist/ has as files of their own out of the bundles: `apart` maps a source file to its place in dist/. */
function keepApart(apart) {
  const places = new Map(Object.entries(apart).map(([source, place]) => [resolve(root, source), place]))
  return {
    name: 'keep-apart',
    setup({ onResolve }) {
      onResolve({ filter: /^\.\.?\// }, ({ path, importer }) => {
        const source = resolve(dirname(importer), path).replace(/\.js$/, '.ts')
        return places.has(source) ? { path: places.get(source), external: true } : undefined
      })
    },
  }
}

async function bundle(entryPoints, outdir, apart, options = {}) {
  await build({
    bundle: true,
    format: 'esm',
    platform: 'neutral',
    target: 'es2022',
    sourcemap: 'linked',
    minifySyntax: true,
    mainFields: ['module', 'main'],
    logLevel: 'warning',
    entryPoints,
    outdir,
    plugins: [keepApart(apart)],
    ...options,
  })
}

async function buildJavaScript() {
  const platformFiles = Object.fromEntries(
    PLATFORMS.map((name) => [`src/platform/${name}.ts`, `./platform/${name}.js`]),
  )
  const { 'src/platform/workerd.ts': _bundled, ...otherPlatforms } = platformFiles
  await Promise.all([
    bundle(
      Object.keys(platformFiles),
      join(out, 'platform'),
      { 'src/kernels.wasm': '../kernels.wasm' },
      {
        external: ['node:*'],
      },
    ),
    bundle(['src/index.ts'], out, platformFiles),
    bundle({ workerd: 'src/index.ts' }, out, { ...otherPlatforms, 'src/kernels.wasm': './kernels.wasm' }),
    bundle(
      { cli: 'src/cli/bin.ts' },
      out,
      { 'src/index.ts': './index.js' },
      {
        banner: { js: '#!/usr/bin/env node' },
        external: ['node:*'],
      },
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

process.chdir(root)
await mkdir(out, { recursive: true })
try {
  await Promise.all([buildKernels(), buildJavaScript(), buildTypes()])
  await rm('dist', { recursive: true, force: true })
  await rename(out, 'dist')
} finally {
  await rm(out, { recursive: true, force: true })
}
