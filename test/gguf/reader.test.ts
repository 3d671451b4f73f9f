import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { openGguf } from '../../src/gguf/reader.js'
import { array, str, u32 } from '../../src/gguf/typed-value.js'
import { writeGguf } from '../../src/gguf/writer.js'
import { bytesSource } from '../../src/storage/bytes.js'
import type { ByteSource } from '../../src/storage/source.js'
import { TINY_STORIES } from '../support/model-files.js'
import { vocabularyPath } from '../tokenizer/fixtures.js'

/** A source that records its reads. */
function watched(bytes: Uint8Array) {
  const reads: [offset: number, length: number][] = []
  const inner = bytesSource(bytes)
  const source: ByteSource = {
    ...inner,
    read(offset, target, signal) {
      reads.push([offset, target.length])
      return inner.read(offset, target, signal)
    },
  }
  return { source, reads }
}

describe('openGguf', () => {
  it('reads the model of this repository', async () => {
    const file = await openGguf(bytesSource(await readFile(TINY_STORIES), 'tiny'))
    expect(file).toMatchObject({ container: 'gguf', version: 3, name: 'tiny', tensorBytes: 3_073_024 })
    expect(file.metadata.string('general.architecture')).toBe('llama')
    expect(file.metadata.number('llama.block_count')).toBe(4)
    expect(file.metadata.strings('tokenizer.ggml.tokens')).toHaveLength(2048)
    expect(file.tensors.size).toBe(38)
    expect(file.tensors.get('blk.3.ffn_down.weight')).toMatchObject({
      shape: [512, 256],
      elements: 512 * 256,
      byteLength: (512 * 256 * 34) / 32,
      format: { name: 'Q8_0' },
    })
    await file.close()
  })

  it.each([
    ['bert-bge', 30_522],
    ['deepseek-coder', 32_256],
    ['falcon', 65_024],
    ['gpt-2', 50_257],
    ['llama-bpe', 128_256],
    ['llama-spm', 32_000],
    ['phi-3', 32_064],
    ['qwen2', 151_936],
    ['starcoder', 49_152],
  ])('reads the vocabulary of %s', async (name, size) => {
    const bytes = await readFile(vocabularyPath(name))
    const { source, reads } = watched(bytes)
    const file = await openGguf(source)
    expect(file.tensors.size).toBe(0)
    const tokens = file.metadata.strings('tokenizer.ggml.tokens')
    expect(tokens).toHaveLength(size)
    expect(file.metadata.numbers('tokenizer.ggml.token_type')).toHaveLength(size)
    // A few large reads: a remote source gets a handful of requests, not one per token.
    expect(reads.length).toBeLessThan(12)
  })

  it('reads the header and nothing of the tensors beyond its window', async () => {
    const size = 8 * 1024 * 1024
    const bytes = writeGguf({
      metadata: [['a', u32(1)]],
      tensors: [{ name: 't', shape: [size / 4], format: 'F32', data: new Uint8Array(size) }],
    })
    const { source, reads } = watched(bytes)
    await openGguf(source)
    expect(reads).toEqual([[0, 1024 * 1024]])
  })

  it('reads strings and arrays that are larger than its window', async () => {
    const long = 'x'.repeat(3_000_000)
    const numbers = Uint32Array.from({ length: 1_500_000 }, (_, i) => i * 3)
    const bytes = writeGguf({
      metadata: [
        ['long', str(long)],
        ['numbers', array('u32', numbers)],
        ['words', array('string', ['a', long, 'b'])],
        ['last', u32(7)],
      ],
      tensors: [{ name: 't', shape: [2], format: 'F32', data: new Uint8Array(8).fill(9) }],
    })
    const file = await openGguf(bytesSource(bytes))
    expect(file.metadata.string('long') === long).toBe(true)
    const read = file.metadata.get('numbers') as Uint32Array
    // Not toEqual, which takes seconds over a million elements.
    expect(read.length === numbers.length && read.every((value, i) => value === numbers[i])).toBe(true)
    expect(Array.from(file.metadata.strings('words'), (word) => word.length)).toEqual([1, 3_000_000, 1])
    expect(file.metadata.number('last')).toBe(7)
    const data = new Uint8Array(8)
    await file.tensors.get('t')?.source.read(file.tensors.get('t')?.offset ?? 0, data)
    expect(data).toEqual(new Uint8Array(8).fill(9))
  })

  it('stops when the signal is aborted', async () => {
    const reason = new Error('enough')
    const bytes = await readFile(TINY_STORIES)
    await expect(openGguf(bytesSource(bytes), { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
  })
})
