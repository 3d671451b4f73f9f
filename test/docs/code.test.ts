/**
 * The JavaScript of the documentation runs as pasted: each ```` ```js ```` block of README.md and docs/ is run
 * unchanged by plain Node, in a folder that has the package and a model: on this version, and by `npm run test:engines` on those that
 * `npm run engines` has fetched. The first block of a page begins a program; any other one is pasted after
 * it. A block's output must equal the ```` ```text ```` block after it; `UPDATE_DOCS=1` writes the output into the pages
 * instead. Blocks that are marked otherwise have separate tests here.
 */
import { execFile } from 'node:child_process'
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { build, transform } from 'esbuild'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findEngines } from '../../scripts/engines.mjs'
import { smallModel } from '../model/small.js'
import { startWorker } from '../runtimes/worker.js'
import type { FakeHub } from '../support/hub-server.js'
import { temporaryFolder } from '../support/model-files.js'
import { redirectingFetch, serveReadmeHub, smallChatModel } from '../support/readme-hub.js'
import { BASELINE } from './baseline.js'

const root = fileURLToPath(new URL('../../', import.meta.url))
const run = promisify(execFile)

/** A fenced block, and the output that follows it. */
interface Block {
  /** The text after the fence: the language, and what the block is for. */
  readonly kind: string
  readonly code: string
  readonly printed: string | undefined
  readonly whole: string
}

const BLOCK = /^```(.+)\n([\s\S]*?)^```$(?:\n+```text\n([\s\S]*?)^```$)?/gm

interface Page {
  readonly name: string
  readonly text: string
  readonly blocks: readonly Block[]
}

async function readPage(name: string): Promise<Page> {
  const text = await readFile(join(root, name), 'utf8')
  const blocks = Array.from(text.matchAll(BLOCK), ([whole, kind, code, printed]) => ({
    whole,
    kind,
    code,
    printed,
  }))
  return { name, text, blocks }
}

const names = (await readdir(join(root, 'docs'))).filter((name) => name.endsWith('.md'))
const pages = await Promise.all(['README.md', ...names.map((name) => `docs/${name}`)].map(readPage))
const blocksOf = (kind: string) =>
  pages.flatMap(({ blocks }) => blocks.filter((block) => block.kind === kind))

/** This Node, or with `EVERY_NODE` all others that are found, once per major version. */
async function findNodes(): Promise<Map<string, string>> {
  const [own] = process.versions.node.split('.')
  if (!process.env.EVERY_NODE) return new Map([[own, process.execPath]])
  const nodes = new Map<string, string>()
  for (const { program, version, path } of await findEngines()) {
    const [major] = version.split('.')
    if (program === 'node' && major !== own && !nodes.has(major)) nodes.set(major, path)
  }
  return nodes
}
const nodes = await findNodes()

let folder: Awaited<ReturnType<typeof temporaryFolder>>
/** What names with `hf:` lead to. */
let hub: FakeHub
let env: NodeJS.ProcessEnv

beforeAll(async () => {
  // A reader's folder: the package installed, and the files that the pages mention.
  folder = await temporaryFolder()
  await mkdir(join(folder.path, 'node_modules/@anthropic-ai'), { recursive: true })
  await symlink(root, join(folder.path, 'node_modules/dasllama'))
  for (const name of ['openai', '@anthropic-ai/sdk', 'ollama', 'ai', '@langchain']) {
    await symlink(join(root, 'node_modules', name), join(folder.path, 'node_modules', name))
  }
  await symlink(join(root, 'models'), join(folder.path, 'models'))
  await writeFile(join(folder.path, 'model.gguf'), smallChatModel())
  hub = await serveReadmeHub()
  env = { ...process.env, DASLLAMA_HOME: join(folder.path, 'home'), HF_ENDPOINT: hub.base }
})

afterAll(async () => {
  await hub?.[Symbol.asyncDispose]()
  await folder[Symbol.asyncDispose]()
})

/** A program's output; rejects if it fails or writes to standard error. */
async function output(node: string, code: string, name: string): Promise<string> {
  const file = join(folder.path, `${name}.mjs`)
  await writeFile(file, code)
  const redirecting = `data:text/javascript,${encodeURIComponent(redirectingFetch(hub.base))}`
  const { stdout, stderr } = await run(node, [...BASELINE, '--import', redirecting, file], {
    ...{ cwd: folder.path, env },
  })
  // Node may warn about the tests' flags.
  expect(stderr.replaceAll(/^.*(ExperimentalWarning|--trace-warnings).*$/gm, '').trim(), code).toBe('')
  return stdout
}

