import { describe, expect, it } from 'vitest'
import { openModelFile } from '../../src/gguf/open.js'
import { bytesSource } from '../../src/storage/bytes.js'
import { rawGguf } from '../support/raw-gguf.js'

const ascii = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0))

describe('openModelFile', () => {
  it('opens GGUF files', async () => {
    expect((await openModelFile(bytesSource(rawGguf({})))).container).toBe('gguf')
  })

  it.each([
    ['nothing', '', /it is empty/],
    [
      'text',
      'Once upon a time, there was a little girl named Lily.\nShe loved to play.\n',
      /it looks like text/,
    ],
    ['long text', 'a line of text\r\n'.repeat(10_000), /it looks like text/],
    ['short text', 'hi', /it looks like text/],
    ['a web page', '\n <!DOCTYPE html><html><head>', /web page/],
    ['an XML error', '<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>', /web page/],
    ['JSON', '{"error":"Repository not found, and a bit more text"}', /JSON/],
    [
      'a Git LFS pointer',
      'version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 1234\n',
      /git lfs pull/,
    ],
    ['a ZIP archive', 'PK\x03\x04\x14\0\0\0\0\0archive/data.pkl', /ZIP archive/],
    ['a pickle', '\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.', /Python pickle/],
    ['safetensors', '\x40\x12\0\0\0\0\0\0{"__metadata__":{"format":"pt"}}', /safetensors/],
    ['ggjt', 'tjgg\x03\0\0\0\0\x7d\0\0\0\x10\0\0\0\x01\0\0\x20\0\0\0\x20\0\0\0', /old ggml format/],
    ['ggml', 'lmgg\0\x7d\0\0\0\x10\0\0\0\x01\0\0\x20\0\0\0\x20\0\0\0', /old ggml format/],
    ['gzip', '\x1f\x8b\x08\0', /gzip/],
    ['Zstandard', '\x28\xb5\x2f\xfd\x04', /Zstandard/],
    ['HDF5', '\x89HDF\r\n\x1a\n', /HDF5/],
    ['zeros', '\0'.repeat(100), /begins with the bytes 00 00 00 00 00 00 00 00/],
    ['noise', '\xde\xad\xbe\xef\x01\x02\x03\x04\x05', /begins with the bytes de ad be ef 01 02 03 04/],
    ['half a magic', 'GG', /it looks like text/],
  ])('detects a file of %s', async (_, content, message) => {
    await expect(openModelFile(bytesSource(ascii(content), 'x.gguf'))).rejects.toMatchObject({
      name: 'DasllamaError',
      code: 'BAD_FORMAT',
      message: expect.stringMatching(message),
      hint: expect.stringContaining('GGUF'),
    })
  })

  it('stops when the signal is aborted', async () => {
    const reason = new Error('enough')
    const signal = AbortSignal.abort(reason)
    await expect(openModelFile(bytesSource(rawGguf({})), { signal })).rejects.toBe(reason)
  })
})
