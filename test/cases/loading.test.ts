import { describe, expect, it } from 'vitest'
import type { MetadataValue } from '../../src/gguf/metadata.js'
import type { TypedValue } from '../../src/gguf/typed-value.js'
import { array, bool, f32, i32, str, u32 } from '../../src/gguf/typed-value.js'
import { DasllamaError, type ErrorCode, loadModel, loadTokenizer, type OpenOptions } from '../../src/index.js'
import { openUrl } from '../../src/storage/url.js'
import { createTokenizer } from '../../src/tokenizer/create.js'
import type { Tokenizer } from '../../src/tokenizer/tokenizer.js'
import type { Warning } from '../../src/warnings.js'
import { smallModel, VOCAB } from '../model/small.js'
import {
  askedFor,
  cutAfter,
  type Handler,
  inTurn,
  ranges,
  redirect,
  serve,
  status,
} from '../support/http-server.js'
import { bytePairKeys, tokenizerMetadata } from '../tokenizer/small-vocabularies.js'
import { testKind } from './kind.js'

const MODEL = smallModel()
const HEADER_WITH_TAG = { etag: '"one"' }

/** Loads `/model` from a server of these routes; resolves to the requests by path, or the error's code. */
async function load(
  routes: Readonly<Record<string, Handler>>,
  options: OpenOptions = {},
): Promise<{ outcome: 'loaded' | ErrorCode; message: string; counts: Record<string, number> }> {
  await using server = await serve(routes)
  let outcome: 'loaded' | ErrorCode = 'loaded'
  let message = ''
  try {
    const model = await loadModel(`${server.base}/model`, { threads: 1, ...options })
    model.dispose()
  } catch (error) {
    if (!(error instanceof DasllamaError)) throw error
    outcome = error.code
    message = error.message
  }
  const counts: Record<string, number> = {}
  for (const { path } of server.requests) counts[path] = (counts[path] ?? 0) + 1
  return { outcome, message, counts }
}

interface RedirectCase {
  readonly what: string
  readonly routes: Record<string, Handler>
  readonly expected: Record<string, number>
}

/** A model is three requests: the probe, the header, all tensors. */
const REDIRECTS: RedirectCase[] = [
  ...[301, 302, 303, 307, 308].map((code) => ({
    what: `a redirect of ${code} is followed once`,
    routes: { '/model': redirect('/file', code), '/file': ranges(MODEL) },
    expected: { '/model': 1, '/file': 3 },
  })),
  {
    what: 'a chain of redirects is followed once',
    routes: { '/model': redirect('/b'), '/b': redirect('/c'), '/c': ranges(MODEL) },
    expected: { '/model': 1, '/b': 1, '/c': 3 },
  },
  ...[401, 403, 404, 410].map((code) => ({
    what: `an expired address (${code}) is resolved again`,
    routes: {
      '/model': inTurn(redirect('/one'), redirect('/two')),
      '/one': inTurn(ranges(MODEL), ranges(MODEL), status(code)),
      '/two': ranges(MODEL),
    },
    expected: { '/model': 2, '/one': 3, '/two': 1 },
  })),
  {
    what: 'an address that is valid for one request only is not kept',
    routes: {
      '/model': inTurn(...['/1', '/2', '/3'].map((path) => redirect(path))),
      ...Object.fromEntries(['/1', '/2', '/3'].map((path) => [path, inTurn(ranges(MODEL), status(403))])),
    },
    expected: { '/model': 3, '/1': 2, '/2': 1, '/3': 1 },
  },
  {
    what: 'an overloaded address is abandoned for the first one',
    routes: {
      '/model': inTurn(redirect('/one'), redirect('/two')),
      '/one': inTurn(ranges(MODEL), status(503)),
      '/two': ranges(MODEL),
    },
    expected: { '/model': 2, '/one': 2, '/two': 2 },
  },
  {
    what: 'without ranges there is only one request',
    routes: { '/model': redirect('/file'), '/file': (_, response) => void response.end(MODEL) },
    expected: { '/model': 1, '/file': 1 },
  },
]

