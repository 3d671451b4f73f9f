/** Builds the playground: a folder of static files with relative addresses. */
import { copyFile, mkdir, rm } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** Where it is built by default; git ignores it. */
export const PLAYGROUND_FOLDER = `${ROOT}.cache/playground`

/** Files that the library loads from beside its code, and the embedded model. */
const BESIDE = [
  'dist/kernels.wasm',
  'dist/kernels-relaxed.wasm',
  'dist/browser-thread.js',
  'dist/browser-engine-thread.js',
  'models/tiny-stories.Q8_0.gguf',
  'playground/index.html',
  'playground/icon.svg',
]

/** `dist/` must be built. */
export async function buildPlayground(folder = PLAYGROUND_FOLDER): Promise<void> {
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  await build({
    entryPoints: { main: `${ROOT}playground/app/main.ts`, index: `${ROOT}playground/styles/index.css` },
    outdir: folder,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    minify: true,
    sourcemap: true,
    chunkNames: '[name]-[hash]',
    external: ['node:*'],
    logLevel: 'warning',
  })
  const names = BESIDE.map((path) => [path, path.slice(path.lastIndexOf('/') + 1)] as const)
  await Promise.all(names.map(([path, name]) => copyFile(`${ROOT}${path}`, `${folder}/${name}`)))
}
