import { chmod, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { CONTROL_PAGE } from './control-page.mjs'

/** The package's files, which share their code as chunks next to them. */
const ENTRIES = {
  index: 'src/index.ts',
  sampling: 'src/sampling/index.ts',
  hub: 'src/hub/index.ts',
  server: 'src/server/index.ts',
  'ai-sdk': 'src/ai-sdk/index.ts',
  langchain: 'src/langchain/index.ts',
  'prompt-api': 'src/prompt-api/index.ts',
  workerd: 'src/entries/workerd.ts',
  'edge-light': 'src/entries/edge-light.ts',
  'service-worker': 'src/entries/service-worker.ts',
  cli: 'src/cli/bin.ts',
  'platform-node': 'src/platform/node/platform.ts',
  'platform-browser': 'src/platform/browser/platform.ts',
  'platform-node-store': 'src/platform/node/store-folder.ts',
  'platform-browser-store': 'src/platform/browser/store-folder.ts',
  'node-engine-thread': 'src/platform/node/engine-thread.ts',
  'node-quantize-thread': 'src/platform/node/quantize-thread.ts',
}

/**
 * Parts of index.js with chunks of their own, so that a bundle contains only those that its program uses: as entries, they
 * make esbuild separate what they do not share. Their files are not needed.
 */
const PARTS = [
  'src/chat/index.ts',
  'src/facade/cosine-similarity.ts',
  'src/facade/embed.ts',
  'src/facade/inspect-model.ts',
  'src/facade/load-model.ts',
  'src/facade/rerank.ts',
  'src/grammar/index.ts',
  'src/model/registry.ts',
]

/** Begins the names of their files. */
const PART = 'part-'

/** Programs of threads, each whole in one file: bundlers copy it to another place, as an asset. */
export const PROGRAMS = {
  'node-thread': 'src/platform/node/thread.ts',
  'browser-thread': 'src/platform/browser/thread.ts',
  'browser-engine-thread': 'src/platform/browser/engine-thread.ts',
}

/** The kernels and the control page are built elsewhere, and are files next to those that import them. */
const neighbours = {
  name: 'neighbours',
  setup({ onResolve }) {
    onResolve({ filter: new RegExp(`\\.wasm(\\?module)?$|/${CONTROL_PAGE}$`) }, ({ path }) => ({
      path: `./${path.slice(path.lastIndexOf('/') + 1)}`,
      external: true,
    }))
  },
}

async function bundle(entryPoints, outdir, options = {}) {
  const { build } = await import('esbuild')
  const { outputFiles } = await build({
    bundle: true,
    format: 'esm',
    platform: 'neutral',
    target: 'es2022',
    minifySyntax: true,
    chunkNames: '[name]-[hash]',
    mainFields: ['module', 'main'],
    logLevel: 'warning',
    // The optional packages are the installation's own.
    external: ['node:*', '@langchain/core/*', 'bullmq', 'ioredis'],
    entryPoints,
    outdir,
    plugins: [neighbours],
    write: false,
    ...options,
  })
  // esbuild imports chunks for their side effects, of which they have none, and writes empty ones.
  const files = outputFiles.map(({ path, text }) => ({
    path,
    code: text.replace(/^import "[^"]+";\n/gm, ''),
  }))
  const wanted = files.filter(({ path, code }) => !basename(path).startsWith(PART) && code.trim() !== '')
  await Promise.all(wanted.map(async ({ path, code }) => writeFile(path, await minified(code))))
}

/**
 * Removes white space and shortens names of variables. Names of functions, classes and methods stay for stack
 * traces, and lines are short, because Node prints the source line of an uncaught error.
 */
async function minified(code) {
  const { minify } = await import('terser')
  const { code: short } = await minify(code, {
    module: true,
    ecma: 2020,
    compress: false,
    mangle: { keep_classnames: true, keep_fnames: true, reserved: namesOfExpressions(code) },
    // Bundlers of applications read the annotations of pure calls.
    format: { comments: false, preserve_annotations: true, max_line_len: 100 },
  })
  return short
}

/** Names of variables that are names of classes and functions too: esbuild makes expressions of declared classes. */
function namesOfExpressions(code) {
  const named = /\b([\w$]+) = (?:class\b|(?:async )?(?:function\b|\([^()]*\) =>|\w+ =>))/g
  return Array.from(code.matchAll(named), ([, name]) => name)
}

/** Bundles the package's JavaScript into a folder. */
export async function bundleAll(outdir) {
  const parts = Object.fromEntries(PARTS.map((path, i) => [PART + i, path]))
  await Promise.all([bundle({ ...ENTRIES, ...parts }, outdir, { splitting: true }), bundle(PROGRAMS, outdir)])
  await chmod(join(outdir, 'cli.js'), 0o755)
}