describe('requests', () => {
  testKind('redirects', REDIRECTS, async ({ routes, expected }) => {
    const { outcome, message, counts } = await load(routes)
    expect([outcome, message, counts]).toEqual(['loaded', '', expected])
  })
})

interface FailureCase {
  readonly what: string
  readonly model: Handler
  readonly options?: OpenOptions
  readonly outcome: 'loaded' | ErrorCode
  readonly requests: number
}

const cut = (count: number) => cutAfter(MODEL, count, HEADER_WITH_TAG)
const good = ranges(MODEL, HEADER_WITH_TAG)
const silent: Handler = () => {}
const BRIEF: OpenOptions = { stallTimeout: 150, retries: 1 }

/** One byte at a time, slowly. */
const dripping: Handler = (request, response) => {
  const { start, end } = askedFor(request, MODEL.length)
  response.writeHead(206, { 'content-range': `bytes ${start}-${end - 1}/${MODEL.length}` })
  let at = start
  const timer = setInterval(() => response.write(MODEL.subarray(at++, at)), 20)
  response.on('close', () => clearInterval(timer))
}

const FAILURES: FailureCase[] = [
  ...[408, 429, 500, 502, 503, 504].map((code) => ({
    what: `${code} at first`,
    model: inTurn(status(code), good),
    outcome: 'loaded' as const,
    requests: 4,
  })),
  ...[408, 429, 500, 502, 503, 504].map((code) => ({
    what: `${code} in the middle`,
    model: inTurn(good, status(code), good),
    outcome: 'loaded' as const,
    requests: 4,
  })),
  ...[400, 401, 403, 405, 451, 501].map((code) => ({
    what: `${code}, again after a retry`,
    model: status(code),
    outcome: 'IO' as const,
    requests: 1,
  })),
  { what: 'nothing there', model: status(404), outcome: 'NOT_FOUND', requests: 1 },
  { what: 'gone in the middle', model: inTurn(good, status(410)), outcome: 'NOT_FOUND', requests: 2 },
  {
    what: '503 with a moment to wait',
    model: inTurn(status(503, { 'retry-after': '0' }), good),
    outcome: 'loaded',
    requests: 4,
  },
  {
    what: '429 with a date that has passed',
    model: inTurn(status(429, { 'retry-after': 'Wed, 21 Oct 2015 07:28:00 GMT' }), good),
    outcome: 'loaded',
    requests: 4,
  },
  {
    what: '503 with an invalid time',
    model: inTurn(status(503, { 'retry-after': 'soon' }), good),
    outcome: 'loaded',
    requests: 4,
  },
  { what: '503 for ever', model: status(503), options: { retries: 2 }, outcome: 'IO', requests: 3 },
  { what: '503 and no retries', model: status(503), options: { retries: 0 }, outcome: 'IO', requests: 1 },
  {
    what: 'a connection cut before the head',
    model: inTurn((request) => request.socket.destroy(), good),
    outcome: 'loaded',
    requests: 4,
  },
  { what: 'a body cut in the header', model: inTurn(good, cut(1000), good), outcome: 'loaded', requests: 4 },
  {
    what: 'a body cut at its first byte',
    model: inTurn(good, good, cut(0), cut(1), good),
    outcome: 'loaded',
    requests: 5,
  },
  {
    what: 'bodies cut again and again',
    model: inTurn(good, cut(70_000), cut(70_000), cut(70_000), good),
    outcome: 'loaded',
    requests: 6,
  },
  { what: 'bodies that are always cut', model: cut(10), options: { retries: 2 }, outcome: 'IO', requests: 4 },
  {
    what: 'silence, then an answer',
    model: inTurn(silent, good),
    options: BRIEF,
    outcome: 'loaded',
    requests: 4,
  },
  { what: 'endless silence', model: silent, options: BRIEF, outcome: 'IO', requests: 2 },
  {
    what: 'a head, then silence',
    model: inTurn(
      good,
      (_, response) =>
        void response
          .writeHead(206, {
            'content-range': `bytes 0-${MODEL.length - 1}/${MODEL.length}`,
          })
          .flushHeaders(),
    ),
    options: BRIEF,
    outcome: 'IO',
    requests: 3,
  },
  { what: 'a drip', model: inTurn(good, dripping), options: BRIEF, outcome: 'IO', requests: 3 },
  {
    what: 'another file by its tag',
    model: inTurn(good, ranges(MODEL, { etag: '"two"' })),
    outcome: 'IO',
    requests: 2,
  },
  {
    what: 'a tag that became weak',
    model: inTurn(good, ranges(MODEL, { etag: 'W/"one"' })),
    outcome: 'loaded',
    requests: 3,
  },
  {
    what: 'another file by its date',
    model: inTurn(
      ranges(MODEL, { 'last-modified': 'Wed, 21 Oct 2015 07:28:00 GMT' }),
      ranges(MODEL, { 'last-modified': 'Wed, 21 Oct 2015 07:28:01 GMT' }),
    ),
    outcome: 'IO',
    requests: 2,
  },
  {
    what: 'another file by its length',
    model: inTurn(ranges(MODEL), ranges(MODEL.subarray(0, -1))),
    outcome: 'IO',
    requests: 2,
  },
  {
    what: 'another file in the middle of a body',
    model: inTurn(good, good, cut(5000), ranges(MODEL, { etag: '"two"' })),
    outcome: 'IO',
    requests: 4,
  },
  {
    what: 'the whole file, another one, in place of a range',
    model: inTurn(good, (_, response) => void response.writeHead(200, { etag: '"two"' }).end(MODEL)),
    outcome: 'IO',
    requests: 2,
  },
  {
    what: 'the whole file in place of a range',
    model: inTurn(good, (_, response) => void response.writeHead(200, HEADER_WITH_TAG).end(MODEL)),
    outcome: 'IO',
    requests: 2,
  },
  {
    what: 'a range other than the requested one',
    model: inTurn(
      good,
      (_, response) =>
        void response
          .writeHead(206, {
            'content-range': `bytes 5-104/${MODEL.length}`,
          })
          .end(MODEL.subarray(5, 105)),
    ),
    outcome: 'IO',
    requests: 2,
  },
  {
    what: 'a range that is compressed',
    model: inTurn(good, ranges(MODEL, { 'content-encoding': 'br' })),
    outcome: 'IO',
    requests: 2,
  },
  {
    what: 'a body longer than requested',
    model: inTurn(good, (request, response) => {
      const { start, end } = askedFor(request, MODEL.length)
      response.writeHead(206, { 'content-range': `bytes ${start}-${end - 1}/${MODEL.length}` })
      response.end(Buffer.concat([MODEL.subarray(start, end), MODEL]))
    }),
    outcome: 'loaded',
    requests: 3,
  },
  {
    what: 'ranges shorter than requested',
    model: (request, response) => {
      const { start, end } = askedFor(request, MODEL.length)
      const last = Math.min(end, start + 200_000)
      ranges(MODEL)(Object.assign(request, { headers: { range: `bytes=${start}-${last - 1}` } }), response)
    },
    outcome: 'loaded',
    // The probe, a header of a mebibyte in six, the tensors in four.
    requests: 11,
  },
  {
    what: 'a web page instead of the file',
    model: (_, response) => void response.end('<!doctype html>'),
    outcome: 'BAD_FORMAT',
    requests: 1,
  },
  { what: 'a redirect to itself', model: redirect('/model'), outcome: 'IO', requests: 21 },
]

