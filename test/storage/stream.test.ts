import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import type { ByteSource } from '../../src/storage/source.js'
import { openUrl, type UrlOptions } from '../../src/storage/url.js'
import { cutAfter, type Handler, inTurn, serve, status } from '../support/http-server.js'

const MEBIBYTE = 2 ** 20
/** More bytes than the tests below keep. */
const BYTES = new Uint8Array(12 * MEBIBYTE)
for (let i = 0; i < BYTES.length; i++) BYTES[i] = (i * 7 + (i >> 9)) % 251

/** The whole file whatever is asked for, in pieces. */
function whole(headers: Record<string, string | number> = {}, bytes: Uint8Array = BYTES): Handler {
  return (_, response) => {
    response.writeHead(200, headers)
    for (let at = 0; at < bytes.length; at += 100_000) response.write(bytes.subarray(at, at + 100_000))
    response.end()
  }
}

async function withStream(
  handler: Handler,
  options: UrlOptions,
  use: (source: ByteSource, requests: readonly unknown[]) => Promise<void>,
): Promise<void> {
  await using server = await serve({ '/file': handler })
  const source = await openUrl(`${server.base}/file`, { maxBufferedBytes: 2 * MEBIBYTE, ...options })
  try {
    await use(source, server.requests)
  } finally {
    await source.close()
  }
}

async function expectPart(source: ByteSource, offset: number, length: number, bytes = BYTES): Promise<void> {
  const target = new Uint8Array(length + 2)
  await source.read(offset, target.subarray(1, length + 1))
  const wanted = new Uint8Array(length + 2)
  wanted.set(bytes.subarray(offset, offset + length), 1)
  expect(Buffer.compare(target, wanted)).toBe(0)
}

const LENGTH = { 'content-length': BYTES.length }

