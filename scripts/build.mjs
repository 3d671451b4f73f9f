/**
 * Builds dist/: the kernels (asc), the JavaScript (esbuild, see bundle.mjs) and the type declarations (tsc).
 *
 *   dist/kernels.wasm            portable SIMD128 kernels
 *   dist/kernels-relaxed.wasm    the same sources with relaxed SIMD
 *   dist/kernels-wide.wasm       relaxed SIMD, with loops for engines that join pairs of vectors
 *   dist/kernels-wide.wasm.br    the same compressed, as the package has it: only Node's platform reads it
 *   dist/index.js                the facade and the engine
 *   dist/workerd.js, edge-light.js, service-worker.js  the same for runtimes that cannot load their platform on demand
 *   dist/sampling.js             the sampler chain alone, without kernels
 *   dist/hub.js                  the store of models from servers; loaded on demand by index.js
 *   dist/server.js               OpenAI's API as a function from Request to Response
 *   dist/control-page.js         the page that it shows at /, as text; loaded on demand by server.js
 *   dist/ai-sdk.js               models for the AI SDK
 *   dist/langchain.js            models for LangChain
 *   dist/prompt-api.js           the web's LanguageModel
 *   dist/platform-<runtime>.js   code that only that runtime may import; loaded on demand by index.js
 *   dist/platform-<runtime>-store.js  where that runtime keeps models; loaded on demand by hub.js
 *   dist/<runtime>-thread.js, <runtime>-engine-thread.js  the programs of the engine's threads there
 *   dist/cli.js                  the command line, on top of index.js
 *   dist/*-<hash>.js             what those share, and what is loaded on demand
 *
 * Everything is built in a temporary folder and then moved into place: a failing build leaves the old dist/ unchanged.
 *
 * With `--if-needed` only outdated parts are built: all three kernels, or the
 * JavaScript and its types, or nothing.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync } from 'node:zlib'
import { bundleAll } from './bundle.mjs'
import { buildControlPage } from './control-page.mjs'
import { fingerprints, freshParts, recordBuilt } from './fingerprints.mjs'
import { ascFlags, KERNEL_BUILDS } from './kernel-builds.mjs'
import { trimTypes } from './trim-types.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const out = `.cache/dist-${process.pid}`

async function buildKernels(build) {
  const { default: asc } = await import('assemblyscript/asc')
  const outFile = ['--outFile', `${out}/${build.file}`]
  const { error, stderr } = await asc.main(['assembly/index.ts', ...outFile, ...ascFlags(build)])
  if (error) throw new Error(`asc: ${error.message}\n${stderr.toString()}`)
}

async function compressWide() {
  const path = `${out}/kernels-wide.wasm`
  await writeFile(`${path}.br`, brotliCompressSync(await readFile(path)))
}

/** Declarations of the entries: `package.json` names them. */
const ENTRY_TYPES = [
  ...['index', 'sampling/index', 'hub/index', 'server/index'],
  ...['ai-sdk/index', 'langchain/index', 'prompt-api/index'],
].map((path) => `${path}.d.ts`)

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
  await trimTypes(join(out, 'types'), ENTRY_TYPES)
}

async function buildAll(keepsKernels) {
  const kernels = keepsKernels
    ? KERNEL_BUILDS.map(({ file }) => copyFile(`dist/${file}`, `${out}/${file}`))
    : KERNEL_BUILDS.map(buildKernels)
  await Promise.all([...kernels, bundleAll(out), buildControlPage(out), buildTypes()])
  await compressWide()
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