describe('failures', () => {
  testKind('servers that fail', FAILURES, async ({ model, options, outcome, requests }) => {
    const result = await load({ '/model': model }, options)
    expect([result.outcome, result.counts['/model']], result.message).toEqual([outcome, requests])
  })
})

interface IdCase {
  readonly what: string
  readonly keys: Record<string, TypedValue>
  /** BOS, EOS, and how many warnings. */
  readonly expected: readonly [bos: number | undefined, eos: number | undefined, warnings: number]
}

const named = (key: string, id: number) => ({ [`tokenizer.ggml.${key}_token_id`]: u32(id) })
const ROLES = [
  'eot',
  'eom',
  'fim_pre',
  'fim_suf',
  'fim_mid',
  'fim_pad',
  'fim_rep',
  'fim_sep',
  'prefix',
  'suffix',
  'middle',
  'unknown',
]

const SPECIAL_IDS: IdCase[] = [
  { what: 'ids that are tokens', keys: { ...named('bos', 5), ...named('eos', 6) }, expected: [5, 6, 0] },
  { what: 'BOS just outside', keys: named('bos', VOCAB), expected: [1, 2, 1] },
  { what: 'BOS far outside', keys: named('bos', VOCAB + 5), expected: [1, 2, 1] },
  { what: 'EOS as -1 in 32 bits', keys: named('eos', 0xffffffff), expected: [1, 2, 1] },
  { what: 'both', keys: { ...named('bos', 99_999), ...named('eos', 99_999) }, expected: [1, 2, 2] },
  ...[...ROLES, 'seperator'].map((role) => ({
    what: `${role} outside`,
    keys: named(role, 0xffffffff),
    expected: [1, 2, 1] as const,
  })),
  ...['padding', 'mask'].map((role) => ({
    what: `${role}, which is not used, outside`,
    keys: named(role, 0xffffffff),
    expected: [1, 2, 0] as const,
  })),
  {
    what: 'scores and types beyond the last token',
    keys: {
      'tokenizer.ggml.scores': array('f32', new Float32Array(VOCAB + 3)),
      'tokenizer.ggml.token_type': array('i32', new Int32Array(VOCAB + 1).fill(1)),
    },
    expected: [1, 2, 2],
  },
]

