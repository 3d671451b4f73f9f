/** What the Worker of examples/cloudflare-worker reads its model from, with bindings in memory. */
import { execFile } from 'node:child_process'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { type ByteSource, type DasllamaError, loadModel } from 'dasllama'
import { build } from 'esbuild'
import { describe, expect, it } from 'vitest'
import { u16, u32 } from '../../src/gguf/typed-value.js'
import { writeGguf } from '../../src/gguf/writer.js'
import { smallModel, smallParts } from '../model/small.js'
import { TINY_STORIES, temporaryFolder } from '../support/model-files.js'

const EXAMPLE = fileURLToPath(new URL('../../examples/cloudflare-worker/', import.meta.url))
const BUNDLE = fileURLToPath(new URL('../../.cache/examples/worker-sources.mjs', import.meta.url))
const SPLIT = `${EXAMPLE}scripts/split.mjs`
const NAME = 'small.gguf'
const MODEL = smallModel()

type Get = (name: string) => Promise<ArrayBuffer | null>

/** The part of R2 that the Worker uses. */
interface Bucket {
  head(key: string): Promise<{ size: number; etag: string } | null>
  get(
    key: string,
    options: { range: { offset: number; length: number }; onlyIf: { etagMatches: string } },
  ): Promise<{ body?: ReadableStream<Uint8Array> } | null>
}

interface Sources {
  openPieces(name: string, get: Get): Promise<ByteSource>
  openObject(bucket: Bucket, key: string): Promise<ByteSource>
  openModelFile(bindings: { MODEL: string }): Promise<ByteSource>
}

/** The Worker's modules, in a place where the package is found. */
async function bundled(): Promise<Sources> {
  const modules = ['model-source', 'pieces', 'r2']
  const contents = modules.map((name) => `export * from './${name}.ts'`).join('\n')
  await build({
    ...{ stdin: { contents, resolveDir: `${EXAMPLE}src` }, outfile: BUNDLE, packages: 'external' },
    ...{ bundle: true, format: 'esm', logLevel: 'warning' },
  })
  return import(BUNDLE)
}

const { openPieces, openObject, openModelFile } = await bundled()

/** The files that scripts/split.mjs writes for some models. */
async function split(
  models: Readonly<Record<string, Uint8Array>>,
  mebibytes: number,
): Promise<Map<string, Uint8Array<ArrayBuffer>>> {
  await using folder = await temporaryFolder()
  const out = join(folder.path, 'models')
  for (const [name, bytes] of Object.entries(models)) {
    await writeFile(join(folder.path, name), bytes)
    const args = [SPLIT, join(folder.path, name), '--out', out, '--mebibytes', String(mebibytes)]
    await promisify(execFile)(process.execPath, args)
  }
  const names = await readdir(out)
  return new Map(
    await Promise.all(
      names.map(async (name) => [name, new Uint8Array(await readFile(join(out, name)))] as const),
    ),
  )
}

/** Two files of a split model. */
function parts(): Record<string, Uint8Array> {
  const { metadata, tensors } = smallParts()
  const half = tensors.length >> 1
  const part = (no: number, own: typeof tensors) =>
    writeGguf({
      metadata: [
        ...metadata,
        ['split.no', u16(no)],
        ['split.count', u16(2)],
        ['split.tensors.count', u32(tensors.length)],
      ],
      tensors: own,
    })
  return {
    'small-00001-of-00002.gguf': part(0, tensors.slice(0, half)),
    'small-00002-of-00002.gguf': part(1, tensors.slice(half)),
  }
}

async function story(source: ByteSource | Uint8Array): Promise<readonly number[]> {
  await using model = await loadModel(source, { threads: 1, kernels: 'baseline' })
  const { ids } = await model.createSession().generate('abc', { maxTokens: 8 }).result()
  return ids
}

async function failure(promise: Promise<unknown>): Promise<DasllamaError> {
  const error = await promise.then(
    () => undefined,
    (error) => error,
  )
  expect(error?.name).toBe('DasllamaError')
  return error
}

/** A bucket of R2 with what the Worker uses of it; bodies arrive in chunks of an odd size. */
function bucket(files: Readonly<Record<string, Uint8Array>>): Bucket & { replace(key: string): void } {
  const versions = new Map<string, number>()
  const etagOf = (key: string) => `${key}-${versions.get(key) ?? 0}`
  return {
    replace: (key) => versions.set(key, (versions.get(key) ?? 0) + 1),
    head: async (key) => (files[key] ? { size: files[key].length, etag: etagOf(key) } : null),
    async get(key, { range: { offset, length }, onlyIf }) {
      if (!files[key]) return null
      if (onlyIf.etagMatches !== etagOf(key)) return {}
      const bytes = files[key].subarray(offset, offset + length)
      const body = new ReadableStream<Uint8Array>({
        start(controller) {
          for (let at = 0; at < length; at += 1000) controller.enqueue(bytes.subarray(at, at + 1000))
          controller.close()
        },
      })
      return { body }
    },
  }
}

