import { open, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openGguf } from '../../src/gguf/reader.js'
import { writeGguf } from '../../src/gguf/writer.js'
import { inspectModel, type LoadOptions, loadModel, type Model, type ModelSource } from '../../src/index.js'
import { bytesSource } from '../../src/storage/bytes.js'
import type { Warning } from '../../src/warnings.js'
import { type Handler, ranges, serve, type TestServer } from '../support/http-server.js'
import { temporaryFolder } from '../support/model-files.js'
import { randomModel } from '../support/random-model/random-model.js'
import { TABLES, twoTableOptions } from '../support/two-tables.js'
import { watchedSource } from './sources.js'

const BYTES = writeGguf(randomModel(twoTableOptions('F16')))
const ROW_BYTES = 2 * 64
const PROMPT = Array.from({ length: 200 }, (_, i) => (i * 389) % 1500)
const MIB = 2 ** 20

let folder: Awaited<ReturnType<typeof temporaryFolder>>
let path: string
let server: TestServer
/** What the server serves as /model.gguf. */
let route: Handler
let expected: readonly number[]
/** Where a row of the second table is. */
let offsetOf: (row: number) => number

beforeAll(async () => {
  folder = await temporaryFolder()
  path = join(folder.path, 'model.gguf')
  await writeFile(path, BYTES)
  server = await serve({
    '/model.gguf': (request, response) => route(request, response),
    '/whole.gguf': (_, response) => response.writeHead(200).end(BYTES),
  })
  const table = (await openGguf(bytesSource(BYTES))).tensors.get(TABLES[1])!
  offsetOf = (row) => table.offset + row * ROW_BYTES
  await using model = await load(BYTES, { lookupTables: 'memory' })
  expected = await storyOf(model)
})

afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await folder[Symbol.asyncDispose]()
})

const load = (source: ModelSource, options?: LoadOptions) =>
  loadModel(source, { threads: 1, contextLength: 256, lookupTables: 'file', ...options })

async function storyOf(model: Model): Promise<readonly number[]> {
  using session = model.createSession()
  return (await session.generate(PROMPT, { maxTokens: 8, temp: 0 }).result()).ids
}

describe.each([false, true])('tables in the file, with the engine in a Worker: %s', (worker) => {
  it.each<[string, () => ModelSource]>([
    ['a path', () => path],
    ['a URL with ranges', () => `${server.base}/model.gguf`],
    ['bytes', () => BYTES],
    ['a Blob', () => new Blob([BYTES.slice()])],
    ['a source of the caller', () => watchedSource(BYTES).source],
  ])('give the same text, from %s', async (_, source) => {
    route = ranges(BYTES)
    await using model = await load(source(), { worker })
    expect(await storyOf(model)).toEqual(expected)
  })

  it('are the same model: a state of one can be restored in the other', async () => {
    await using inFile = await load(path, { worker })
    await using inMemory = await load(path, { worker, lookupTables: 'memory' })
    using session = inFile.createSession()
    await session.eval(PROMPT.slice(0, 20))
    using other = inMemory.createSession()
    await other.restore(await session.save())
    await Promise.all([session.eval([3]), other.eval([3])])
    expect(other.logits).toEqual(session.logits)
  })

  it('keep the source open until the model is disposed', async () => {
    const { source, state } = watchedSource(BYTES)
    const model = await load(source, { worker })
    expect(state.closed).toBe(0)
    await model.dispose()
    expect(state.closed).toBe(1)
  })

  it('that change in the file are an error of the call, which can be repeated', async () => {
    const changing = join(folder.path, `changing-${worker}.gguf`)
    await writeFile(changing, BYTES)
    await using model = await load(changing, { worker })
    using session = model.createSession()
    await session.eval([1, 2, 3])
    const overwrite = async (byte: number) => {
      const handle = await open(changing, 'r+')
      await handle.write(Uint8Array.of(byte), 0, 1, offsetOf(1234) + 8)
      await handle.close()
    }
    const before = BYTES[offsetOf(1234) + 8]
    await overwrite(before ^ 1)
    await expect(session.eval([1234])).rejects.toMatchObject({
      code: 'IO',
      message: `${changing}: tensor "second_embd.weight": row 1234 is not the one that was loaded: the file was changed`,
    })
    await overwrite(before)
    await session.eval([1234])
    await truncate(changing, offsetOf(700))
    await expect(session.eval([701])).rejects.toMatchObject({
      code: 'TRUNCATED',
      message: expect.stringContaining('"second_embd.weight": row 701 cannot be read'),
    })
    await writeFile(changing, BYTES)
    await session.eval([701])
    expect(session.ids).toEqual([1, 2, 3, 1234, 701])
  })

  it('that another file replaces on the server are an error that names the row', async () => {
    route = ranges(BYTES, { etag: '"a"' })
    await using model = await load(`${server.base}/model.gguf`, { worker, retries: 0 })
    using session = model.createSession()
    await session.eval([1, 2, 3])
    route = ranges(BYTES, { etag: '"b"' })
    await expect(session.eval([9])).rejects.toMatchObject({
      code: 'IO',
      message: expect.stringMatching(/"(token|second)_embd.weight": row 9 cannot be read: .*replaced/),
    })
    route = (_, response) => response.writeHead(404).end()
    await expect(session.eval([9])).rejects.toMatchObject({ code: 'NOT_FOUND' })
    route = ranges(BYTES, { etag: '"a"' })
    await session.eval([9])
  })

  it('cannot stay on a server without ranges', async () => {
    const url = `${server.base}/whole.gguf`
    await expect(load(url, { worker })).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      message: `${url}: tensor "token_embd.weight" cannot stay in the file, because the server does not support byte ranges`,
      hint: expect.stringContaining("lookupTables: 'memory'"),
    })
    await using model = await load(url, { worker, lookupTables: 'auto' })
    expect(await storyOf(model)).toEqual(expected)
  })
})