/** Byte-level BPE, for which llama.cpp uses token 11 as BOS and EOS by default. */
const BYTE_LEVEL: (Omit<IdCase, 'keys'> & { readonly keys: Record<string, MetadataValue> })[] = [
  { what: 'nothing named', keys: {}, expected: [undefined, undefined, 0] },
  { what: 'BOS outside', keys: { bos_token_id: 256 }, expected: [11, undefined, 1] },
  { what: 'EOS outside', keys: { eos_token_id: 0xffffffff }, expected: [undefined, 11, 1] },
  {
    what: 'BOS asked for and not named',
    keys: { add_bos_token: true },
    expected: [11, undefined, 1],
  },
  {
    what: 'EOS asked for and not named',
    keys: { add_eos_token: true },
    expected: [undefined, 11, 1],
  },
  {
    what: 'merges that make no token',
    keys: { merges: ['z z', 'no-space', 'q qq'] },
    expected: [undefined, undefined, 1],
  },
]

async function tokenizerOf(keys: Record<string, TypedValue>) {
  const warnings: Warning[] = []
  const bytes = smallModel({ metadata: Object.entries(keys) })
  const tokenizer = await loadTokenizer(bytes, { onWarning: (warning) => warnings.push(warning) })
  return { tokenizer, warnings }
}

function expectIds(
  { expected }: Pick<IdCase, 'expected'>,
  { tokenizer, warnings }: { tokenizer: Tokenizer; warnings: readonly Warning[] },
): void {
  expect([tokenizer.bosId, tokenizer.eosId, warnings.length]).toEqual(expected)
  for (const { code, message } of warnings) {
    expect(code).toBe('METADATA_IGNORED')
    expect(message).toContain('tokenizer.ggml.')
  }
  expect(tokenizer.encode('a').length).toBeGreaterThan(0)
}

