/**
 * The conversations of the documentation are correct: a ```` ```text ```` block that begins with
 * `$ npx dasllama chat` is what a terminal of 80 columns shows when someone types the lines after `> `. Rates of tokens differ from run to run, so they are not compared.
 * `UPDATE_DOCS=1` writes the terminal's text into the pages instead.
 */
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { isOpen } from '../../src/cli/chat/message-text.js'
import { main } from '../../src/cli/main.js'
import { PseudoTerminal } from '../support/pseudo-terminal.js'

const docs = fileURLToPath(new URL('../../docs/', import.meta.url))
const BLOCK = /```text\n\$ npx dasllama (chat .*)\n([\s\S]*?)```/g
const PROMPT = '> '

/** The typed lines: those after prompts, with their continuation lines. */
function typedLines(shown: string): string[] {
  const typed: string[] = []
  let isTyping = false
  for (const line of shown.split('\n')) {
    if (isTyping) typed[typed.length - 1] += `\n${line}`
    else if (line.startsWith(PROMPT)) typed.push(line.slice(PROMPT.length))
    else continue
    isTyping = isOpen(typed[typed.length - 1])
  }
  return typed
}

/** The terminal's text after a conversation. */
async function conversation(command: string, typed: readonly string[]): Promise<string> {
  const terminal = new PseudoTerminal()
  const args = Array.from(command.matchAll(/"([^"]*)"|(\S+)/g), ([, quoted, plain]) => quoted ?? plain)
  let isOver = false
  // The baseline kernels give the same bits everywhere.
  const running = main([...args, '--kernels', 'baseline'], terminal).finally(() => {
    isOver = true
  })
  for (const line of typed) {
    await Promise.race([terminal.asked(), running])
    if (isOver) break
    await terminal.type(line.replaceAll('\n', '\r'), '\r')
  }
  expect(await running).toBe(0)
  return `${terminal.screen.text.trimEnd()}\n`
}

const withoutRates = (text: string) => text.replace(/\d+\.\d tok\/s/g, '… tok/s').replace(/\d+ ms/g, '… ms')

describe('the documentation', async () => {
  const pages = (await readdir(docs)).filter((name) => name.endsWith('.md'))
  let found = 0
  for (const page of pages) {
    const text = await readFile(docs + page, 'utf8')
    const blocks = Array.from(text.matchAll(BLOCK), ([, command, shown]) => ({ command, shown }))
    found += blocks.length
    if (blocks.length === 0) continue
    test(`${page}: ${blocks.length} conversations are as shown on the page`, async () => {
      let updated = text
      for (const { command, shown } of blocks) {
        const actual = await conversation(command, typedLines(shown))
        if (process.env.UPDATE_DOCS) {
          const before = `\`\`\`text\n$ npx dasllama ${command}\n${shown}\`\`\``
          updated = updated.replace(before, () => `\`\`\`text\n$ npx dasllama ${command}\n${actual}\`\`\``)
        } else {
          expect(withoutRates(actual), command).toBe(withoutRates(shown))
        }
      }
      if (updated !== text) await writeFile(docs + page, updated)
    })
  }
  test('shows a conversation', () => expect(found).toBeGreaterThan(0))
})
