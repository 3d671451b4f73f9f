import { describe, expect, it } from 'vitest'
import { LineError } from '../../src/batch/line-error.js'
import { MAX_LINE_BYTES, readLines } from '../../src/batch/lines.js'
import { customIdOf, readRequest } from '../../src/batch/request.js'
import { isSuccess, resultLine } from '../../src/batch/result.js'

const LINE = { custom_id: 'a', method: 'POST', url: '/v1/completions', body: { prompt: 'x' } }

describe('a line of a batch file', () => {
  it('is a request', () => {
    expect(readRequest(` ${JSON.stringify(LINE)}\r`)).toEqual({
      customId: 'a',
      url: '/v1/completions',
      body: '{"prompt":"x"}',
    })
    expect(readRequest(JSON.stringify({ ...LINE, method: undefined })).customId).toBe('a')
  })

  it.each([
    ['{"custom_id": "a"', 'invalid_json', /not valid JSON/],
    ['7', 'invalid_json', /must be an object, not 7/],
    ['null', 'invalid_json', /must be an object/],
    [{ ...LINE, custom_id: undefined }, 'invalid_request', /custom_id must be a string/],
    [{ ...LINE, custom_id: '' }, 'invalid_request', /custom_id/],
    [{ ...LINE, custom_id: 'x'.repeat(513) }, 'invalid_request', /1 to 512 characters/],
    [{ ...LINE, method: 'GET' }, 'invalid_request', /method must be "POST", not "GET"/],
    [{ ...LINE, url: 'http://elsewhere/v1/completions' }, 'invalid_url', /must be one of/],
    [{ ...LINE, url: '/v1/models' }, 'invalid_url', /not "\/v1\/models"/],
    [{ ...LINE, body: 'x' }, 'invalid_request', /body must be an object, not "x"/],
    [{ ...LINE, body: [] }, 'invalid_request', /body must be an object/],
    [{ ...LINE, body: { stream: true } }, 'invalid_request', /stream/],
    [{ ...LINE, customid: 'b' }, 'invalid_request', /no field "customid"/],
  ])('is refused: %j', (line, code, message) => {
    const read = () => readRequest(typeof line === 'string' ? line : JSON.stringify(line))
    expect(read).toThrow(LineError)
    expect(read).toThrow(message)
    expect(read).toThrow(expect.objectContaining({ code }))
  })

  it('with a million levels is an error of the line, not of the program', () => {
    const deep = `{"custom_id":"a","url":"/v1/completions","body":{"a":${'['.repeat(1e6)}${']'.repeat(1e6)}}}`
    expect(() => readRequest(deep)).toThrow(LineError)
  })

  it('has its custom_id in its result, if it has one', () => {
    expect(customIdOf('{"custom_id": "a", "url": 7}')).toBe('a')
    for (const line of ['{', '[]', '{"custom_id": 7}', '{"custom_id": ""}'])
      expect(customIdOf(line)).toBeNull()
  })
})

describe('the lines of a file', () => {
  async function linesOf(bytes: Uint8Array) {
    const source = {
      size: bytes.length,
      read: async (offset: number, target: Uint8Array) => {
        target.set(bytes.subarray(offset, offset + target.length))
      },
    }
    const found: [number, string | undefined, number][] = []
    for await (const { line, end } of readLines(source)) {
      found.push([line.number, line.problem?.code ?? line.text, end])
    }
    return found
  }
  const encode = (text: string) => new TextEncoder().encode(text)

  it('are numbered, and blank ones left out', async () => {
    expect(await linesOf(encode('a\n\n  \r\nb\r\nc'))).toEqual([
      [1, 'a', 2],
      [4, 'b\r', 10],
      [5, 'c', 11],
    ])
    expect(await linesOf(encode(''))).toEqual([])
    expect(await linesOf(encode('\n'))).toEqual([])
    expect(await linesOf(encode('\ufeffa\n'))).toEqual([[1, 'a', 5]])
  })

  it('are the same wherever pieces of the file end', async () => {
    const texts = Array.from({ length: 40 }, (_, i) => `${i}ü€😀`.repeat(3000 + i))
    const found = await linesOf(encode(texts.join('\n')))
    expect(found.map(([, text]) => text)).toEqual(texts)
  })

  it('that are too long or not UTF-8 are reported, and those after them read', async () => {
    const bytes = new Uint8Array([
      ...[...encode('a\n'), 0xff, 0x0a],
      ...new Uint8Array(MAX_LINE_BYTES + 1).fill(0x61),
      ...encode('\nb'),
    ])
    expect((await linesOf(bytes)).map(([number, text]) => [number, text])).toEqual([
      [1, 'a'],
      [2, 'invalid_json'],
      [3, 'line_too_long'],
      [4, 'b'],
    ])
    const fits = new Uint8Array(MAX_LINE_BYTES).fill(0x61)
    expect((await linesOf(fits))[0][1]).toHaveLength(MAX_LINE_BYTES)
  })
})

describe('a line of results', () => {
  it('has the fields of the format', () => {
    const response = { status_code: 200, request_id: 'req_1', body: {} }
    expect(JSON.parse(resultLine('batch_7', 3, { customId: 'a', response }))).toEqual({
      ...{ id: 'batch_req_7_3', custom_id: 'a', response, error: null },
    })
    const error = { code: 'worker_lost', message: 'lost' }
    expect(JSON.parse(resultLine('mine', 0, { customId: null, error }))).toEqual({
      ...{ id: 'mine_0', custom_id: null, response: null, error },
    })
  })

  it('counts as failed without a response, and with an error in it', () => {
    const of = (status: number) => ({
      customId: 'a',
      response: { status_code: status, request_id: null, body: {} },
    })
    expect([isSuccess(of(200)), isSuccess(of(400)), isSuccess({ customId: 'a' })]).toEqual([
      true,
      false,
      false,
    ])
  })
})
