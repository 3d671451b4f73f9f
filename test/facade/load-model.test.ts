import { writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join, relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import { runInNewContext } from 'node:vm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { array, f32, i32, u32 } from '../../src/gguf/typed-value.js'
import { type LoadOptions, loadModel, loadTokenizer, type Model, type ModelSource } from '../../src/index.js'
import { platform } from '../../src/platform/node/platform.js'
import type { Warning } from '../../src/warnings.js'
import { smallModel, smallParts, VOCAB } from '../model/small.js'
import { idsOf } from '../session/collect.js'
import { temporaryFolder } from '../support/model-files.js'
import { spmVocabulary } from '../support/random-model/synthetic-vocabulary.js'
import { watchedSource } from './sources.js'

const BYTES = smallModel()
/** A copy in a buffer of its own. */
const BUFFER = BYTES.slice().buffer as ArrayBuffer

let folder: Awaited<ReturnType<typeof temporaryFolder>>
let path: string
let server: Server
let base: string
const requests: string[] = []

beforeAll(async () => {
  folder = await temporaryFolder()
  path = join(folder.path, 'a model.gguf')
  await writeFile(path, BYTES)
  server = createServer((request, response) => {
    const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '')
    requests.push(`${request.url} ${request.headers.range ?? 'whole'}`)
    if (request.url?.startsWith('/missing')) return response.writeHead(404).end()
    if (!range || request.url?.startsWith('/whole')) {
      return response.writeHead(200, { 'content-length': BYTES.length }).end(BYTES)
    }
    const [start, end] = [Number(range[1]), Math.min(Number(range[2]) + 1, BYTES.length)]
    response.writeHead(206, {
      'content-length': end - start,
      'content-range': `bytes ${start}-${end - 1}/${BYTES.length}`,
    })
    response.end(BYTES.subarray(start, end))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})

afterAll(async () => {
  server.closeAllConnections()
  server.close()
  await folder[Symbol.asyncDispose]()
})

/** The greedy continuation that any intact copy of the model gives. */
async function story(model: Model): Promise<readonly number[]> {
  using session = model.createSession()
  return await idsOf(session.generate('a model from anywhere', { maxTokens: 6 }))
}

function failure(code: string, message = '') {
  return expect.objectContaining({ name: 'DasllamaError', code, message: expect.stringContaining(message) })
}

async function expectRefused(source: unknown, code: string, message = '', options?: unknown): Promise<void> {
  await expect(loadModel(source as ModelSource, options as LoadOptions)).rejects.toEqual(
    failure(code, message),
  )
}

describe('a model is loaded from', () => {
  it.each<[string, () => ModelSource]>([
    ['a path', () => path],
    ['a relative path', () => relative(process.cwd(), path)],
    ['a file URL', () => pathToFileURL(path)],
    ['a file URL as text', () => pathToFileURL(path).href],
    ['a URL with ranges', () => `${base}/ranges.gguf`],
    ['a URL object', () => new URL(`${base}/ranges.gguf`)],
    ['a URL without ranges', () => `${base}/whole.gguf`],
    ['a Uint8Array', () => BYTES],
    ['a Buffer within a larger one', () => Buffer.concat([Buffer.from('xyz'), BYTES]).subarray(3)],
    ['an ArrayBuffer', () => BUFFER],
    ['a Blob', () => new Blob([BUFFER])],
    ['a File', () => new File([BUFFER], 'chosen.gguf')],
    ['a source of the caller', () => watchedSource(BYTES).source],
  ])('%s', async (_, source) => {
    const [model, expected] = [await loadModel(source()), await loadModel(BYTES)]
    expect(await story(model)).toEqual(await story(expected))
    const tokenizer = await loadTokenizer(source())
    expect(tokenizer.vocabSize).toBe(VOCAB)
  })

  it('a URL by its parts, where the server serves them', async () => {
    requests.length = 0
    await loadModel(`${base}/ranges.gguf?counted`)
    expect(requests.every((request) => request.includes('bytes='))).toBe(true)
    // The probe, the header, and all tensors in one go.
    expect(requests.length).toBeLessThan(5)
    requests.length = 0
    await loadModel(`${base}/whole.gguf?counted`)
    expect(requests).toHaveLength(1)
  })
})

describe('a model is not loaded from', () => {
  it.each<[string, unknown, string]>([
    ['null', null, 'null'],
    ['undefined', undefined, 'undefined'],
    ['a number', 7, 'from 7'],
    ['a boolean', true, 'from true'],
    ['a plain object', {}, 'from {}'],
    ['an array of bytes', [71, 71, 85, 70], 'from [71, 71, 85, 70]'],
    ['an object without a prototype', Object.create(null), 'from {}'],
    ['other typed arrays', new Float32Array(4), 'Float32Array'],
    ['a view', new DataView(new ArrayBuffer(8)), 'DataView'],
    ['a promise', Promise.resolve(BYTES), 'Promise'],
    ['a response', new Response('x'), 'Response'],
    ['a stream', new ReadableStream(), 'ReadableStream'],
    ['shared memory', new SharedArrayBuffer(8), 'SharedArrayBuffer'],
    ['half a source', { read() {} }, 'from { "read": a function }'],
    ['a source without a size', { ...watchedSource(BYTES).source, size: undefined }, 'from { "name"'],
    ['a source of negative size', { ...watchedSource(BYTES).source, size: -1 }, 'from { "name"'],
    ['an empty name', '', 'empty'],
    ['half an address', 'http://', 'http://'],
  ])('%s', async (_, source, message) => {
    await expectRefused(source, 'INVALID_ARGUMENT', message)
  })

  it('a file that is not there, a directory, nothing, or text', async () => {
    await expectRefused(join(folder.path, 'none.gguf'), 'NOT_FOUND', 'none.gguf')
    await expectRefused(folder.path, 'IO', 'is a directory')
    await expectRefused(new Uint8Array(0), 'BAD_FORMAT', 'it is empty')
    await expectRefused(new Blob([]), 'BAD_FORMAT', 'it is empty')
    const text = join(folder.path, 'text.gguf')
    await writeFile(text, 'Once upon a time there was a file that was none.\n'.repeat(20))
    await expectRefused(text, 'BAD_FORMAT', `${text}: not a model file: it looks like text`)
    await expectRefused(`${base}/missing.gguf`, 'NOT_FOUND', '/missing.gguf')
    await expectRefused('http://127.0.0.1:1/model.gguf', 'IO', '127.0.0.1:1')
  })

  it('a source whose reads fail, with its own error', async () => {
    const mine = new Error('disk on fire')
    const { source } = watchedSource(BYTES)
    const broken = { ...source, read: () => Promise.reject(mine) }
    await expect(loadModel(broken)).rejects.toBe(mine)
  })
})

describe('options of loadModel:', () => {
  it.each<[unknown, string]>([
    [{ contextLength: 0 }, 'contextLength'],
    [{ contextLength: 1.5 }, 'contextLength'],
    [{ contextLength: Number.NaN }, 'contextLength'],
    [{ contextLength: '512' }, 'contextLength'],
    [{ contextLength: null }, 'contextLength'],
    [{ memoryLimit: 0 }, 'memoryLimit'],
    [{ memoryLimit: -1 }, 'memoryLimit'],
    [{ memoryLimit: 2 ** 20 - 1 }, 'memoryLimit must be a whole number from 1048576 to 68719476736'],
    [{ memoryLimit: 2 ** 36 + 1 }, 'memoryLimit'],
    [{ memorySize: 2 ** 20 - 1 }, 'memorySize must be a whole number from 1048576 to 4294967296'],
    [{ memorySize: 2 ** 32 + 1 }, 'memorySize'],
    [{ memoryLimit: Number.POSITIVE_INFINITY }, 'memoryLimit'],
    [{ onProgress: 'log' }, 'onProgress must be a function'],
    [{ signal: 'now' }, 'signal must be an AbortSignal'],
    [{ signal: null }, 'signal must be an AbortSignal'],
    [{ tokenizer: 7 }, 'a model cannot be read from 7'],
    [null, 'options'],
    [5, 'options'],
  ])('%o', async (options, message) => {
    await expectRefused(BYTES, 'INVALID_ARGUMENT', message, options)
  })

  it('kernels as a module and as bytes, but not any bytes', async () => {
    const kernels = await platform.loadKernels()
    const expected = await story(await loadModel(BYTES))
    expect(await story(await loadModel(BYTES, { kernels }))).toEqual(expected)
    const ofAnotherRealm = runInNewContext('new WebAssembly.Module(kernels)', { kernels })
    expect(ofAnotherRealm).not.toBeInstanceOf(WebAssembly.Module)
    expect(await story(await loadModel(BYTES, { kernels: ofAnotherRealm, threads: 1 }))).toEqual(expected)
    await expectRefused(BYTES, 'UNSUPPORTED', 'kernels', { kernels: Uint8Array.of(0, 0x61, 0x73, 0x6d) })
    await expectRefused(BYTES, 'INVALID_ARGUMENT', 'kernels', { kernels: 'kernels.wasm' })
  })

  it('contextLength, which sessions have unless they ask for another', async () => {
    const model = await loadModel(BYTES, { contextLength: 33 })
    expect(model.contextLength).toBe(33)
    expect(model.createSession().contextLength).toBe(33)
    expect(model.createSession({ contextLength: 50 }).contextLength).toBe(50)
    expect((await loadModel(BYTES)).contextLength).toBe(256)
    const long = smallModel({ metadata: [['llama.context_length', u32(100_000)]] })
    expect((await loadModel(long)).contextLength).toBe(4096)
  })

  it('signal, which cancels at any read', async () => {
    const { source, state } = watchedSource(BYTES)
    await loadModel(source)
    const all = state.reads
    for (const after of [0, 1, 2, Math.floor(all / 2), all - 1]) {
      const controller = new AbortController()
      const watched = watchedSource(BYTES)
      const cancelling = {
        ...watched.source,
        async read(offset: number, target: Uint8Array, signal?: AbortSignal) {
          if (watched.state.reads === after) controller.abort('enough')
          await watched.source.read(offset, target, signal)
        },
      }
      await expect(loadModel(cancelling, { signal: controller.signal })).rejects.toBe('enough')
      expect(watched.state.reads).toBe(after + 1)
      expect(watched.state.closed).toBe(1)
    }
    const untouched = watchedSource(BYTES)
    await expect(loadModel(untouched.source, { signal: AbortSignal.abort('early') })).rejects.toBe('early')
    expect(untouched.state.reads).toBe(0)
  })

  it('onProgress, whose error ends the loading', async () => {
    const { source, state } = watchedSource(BYTES)
    const mine = new Error('cannot draw')
    const loading = loadModel(source, {
      onProgress: () => {
        throw mine
      },
    })
    await expect(loading).rejects.toBe(mine)
    expect(state.closed).toBe(1)
  })
})

describe('sources are closed', () => {
  it.each<[string, Uint8Array, LoadOptions, boolean]>([
    ['after loading', BYTES, {}, true],
    ['when the file is none', new TextEncoder().encode('not a model at all, and long enough'), {}, false],
    ['when it is cut', BYTES.subarray(0, 5000), {}, false],
    ['when its model is not supported', smallModel({ architecture: 'rwkv7' }), {}, false],
    ['when memory is short', BYTES, { memoryLimit: 2 ** 20 }, false],
    ['when the kernels are none', BYTES, { kernels: new Uint8Array(8) }, false],
  ])('%s', async (_, bytes, options, loads) => {
    const { source, state } = watchedSource(bytes)
    const outcome = await loadModel(source, options).then(
      () => true,
      (error) => {
        expect(error).toEqual(expect.objectContaining({ name: 'DasllamaError' }))
        return false
      },
    )
    expect(outcome).toBe(loads)
    expect(state.closed).toBe(1)
    expect(state.reads).toBeGreaterThan(0)
  })

  it('the tokenizer’s too, used or not', async () => {
    for (const bytes of [BYTES, new Uint8Array(40)]) {
      const [model, tokenizer] = [watchedSource(bytes), watchedSource(new Uint8Array(10))]
      await loadModel(model.source, { tokenizer: tokenizer.source }).catch(() => undefined)
      expect([model.state.closed, tokenizer.state.closed]).toEqual([1, 1])
    }
  })

  it('and the model’s where the tokenizer’s cannot be opened', async () => {
    const { source, state } = watchedSource(BYTES)
    await expect(loadModel(source, { tokenizer: 'no/such/tokenizer.bin' })).rejects.toEqual(
      failure('NOT_FOUND'),
    )
    expect(state.closed).toBe(1)
  })
})

describe('a vocabulary that does not fit the weights', () => {
  it.each([
    ['more tokens than the embedding has rows', VOCAB + 1],
    ['fewer', VOCAB - 1],
  ])('%s', async (_, tokens) => {
    const vocabulary = spmVocabulary(tokens)
    await expectRefused(
      smallModel({ metadata: vocabulary }),
      'BAD_FORMAT',
      `the tokenizer has ${tokens} tokens, but the model ${VOCAB}`,
    )
  })

  it('but ids of special tokens are taken for absent, with a warning', async () => {
    const bytes = smallModel({ metadata: [['tokenizer.ggml.bos_token_id', u32(VOCAB)]] })
    const warnings: Warning[] = []
    const model = await loadModel(bytes, { onWarning: (warning) => warnings.push(warning) })
    expect(model.tokenizer.bosId).toBe(1)
    expect(warnings).toMatchObject([
      {
        code: 'METADATA_IGNORED',
        message: expect.stringMatching(/bos_token_id is \d+, outside .*; 1 is used instead/),
      },
    ])
  })
})

describe('metadata of a kind that nobody expects', () => {
  it.each([
    ['llama.attention.head_count', f32(Number.NaN)],
    ['llama.block_count', i32(-2)],
    ['llama.rope.freq_base', f32(Number.POSITIVE_INFINITY)],
    ['llama.attention.head_count_kv', array('i32', [])],
    ['tokenizer.ggml.tokens', u32(5)],
  ] as const)('%s', async (key, value) => {
    const parts = smallParts({ metadata: [[key, value]] })
    expect(new Map(parts.metadata).get(key)).toEqual(value)
    await expectRefused(smallModel({ metadata: [[key, value]] }), 'BAD_FORMAT', key)
  })
})
