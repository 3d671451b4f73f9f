/**
 * Builds dist/: the kernels (asc), the JavaScript (esbuild) and the type declarations (tsc).
 *
 *   dist/kernels.wasm           portable SIMD128 kernels
 *   dist/index.js               the facade and the engine, for every runtime
 *   dist/platform/<runtime>.js  what only that runtime may import; loaded on demand by index.js
 *   dist/cli.js                 the command line, on top of index.js
 */

import { spawnSync } from 'node:child_process'
import { chmod, mkdir, rm } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import asc from 'assemblyscript/asc'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('..', import.meta.url))
process.chdir(root)

async function buildKernels() {
  const { error, stderr } = await asc.main([
    'assembly/index.ts',
    ...['--outFile', 'dist/kernels.wasm', '--textFile', 'dist/kernels.wat'],
    ...['--runtime', 'stub', '--noAssert', '-O3', '--uncheckedBehavior', 'always'],
    ...['--importMemory', '--maximumMemory', '65536', '--enable', 'simd'],
  ])
  if (error) throw new Error(`asc: ${error.message}\n${stderr.toString()}`)
}

async function buildJavaScript() {
  const shared = {
    bundle: true,
    format: 'esm',
    platform: 'neutral',
    target: 'es2022',
    sourcemap: 'linked',
    minifySyntax: true,
    mainFields: ['module', 'main'],
    logLevel: 'warning',
  }
  const platforms = ['node', 'browser', 'workerd']
  await build({
    ...shared,
    entryPoints: platforms.map((name) => `src/platform/${name}.ts`),
    outdir: 'dist/platform',
    external: ['node:*', '../kernels.wasm'],
  })
  await build({
    ...shared,
    entryPoints: ['src/index.ts'],
    outdir: 'dist',
    // The platform files stay files of their own: a bundler or a runtime loads only the one it needs.
    external: ['./platform/*'],
  })
  await build({
    ...shared,
    entryPoints: { cli: 'src/cli/bin.ts' },
    outdir: 'dist',
    banner: { js: '#!/usr/bin/env node' },
    external: ['node:*', '../index.js', './platform/*'],
  })
  await chmod('dist/cli.js', 0o755)
}

function buildTypes() {
  const tsc = spawnSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.types.json'], {
    stdio: 'inherit',
  })
  if (tsc.status !== 0) throw new Error('tsc: the type declarations did not build')
}

await rm('dist', { recursive: true, force: true })
await mkdir('dist', { recursive: true })
await Promise.all([buildKernels(), buildJavaScript()])
buildTypes()
