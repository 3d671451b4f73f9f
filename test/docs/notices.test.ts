/** THIRD_PARTY_NOTICES.md names everything of others that the package bundles or reproduces. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { expect, it } from 'vitest'

const root = fileURLToPath(new URL('../../', import.meta.url))
const notices = readFileSync(`${root}THIRD_PARTY_NOTICES.md`, 'utf8')

it('every package whose code is bundled in dist/ is named', async () => {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: [
      'src/index.ts',
      ...['ai-sdk', 'hub', 'langchain', 'prompt-api', 'sampling', 'server'].map(
        (entry) => `src/${entry}/index.ts`,
      ),
      'src/cli/bin.ts',
      'src/platform/node/platform.ts',
      'src/platform/browser/platform.ts',
    ],
    outdir: 'unwritten',
    bundle: true,
    write: false,
    metafile: true,
    format: 'esm',
    platform: 'neutral',
    mainFields: ['module', 'main'],
    // The optional packages are the installation's own.
    external: ['node:*', '*.wasm', '@langchain/core/*', 'bullmq', 'ioredis', '*/control-page.js'],
  })
  const packages = new Set(
    Object.values(metafile.outputs)
      .flatMap(({ inputs }) => Object.keys(inputs))
      .flatMap((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? []),
  )
  expect(packages.size).toBeGreaterThan(0)
  for (const name of packages) expect(notices).toContain(`\`${name}\``)
})

it.each([
  ['assembly/formats/iq2_xxs_tables.ts', 'Copyright (c) 2023-2026 The ggml authors'],
  ['assembly/formats/grid_lists.ts', 'Copyright (c) 2023-2026 The ggml authors'],
  ['assembly/formats/codebook.ts', 'Copyright (c) 2023-2026 The ggml authors'],
  ['assembly/formats/iq1_list.ts', 'Copyright (c) 2023-2026 The ggml authors'],
  ['src/gguf/quantize/iq4.ts', 'Copyright (c) 2023-2026 The ggml authors'],
  ['src/tokenizer/pretokenizers.ts', 'Copyright (c) 2023-2026 The ggml authors'],
  ['src/tokenizer/unicode-table.ts', 'UNICODE LICENSE V3'],
  ['src/tokenizer/unicode-decomposition.ts', 'UNICODE LICENSE V3'],
  ['src/tokenizer/unicode-lowercase.ts', 'UNICODE LICENSE V3'],
  ['models/tiny-stories.Q8_0.gguf', 'Community Data License Agreement'],
])('%s, which reproduces material of others, has a notice', (file, notice) => {
  expect(notices).toContain(`\`${file}\``)
  expect(notices).toContain(notice)
})

/** What files say of tables and rules that they have from elsewhere. */
const SOURCES =
  /[Ss]ources?: (?:the )?`?(?:kvalues|kgrid|iq\w+grid|ksigns|quantize_row|make_q|llama_|tensor_allows|Unicode Character Database)/

it('every file that names such a source is covered by a notice', () => {
  const files = ['src', 'assembly'].flatMap((folder) =>
    readdirSync(root + folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => `${folder}/${name.replaceAll('\\', '/')}`),
  )
  const reproducing = files.filter((file) => SOURCES.test(readFileSync(root + file, 'utf8')))
  expect(reproducing.length).toBeGreaterThan(10)
  const isCovered = (file: string) =>
    notices.includes(`\`${file}\``) || notices.includes(`\`${file.slice(0, file.lastIndexOf('/') + 1)}\``)
  expect(reproducing.filter((file) => !isCovered(file))).toEqual([])
})

it('names only files that exist', () => {
  const named = Array.from(notices.matchAll(/`((?:src|assembly|test|models)\/[^`*]+)`/g), ([, path]) => path)
  expect(named.length).toBeGreaterThan(10)
  expect(named.filter((path) => !existsSync(root + path))).toEqual([])
})

it('the notices are part of the package', () => {
  const { files } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as { files: string[] }
  expect(files).toContain('THIRD_PARTY_NOTICES.md')
  expect(files).toContain('LICENSE')
})
