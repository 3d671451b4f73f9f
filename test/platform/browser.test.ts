import { afterEach, describe, expect, it, vi } from 'vitest'
import { DasllamaError } from '../../src/errors.js'
import { platform } from '../../src/platform/browser/platform.js'

/** The smallest module: magic and version. */
const wasm = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)

afterEach(() => vi.unstubAllGlobals())

function answer(body: BodyInit, contentType: string | undefined, status = 200) {
  const headers: HeadersInit = contentType === undefined ? {} : { 'content-type': contentType }
  const fetch = vi.fn(async (_url: URL) => new Response(body, { status, headers }))
  vi.stubGlobal('fetch', fetch)
  return fetch
}

describe('loadKernels', () => {
  it.each<[string | undefined, string]>([
    ['application/wasm', 'the right type'],
    ['application/wasm; charset=binary', 'parameters'],
    ['application/octet-stream', 'a wrong type'],
    [undefined, 'no type'],
  ])('accepts the content type %s (%s)', async (type) => {
    const fetch = answer(wasm, type)
    expect(await platform.loadKernels()).toEqual(wasm)
    expect(fetch.mock.calls[0][0].href).toMatch(/\/kernels\.wasm$/)
  })

  it.each([
    ['NOT_FOUND', () => answer('no', 'text/plain', 404)],
    ['IO', () => answer('no', 'text/plain', 503)],
    ['BAD_FORMAT', () => answer('<!doctype html>', 'text/html')],
    ['BAD_FORMAT', () => answer('<!doctype html>', 'application/wasm')],
    ['IO', () => vi.stubGlobal('fetch', () => Promise.reject(new TypeError('Failed to fetch')))],
  ])('fails with %s and a hint how to serve the file', async (code, arrange) => {
    arrange()
    const error = await platform.loadKernels().catch((reason) => reason)
    expect(error).toBeInstanceOf(DasllamaError)
    expect(error).toMatchObject({ code, hint: expect.stringContaining('kernels.wasm') })
  })
})

describe('the browser platform', () => {
  it('resolves names against the page, in a worker against its script', () => {
    vi.stubGlobal('location', { href: 'https://example.org/worker.js' })
    expect(platform.baseUrl).toBe('https://example.org/worker.js')
    vi.stubGlobal('document', { baseURI: 'https://example.org/page/' })
    expect(platform.baseUrl).toBe('https://example.org/page/')
  })

  it('has no paths', async () => {
    await expect(platform.openPath('/model.gguf')).rejects.toMatchObject({ code: 'UNSUPPORTED' })
  })
})