it('an aborted signal of the load does not end the reads of the model', async () => {
  const controller = new AbortController()
  await using model = await load(path, { signal: controller.signal })
  controller.abort()
  expect(await storyOf(model)).toEqual(expected)
})

/** A model whose tables are most of it, so that a limit can lie between. */
const LARGE = writeGguf(
  randomModel({
    ...twoTableOptions('F16'),
    shape: { ...twoTableOptions().shape, embed: 128, vocab: 20_000 },
  }),
)

describe('auto', () => {
  const loadWith = async (memoryLimit: number, options?: LoadOptions) => {
    const warnings: Warning[] = []
    const onWarning = (warning: Warning) => void warnings.push(warning)
    const model = await load(LARGE, { memoryLimit, lookupTables: 'auto', onWarning, ...options })
    return { model, warnings }
  }

  it('leaves in the file only what does not fit, and says so', async () => {
    const { memory } = await inspectModel(LARGE, { contextLength: 256, lookupTables: 'memory' })
    const all = memory!.modelBytes + memory!.sessionBytes + MIB
    const whole = await loadWith(all)
    expect(whole.warnings).toEqual([])
    const one = await loadWith(all - 2 * MIB)
    expect(one.warnings).toMatchObject([
      {
        code: 'TABLES_IN_FILE',
        message: expect.stringContaining('rows of "token_embd.weight" (4.9 MiB) are read from the file'),
        hint: expect.stringContaining("lookupTables: 'file'"),
      },
    ])
    const both = await loadWith(all - 7 * MIB)
    expect(both.warnings[0].message).toContain('"second_embd.weight" (4.9 MiB)')
    const stories = [whole, one, both].map(({ model }) => storyOf(model))
    expect(new Set((await Promise.all(stories)).map(String)).size).toBe(1)
    expect(both.model.memoryBytes).toBeLessThan(one.model.memoryBytes)
    for (const { model } of [whole, one, both]) await model.dispose()
  })

  it('says in a refusal what stays in the file, or could', async () => {
    await expect(loadWith(2 * MIB)).rejects.toMatchObject({
      code: 'OUT_OF_MEMORY',
      message: expect.stringMatching(
        /weights \d\.\d MiB, besides what stays in the file: "token_embd.weight" \(4.9 MiB\) and "second_embd.weight" \(4.9 MiB\)\)/,
      ),
    })
    await expect(loadWith(8 * MIB, { lookupTables: 'memory' })).rejects.toMatchObject({
      code: 'OUT_OF_MEMORY',
      hint: expect.stringContaining(`pass lookupTables: 'file' ("token_embd.weight" (4.9 MiB) and`),
    })
  })

  it('is what inspectModel foresees', async () => {
    const inspect = async (memoryLimit: number, lookupTables?: LoadOptions['lookupTables']) =>
      (await inspectModel(LARGE, { contextLength: 256, memoryLimit, lookupTables })).memory!
    const whole = await inspect(2 ** 32)
    expect(whole.tablesInFile).toEqual([])
    const limited = await inspect(whole.modelBytes - 3 * MIB)
    expect(limited.tablesInFile).toEqual([{ name: 'token_embd.weight', bytes: 20_000 * 256 }])
    expect(limited.longestContext).toBeGreaterThan(whole.contextLength)
    const inFile = await inspect(2 ** 32, 'file')
    expect(inFile.tablesInFile.map(({ name }) => name)).toEqual(TABLES)
    expect(whole.modelBytes - inFile.modelBytes).toBe(2 * (20_000 - 1024) * 256)
  })
})
