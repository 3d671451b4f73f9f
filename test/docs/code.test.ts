/**
 * The TypeScript of the documentation is true: what a page marks as ```` ```ts runs ```` is run on the built package,
 * and must print what the ```` ```text ```` block after it says. The blocks of a page are one program: each sees what
 * the first one declares. `UPDATE_DOCS=1` writes the output into the pages instead.
 */
import { execFile } from 'node:child_process'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { transform } from 'esbuild'
import { describe, expect, test } from 'vitest'
import { BASELINE } from './baseline.js'

const root = fileURLToPath(new URL('../../', import.meta.url))
const docs = `${root}docs/`
const BLOCK = /```ts runs\n([\s\S]*?)```(?:\n+```text\n([\s\S]*?)```)?/g
const IMPORT = /^import .*$/gm
const run = promisify(execFile)

/** Printed between two blocks. */
const BORDER = '\u0001'

/** What each block prints. Imports stand at the top of a program, wherever a page has them. */
async function outputs(blocks: readonly string[]): Promise<string[]> {
  const imports = new Set(blocks.flatMap((code) => code.match(IMPORT) ?? []))
  const [first, ...others] = blocks.map((code) => code.replaceAll(IMPORT, ''))
  const inner = others.map((code) => `console.log('${BORDER}')\n{\n${code}}`)
  const program = [...imports, first, ...inner].join('\n')
  const { code } = await transform(program, { loader: 'ts', format: 'esm', target: 'node20' })
  const { stdout } = await run(process.execPath, [...BASELINE, '--input-type=module', '--eval', code], {
    cwd: root,
  })
  return stdout.split(`${BORDER}\n`)
}

describe.concurrent('the documentation', async () => {
  const pages = (await readdir(docs)).filter((name) => name.endsWith('.md'))
  for (const page of pages) {
    const text = await readFile(docs + page, 'utf8')
    const blocks = Array.from(text.matchAll(BLOCK), ([whole, code, printed = '']) => ({
      whole,
      code,
      printed,
    }))
    if (blocks.length === 0) continue
    test(`${page}: ${blocks.length} pieces of code print what it says`, async () => {
      const actual = await outputs(blocks.map(({ code }) => code))
      if (!process.env.UPDATE_DOCS) {
        for (const [i, { code, printed }] of blocks.entries()) expect(actual[i], code).toBe(printed)
        return
      }
      let updated = text
      for (const [i, { whole, code }] of blocks.entries()) {
        const result = actual[i] === '' ? '' : `\n\n\`\`\`text\n${actual[i]}\`\`\``
        updated = updated.replace(whole, () => `\`\`\`ts runs\n${code}\`\`\`${result}`)
      }
      if (updated !== text) await writeFile(docs + page, updated)
    })
  }
})