describe('pieces of a model', () => {
  it('are read once each, one at a time, and give the same ids', async () => {
    const model = new Uint8Array(await readFile(TINY_STORIES))
    const files = await split({ [NAME]: model }, 0.25)
    const requests: string[] = []
    let inFlight = 0
    const source = await openPieces(NAME, async (name) => {
      requests.push(name)
      inFlight++
      expect(inFlight).toBe(1)
      await new Promise(setImmediate)
      inFlight--
      return files.get(name)?.buffer ?? null
    })
    expect(source.size).toBe(model.length)
    expect(await story(source)).toEqual(await story(model))
    const { pieces, pieceBytes } = manifestOf(files)
    expect(pieces.length).toBe(12)
    expect(requests[0]).toBe(`${NAME}.json`)
    for (const [index, piece] of pieces.entries()) {
      const times = requests.filter((name) => name === piece).length
      // The header is read before the weights, in a piece of one mebibyte.
      expect(times, piece).toBeLessThanOrEqual(index * pieceBytes < 2 ** 20 ? 2 : 1)
      expect(times, piece).toBeGreaterThan(0)
    }
  })

  it('work for each part of a split model', async () => {
    const files = await split(parts(), 0.05)
    const source = await openPieces(
      'small-00001-of-00002.gguf',
      async (name) => files.get(name)?.buffer ?? null,
    )
    expect(await story(source)).toEqual(await story(MODEL))
  })

  it.each([
    {
      why: 'the manifest is missing',
      change: (files) => files.delete(`${NAME}.json`),
      code: 'NOT_FOUND',
      text: /small\.gguf\.json is missing/,
    },
    {
      why: 'the manifest is not JSON',
      change: (files) => files.set(`${NAME}.json`, bytes('<html>')),
      code: 'BAD_FORMAT',
      text: /does not describe/,
    },
    {
      why: 'the manifest is null',
      change: (files) => files.set(`${NAME}.json`, bytes('null')),
      code: 'BAD_FORMAT',
      text: /does not describe/,
    },
    {
      why: 'the manifest has too few pieces',
      change: (files) => files.set(`${NAME}.json`, bytes('{"size":100,"pieceBytes":10,"pieces":["a"]}')),
      code: 'BAD_FORMAT',
      text: /does not describe/,
    },
    {
      why: 'a piece is missing',
      change: (files) => files.delete(lastPiece(files)),
      code: 'NOT_FOUND',
      text: /piece \d+ of \d+, small\.gguf\.\w+, is missing/,
    },
    {
      why: 'a piece is too short',
      change: (files) => files.set(lastPiece(files), bytes('x')),
      code: 'TRUNCATED',
      text: /has 1 bytes instead of/,
    },
  ] satisfies {
    why: string
    change: (files: Map<string, Uint8Array<ArrayBuffer>>) => void
    code: string
    text: RegExp
  }[])('are refused if $why', async ({ change, code, text }) => {
    const files = await split({ [NAME]: MODEL }, 0.02)
    change(files)
    const open = openPieces(NAME, async (name) => files.get(name)?.buffer ?? null)
    const error = await failure(open.then(story))
    expect(error.code).toBe(code)
    expect(error.message).toMatch(text)
  })

  it('are as large as static assets and KV allow, at most', async () => {
    const result = promisify(execFile)(process.execPath, [SPLIT, 'any.gguf', '--mebibytes', '26'])
    await expect(result).rejects.toMatchObject({ code: 2, stderr: expect.stringContaining('at most 25') })
  })
})

describe('an object of a bucket', () => {
  it('gives the same ids, also as parts of a split model', async () => {
    const expected = await story(MODEL)
    expect(await story(await openObject(bucket({ [NAME]: MODEL }), NAME))).toEqual(expected)
    const folder = Object.fromEntries(Object.entries(parts()).map(([name, bytes]) => [`a/${name}`, bytes]))
    expect(await story(await openObject(bucket(folder), 'a/small-00001-of-00002.gguf'))).toEqual(expected)
  })

  it('is refused if it is missing, or replaced while it is read', async () => {
    expect((await failure(openObject(bucket({}), NAME))).code).toBe('NOT_FOUND')
    const replaced = bucket({ [NAME]: MODEL })
    const source = await openObject(replaced, NAME)
    replaced.replace(NAME)
    expect(await failure(story(source))).toMatchObject({
      code: 'IO',
      message: expect.stringMatching(/replaced/),
    })
  })
})

it('a Worker without a binding says so', async () => {
  const error = await failure(openModelFile({ MODEL: NAME }))
  expect(error.hint).toMatch(/bind ASSETS, MODELS_KV or MODELS_R2/)
})

function bytes(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text)
}

function manifestOf(files: ReadonlyMap<string, Uint8Array>): { pieces: string[]; pieceBytes: number } {
  return JSON.parse(new TextDecoder().decode(files.get(`${NAME}.json`)))
}

function lastPiece(files: ReadonlyMap<string, Uint8Array>): string {
  return manifestOf(files).pieces.at(-1)!
}