describe('special ids', () => {
  testKind('special ids of SentencePiece', SPECIAL_IDS, async (input) =>
    expectIds(input, await tokenizerOf(input.keys)),
  )

  testKind('special ids of byte-level BPE', BYTE_LEVEL, (input) => {
    const warnings: Warning[] = []
    const keys = { ...bytePairKeys(), ...input.keys }
    const tokenizer = createTokenizer(tokenizerMetadata(keys), (warning) => warnings.push(warning))
    expectIds(input, { tokenizer, warnings })
    if (input.keys.add_bos_token) expect(tokenizer.encode('a')).toEqual([11, 97])
    if (input.keys.add_eos_token) expect(tokenizer.encode('a')).toEqual([97, 11])
  })

  testKind(
    'merges of texts that are not tokens, as in llama.cpp',
    [
      // 'b' is not a token of this vocabulary, but 'ab' is.
      { text: 'ab', ids: [256] },
      // 'xy' is not a token: it is split again.
      { text: 'xy', ids: [120, 121] },
      // 'xyz' is a token, merged from 'xy', which is not.
      { text: 'xyz', ids: [257] },
      { text: 'b', ids: [] },
    ],
    ({ text, ids }) => {
      const keys = bytePairKeys(['a b', 'xy z'])
      keys.tokens[98] = 'not b'
      const merges = ['a b', 'x y', 'xy z', 'no-space']
      const tokenizer = createTokenizer(tokenizerMetadata({ ...keys, merges }))
      expect(tokenizer.encode(text)).toEqual(ids)
    },
  )

  testKind(
    'values that are not ids',
    [
      { key: 'bos', value: i32(-1) },
      { key: 'eos', value: f32(1.5) },
      { key: 'eot', value: str('2') },
      { key: 'unknown', value: bool(true) },
    ],
    async ({ key, value }) => {
      const keys = { [`tokenizer.ggml.${key}_token_id`]: value as TypedValue }
      await expect(tokenizerOf(keys)).rejects.toMatchObject({ code: 'BAD_FORMAT' })
    },
  )
})

describe('the options of a fetch', () => {
  it('are used for every request, and credentials are sent to the original origin only', async () => {
    const seen: [string, string | undefined, string | undefined][] = []
    const note =
      (name: string, handler: Handler): Handler =>
      (request, response) => {
        seen.push([name, request.headers.authorization, request.headers['x-mine'] as string | undefined])
        handler(request, response)
      }
    await using other = await serve({ '/file': note('other', ranges(MODEL)) })
    await using server = await serve({
      '/model': note('first', redirect(`${other.base}/file`)),
      '/same': note('same', redirect('/file')),
      '/file': note('file', ranges(MODEL)),
    })
    let calls = 0
    const options: OpenOptions = {
      headers: { Authorization: 'Bearer x', 'X-Mine': 'y' },
      fetch: (input, init) => {
        calls++
        return fetch(input, init)
      },
    }
    await loadTokenizer(`${server.base}/model`, options)
    await loadTokenizer(`${server.base}/same`, options)
    expect(calls).toBe(4)
    expect(seen).toEqual([
      ['first', 'Bearer x', 'y'],
      ['other', undefined, 'y'],
      ['other', undefined, 'y'],
      ['same', 'Bearer x', 'y'],
      ['file', 'Bearer x', 'y'],
      ['file', 'Bearer x', 'y'],
    ])
  })

  testKind<[string, unknown]>(
    'invalid options',
    [
      ['headers', 'x'],
      ['headers', null],
      ['headers', { 'a b': 'c' }],
      ['headers', { a: 'b\nc: d' }],
      ['fetch', {}],
      ['retries', -1],
      ['retries', 101],
      ['retries', 1.5],
      ['stallTimeout', 0],
      ['stallTimeout', Number.POSITIVE_INFINITY],
      ['onWarning', 'x'],
    ],
    async ([name, value]) => {
      await expect(
        loadTokenizer('http://127.0.0.1:1/x', { [name]: value } as OpenOptions),
      ).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', message: expect.stringContaining(name) })
    },
  )

  it('may be a fetch that does not listen to its signal', async () => {
    const reason = new Error('enough')
    const deaf = (() => new Promise(() => {})) as typeof fetch
    const controller = new AbortController()
    const opening = openUrl('http://127.0.0.1:1/x', { fetch: deaf, signal: controller.signal })
    setTimeout(() => controller.abort(reason), 10)
    await expect(opening).rejects.toBe(reason)
  })
})
