/** What the package, and bundles of it, may weigh. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { bundled } from './bundled.js'

const KIB = 1024

describe('a minified bundle of what a program imports', () => {
  it.each([
    { program: `export { cosineSimilarity } from 'dasllama'`, first: 3 * KIB, gzip: 1.6 * KIB },
    { program: `export { createSampler } from 'dasllama/sampling'`, first: 30_000, gzip: 11_000 },
    { program: `export { loadModel } from 'dasllama'`, first: 82_000, gzip: 32_400 },
    { program: `export { loadModel, embed, rerank } from 'dasllama'`, first: 89_000, gzip: 34_600 },
    { program: `export { loadModel, createChat } from 'dasllama'`, first: 308_000, gzip: 108_000 },
    { program: `export { createHandler } from 'dasllama/server'`, first: 420_000, gzip: 150_000 },
    { program: `export { createDasllama } from 'dasllama/ai-sdk'`, first: 318_000, gzip: 109_500 },
    { program: `export { createLanguageModel } from 'dasllama/prompt-api'`, first: 309_000, gzip: 106_000 },
    { program: `export { openStore } from 'dasllama/hub'`, first: 56_000, gzip: 21_500 },
  ])('$program loads at most $first bytes at first', async ({ program, first, gzip }) => {
    const size = (await bundled(program)).first
    expect(size.bytes).toBeLessThanOrEqual(first)
    expect(size.gzipBytes).toBeLessThanOrEqual(gzip)
  })

  it.each([
    `import 'dasllama'`,
    `import 'dasllama/sampling'`,
    `import 'dasllama/hub'`,
    `import 'dasllama/server'`,
    `import 'dasllama/ai-sdk'`,
    `import 'dasllama/prompt-api'`,
  ])('is empty for %s', async (program) => {
    expect((await bundled(program)).first.bytes).toBeLessThan(50)
  })

  it('of loadModel loads grammars, chats, tokenizers, families and the engine only when they are needed', async () => {
    const { first, all } = await bundled(`export { loadModel } from 'dasllama'`)
    const { all: everything } = await bundled(`export * from 'dasllama'`)
    expect(all.bytes).toBeGreaterThan(4 * first.bytes)
    // Chats are not in it at all.
    expect(everything.bytes - all.bytes).toBeGreaterThan(150_000)
  })
})

describe('the package', () => {
  it('unpacks to at most 1.8 MB beside its kernels, which take at most 700 kB', async () => {
    const args = ['pack', '--json', '--dry-run', '--ignore-scripts']
    const { stdout } = await promisify(execFile)('npm', args, { shell: process.platform === 'win32' })
    const [{ files }] = JSON.parse(stdout) as [{ files: { path: string; size: number }[] }]
    const sum = (isWanted: (path: string) => boolean) =>
      files.filter(({ path }) => isWanted(path)).reduce((bytes, { size }) => bytes + size, 0)
    expect(sum((path) => path.includes('.wasm'))).toBeLessThanOrEqual(700_000)
    expect(sum((path) => !path.includes('.wasm'))).toBeLessThanOrEqual(1_800_000)
  })
})