describe.each([...nodes])('as pasted on Node %s', (major, node) => {
  const withCode = pages.filter(({ blocks }) => blocks.some(({ kind }) => kind === 'js'))
  it.each(withCode)(
    'the code of $name prints the output on the page',
    { timeout: 300_000 },
    async ({ name, text, blocks }) => {
      const [first, ...others] = blocks.filter(({ kind }) => kind === 'js')
      const isUpdating = process.env.UPDATE_DOCS && node === process.execPath
      const title = `${name.replace(/\W/g, '-')}-${major}`
      const opening = await output(node, first.code, title)
      let updated = text
      const check = (block: Block, printed: string) => {
        if (!isUpdating) {
          if (block.printed !== undefined) expect(printed, block.code).toBe(block.printed)
          return
        }
        if (block.printed === undefined) return
        const result = `\`\`\`${block.kind}\n${block.code}\`\`\`\n\n\`\`\`text\n${printed}\`\`\``
        updated = updated.replace(block.whole, () => result)
      }
      check(first, opening)
      for (const block of others) {
        const printed = await output(node, `${first.code}\n${block.code}`, title)
        // The README prints timings.
        if (block.printed === undefined) continue
        expect(printed.startsWith(opening), block.code).toBe(true)
        check(block, printed.slice(opening.length))
      }
      if (updated !== text) await writeFile(join(root, name), updated)
    },
  )
})

describe('the commands of README.md', () => {
  const { text } = pages.find(({ name }) => name === 'README.md')!
  const commands = Array.from(
    text.matchAll(/^npx dasllama ([^#\n]*?) *(?:#.*)?$/gm),
    ([, command]) => command,
  )

  it('are more than one', () => expect(commands.length).toBeGreaterThan(2))

  it.each(commands)('dasllama %s ends well', async (command) => {
    const args = Array.from(command.matchAll(/"([^"]*)"|(\S+)/g), ([, quoted, plain]) => quoted ?? plain)
    const cli = join(folder.path, 'node_modules/dasllama/dist/cli.js')
    const running = run(process.execPath, [...BASELINE, cli, ...args], { cwd: folder.path, env })
    running.child.stdin?.end('Hello\n')
    expect((await running).stdout).not.toBe('')
  })
})

describe('code of other packages', () => {
  it('parses', async () => {
    const blocks = blocksOf('js other')
    expect(blocks.length).toBeGreaterThan(0)
    for (const { code } of blocks) {
      const { warnings } = await transform(code, { loader: 'js', format: 'esm', target: 'esnext' })
      expect(warnings).toEqual([])
    }
  })
})

describe('code for other runtimes', () => {
  it('is marked with its runtime', () => {
    const kinds = new Set(pages.flatMap(({ blocks }) => blocks.map(({ kind }) => kind)))
    const known = [
      'js',
      'js worker',
      'js bundler',
      'js other',
      'html',
      'sh',
      'console',
      'text',
      'json',
      'gbnf',
      'jinja',
      'toml',
      '',
    ]
    expect([...kinds].filter((kind) => !known.includes(kind))).toEqual([])
  })

  it('for a Worker loads its model once, and answers', async () => {
    const [{ code }, ...others] = blocksOf('js worker')
    expect(others).toEqual([])
    const model = smallModel()
    let requests = 0
    await using worker = await startWorker(
      code.replace("'dasllama'", "'./dist/workerd.js'"),
      ['dist/workerd.js'],
      {},
      (request) => {
        expect(request.url).toBe('https://example.com/model.gguf')
        requests++
        return model
      },
    )
    const answers = [
      await worker.post('Once upon'),
      await worker.post('Once upon'),
      await worker.post('There was'),
    ]
    expect(answers[0].length).toBeGreaterThan(0)
    expect(answers[1]).toBe(answers[0])
    expect(answers[2]).not.toBe(answers[0])
    // The server does not support ranges, so a load is one request.
    expect(requests).toBe(1)
  })

  it('for a bundler can be bundled by esbuild', async () => {
    for (const { code } of blocksOf('js bundler')) {
      const { errors, warnings } = await build({
        stdin: { contents: code, resolveDir: folder.path },
        bundle: true,
        format: 'esm',
        write: false,
        external: ['node:*', '*?url'],
        logLevel: 'silent',
      })
      expect([...errors, ...warnings].map(({ text }) => text)).toEqual([])
    }
  })
})
