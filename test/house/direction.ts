import type { Import } from './modules.js'

/** Modules that every module may import, and that depend on nothing but each other. */
const SHARED = [
  ...['errors', 'describe', 'read-list', 'checks', 'abortable', 'warnings', 'nearest', 'version'],
  ...['given', 'globals', 'lazy-module', 'rate-meter'],
]

/**
 * What each module of `src/` may import besides itself and the shared files, as in ARCHITECTURE.md. Types count: a
 * module that uses the types of one above it cannot be read, moved or tested without it.
 */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  math: [],
  storage: [],
  sampling: ['math'],
  gguf: ['math', 'storage'],
  tokenizer: ['gguf'],
  grammar: ['tokenizer'],
  platform: ['backend', 'quantize', 'storage'],
  backend: ['gguf', 'math', 'platform', 'storage'],
  model: ['backend', 'gguf', 'math', 'platform'],
  session: ['backend', 'grammar', 'math', 'model', 'platform', 'sampling', 'tokenizer'],
  quantize: ['backend', 'gguf', 'storage'],
  convert: ['gguf', 'math', 'quantize', 'storage'],
  hub: ['gguf', 'platform', 'storage'],
  facade: [
    ...['backend', 'gguf', 'hub', 'math', 'model', 'platform'],
    ...['sampling', 'session', 'storage', 'tokenizer'],
  ],
  chat: ['facade', 'grammar', 'math', 'sampling', 'session', 'tokenizer'],
  index: ['backend', 'chat', 'facade', 'grammar', 'model', 'sampling', 'session', 'storage', 'tokenizer'],
  serving: ['index'],
  server: ['index', 'serving'],
  'ai-sdk': ['index', 'serving'],
  langchain: ['index', 'serving'],
  'prompt-api': ['index', 'serving'],
  batch: ['storage'],
  entries: [
    ...['backend', 'chat', 'facade', 'gguf', 'grammar', 'hub', 'index', 'platform'],
    ...['session', 'storage', 'tokenizer'],
  ],
  cli: ['batch', 'convert', 'hub', 'index', 'platform', 'quantize', 'sampling', 'server'],
}

/** Folders that only some modules may import. */
const CLOSED: readonly { readonly folder: string; readonly openTo: readonly string[] }[] = [
  // Pointers and kernels stay behind the interfaces of src/backend/; a runtime starts the threads, the facade opens engines, an entry may include them, and quantizers dequantize.
  {
    folder: 'src/backend/wasm/',
    openTo: ['src/backend/', 'src/platform/', 'src/facade/', 'src/quantize/', 'src/entries/'],
  },
]

/**
 * Known violations: an importing file and the folder that it imports from. Remove a line with its imports; the
 * test names lines that are no longer needed.
 */
export const EXCEPTIONS: readonly (readonly [from: string, folder: string])[] = []

/** Known import cycles; remove a line with its cycle. */
export const CYCLES: readonly (readonly string[])[] = []

/** Why an import violates the direction, or `undefined` if it does not. */
export function problemOf({ from, to }: Import): string | undefined {
  if (to.startsWith('node:')) {
    return /^src\/platform\/[^/]+\//.test(from) ? undefined : 'only src/platform/<runtime>/ imports node:*'
  }
  // Packages are checked by the manifest, and build outputs, such as the kernels, have no source.
  if (!to.startsWith('src/') || !to.endsWith('.ts')) return undefined
  const [importing, imported] = [moduleOf(from), moduleOf(to)]
  if (importing !== imported && !SHARED.includes(imported) && !MAY_IMPORT[importing]?.includes(imported)) {
    return `${importing} must not depend on ${imported}`
  }
  const closed = CLOSED.find(({ folder }) => to.startsWith(folder))
  return closed && !closed.openTo.some((folder) => from.startsWith(folder))
    ? `${closed.folder} is open to ${closed.openTo.join(' and ')} alone`
    : undefined
}

/** A folder of `src/`, or a file in `src/` itself. */
function moduleOf(path: string): string {
  return path.split('/')[1].replace(/\.ts$/, '')
}
