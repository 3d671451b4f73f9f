/**
 * The console blocks of the documentation are correct: each `$ npx dasllama …` is run, with the text of `echo "…" |` before it
 * as input, and the text after it must be the command's standard output. `UPDATE_DOCS=1` writes the output into the pages instead.
 */
import { execFile } from 'node:child_process'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { BASELINE } from './baseline.js'

const root = fileURLToPath(new URL('../../', import.meta.url))
const docs = `${root}docs/`
const BLOCK = /```console\n\$ ((?:echo "[^"]*" \| )?npx dasllama .*)\n([\s\S]*?)```/g
const run = promisify(execFile)

async function output(commandLine: string): Promise<string> {
  const [, input = '', options] = /^(?:echo "([^"]*)" \| )?npx dasllama (.*)$/.exec(commandLine)!
  const args = Array.from(options.matchAll(/"([^"]*)"|(\S+)/g), ([, quoted, plain]) => quoted ?? plain)
  const running = run(process.execPath, [...BASELINE, 'dist/cli.js', ...args], { cwd: root })
  running.child.stdin?.end(input === '' ? '' : `${input}\n`)
  return (await running).stdout
}

describe.concurrent('the documentation', async () => {
  const pages = (await readdir(docs)).filter((name) => name.endsWith('.md'))
  for (const page of pages) {
    const text = await readFile(docs + page, 'utf8')
    const blocks = Array.from(text.matchAll(BLOCK), ([, command, printed]) => ({ command, printed }))
    if (blocks.length === 0) continue
    test(`${page}: ${blocks.length} commands print the output on the page`, async () => {
      let updated = text
      for (const { command, printed } of blocks) {
        const actual = await output(command)
        if (process.env.UPDATE_DOCS) {
          const before = `\`\`\`console\n$ ${command}\n${printed}\`\`\``
          updated = updated.replace(before, () => `\`\`\`console\n$ ${command}\n${actual}\`\`\``)
        } else {
          expect(actual, command).toBe(printed)
        }
      }
      if (updated !== text) await writeFile(docs + page, updated)
    })
  }
})