describe('a file from a server without ranges', () => {
  it('is read forwards, and a little backwards, through one body', async () => {
    await withStream(whole(LENGTH), {}, async (source, requests) => {
      expect(source.size).toBe(BYTES.length)
      await expectPart(source, 0, 512)
      await expectPart(source, 0, MEBIBYTE)
      await expectPart(source, 500_000, 2 * MEBIBYTE)
      await expectPart(source, 5 * MEBIBYTE, 3 * MEBIBYTE)
      await expectPart(source, 7 * MEBIBYTE, 100)
      await expectPart(source, BYTES.length - 5, 5)
      expect(requests).toHaveLength(1)
    })
  })

  it('is read in the order of the calls when several are made at once', async () => {
    await withStream(whole(LENGTH), {}, async (source, requests) => {
      const starts = Array.from({ length: 12 }, (_, i) => i * MEBIBYTE)
      await Promise.all(starts.map((start) => expectPart(source, start, MEBIBYTE)))
      expect(requests).toHaveLength(1)
    })
  })

  it('is requested again to read further back, up to a limit', async () => {
    await withStream(whole(LENGTH), {}, async (source, requests) => {
      await expectPart(source, 10 * MEBIBYTE, 10)
      await expectPart(source, 3, 10)
      expect(requests).toHaveLength(2)
      const back = async () => {
        await expectPart(source, 10 * MEBIBYTE, 10)
        await expectPart(source, 3, 10)
      }
      await expect(
        (async () => {
          for (let i = 0; i < 20; i++) await back()
        })(),
      ).rejects.toMatchObject({ code: 'LIMIT', hint: 'download the file first' })
      expect(requests.length).toBeLessThan(12)
    })
  })

  it('continues after an interruption', async () => {
    const handler = inTurn(cutAfter(BYTES, 3_000_000), cutAfter(BYTES, 7_000_000), whole(LENGTH))
    await withStream(
      (request, response) => {
        delete request.headers.range
        handler(request, response)
      },
      {},
      async (source, requests) => {
        await expectPart(source, 0, BYTES.length)
        expect(requests).toHaveLength(3)
      },
    )
  })

  it('is not put together from two files', async () => {
    const first = cutAfter(BYTES, 3_000_000, { etag: '"a"' })
    const handler = inTurn(
      (request, response) => {
        delete request.headers.range
        first(request, response)
      },
      whole({ ...LENGTH, etag: '"b"' }),
    )
    await withStream(handler, {}, async (source) => {
      await expect(source.read(0, new Uint8Array(BYTES.length))).rejects.toMatchObject({
        code: 'IO',
        message: expect.stringContaining('was replaced'),
      })
    })
  })

  it('of unknown length is as large as can be until its end is met', async () => {
    await withStream(whole(), {}, async (source, requests) => {
      expect(source.size).toBe(Number.MAX_SAFE_INTEGER)
      await expectPart(source, 0, MEBIBYTE)
      await expectPart(source, 4 * MEBIBYTE, 8 * MEBIBYTE)
      await expect(source.read(BYTES.length - 5, new Uint8Array(6))).rejects.toMatchObject({
        code: 'TRUNCATED',
      })
      expect(source.size).toBe(BYTES.length)
      await expectPart(source, BYTES.length - 5, 5)
      expect(requests).toHaveLength(1)
    })
  })

  it('of unknown length has a size at once when it is small', async () => {
    const bytes = BYTES.subarray(0, 300_000)
    await withStream(whole({}, bytes), {}, async (source) => {
      expect(source.size).toBe(bytes.length)
      await expectPart(source, 299_000, 1000, bytes as typeof BYTES)
      await expectPart(source, 0, 1000, bytes as typeof BYTES)
    })
  })

  it('that is compressed is decompressed, whatever its Content-Length', async () => {
    const packed = gzipSync(BYTES)
    const handler: Handler = (_, response) =>
      void response
        .writeHead(200, { 'content-encoding': 'gzip', 'content-length': packed.length })
        .end(packed)
    await withStream(handler, {}, async (source) => {
      const target = new Uint8Array(BYTES.length)
      await source.read(0, target)
      const digest = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')
      expect(digest(target)).toBe(digest(BYTES))
    })
  })

  it('is looked at before more than its beginning is read', async () => {
    let sent = 0
    let ended = false
    const endless: Handler = (_, response) => {
      response.writeHead(200)
      const more = () => {
        while (!response.destroyed && response.write(BYTES.subarray(0, 65_536))) sent += 65_536
      }
      response.on('drain', more)
      response.on('close', () => {
        ended = true
      })
      more()
    }
    const refusal = new Error('not a model')
    const checkStart = (_: string, start: Uint8Array) => {
      expect(start.subarray(0, 512)).toEqual(BYTES.subarray(0, 512))
      throw refusal
    }
    await using server = await serve({ '/file': endless })
    await expect(openUrl(`${server.base}/file`, { checkStart })).rejects.toBe(refusal)
    await expect.poll(() => ended).toBe(true)
    expect(sent).toBeLessThan(16 * MEBIBYTE)
  })

  it('ends with its signal while it is read, and can be read again', async () => {
    const handler = inTurn((_, response) => {
      response.writeHead(200, LENGTH)
      response.write(BYTES.subarray(0, 1000))
    }, whole(LENGTH))
    await withStream(handler, {}, async (source) => {
      const reason = new Error('enough')
      const controller = new AbortController()
      const reading = source.read(0, new Uint8Array(5000), controller.signal)
      setTimeout(() => controller.abort(reason), 20)
      await expect(reading).rejects.toBe(reason)
      await expectPart(source, 0, 5000)
    })
  })

  it('fails if the server does not recover', async () => {
    const handler = inTurn((request, response) => {
      delete request.headers.range
      cutAfter(BYTES, 1000)(request, response)
    }, status(503))
    await withStream(handler, { retries: 1 }, async (source) => {
      await expect(source.read(0, new Uint8Array(5000))).rejects.toMatchObject({ code: 'IO' })
    })
  })
})
