import { createHash } from 'node:crypto'
import { readdir, readFile, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { DasllamaError } from '../../src/errors.js'
import { openGguf } from '../../src/gguf/reader.js'
import { i8, str, u16, u32, u64 } from '../../src/gguf/typed-value.js'
import { type TensorToWrite, writeGguf } from '../../src/gguf/writer.js'
import { modelTools } from '../../src/platform/node/model-tools.js'
import { platform } from '../../src/platform/node/platform.js'
import { fileType } from '../../src/quantize/file-types.js'
import type { OutputFile } from '../../src/quantize/output-file.js'
import { type QuantizeOptions, quantizeModel } from '../../src/quantize/quantize-model.js'
import { temporaryFolder, tensorBytes } from '../support/model-files.js'
import { QUANTIZED } from './files.js'
import { recorded } from './recorded.js'

const { openFile, createOutput, startThread } = modelTools

function quantize(
  from: string,
  to: string,
  type: string,
  options: Partial<QuantizeOptions> = {},
  create = createOutput,
) {
  return quantizeModel(() => openFile(from), to, create, {
    type: fileType(type),
    allowRequantize: false,
    replace: false,
    threads: 2,
    startThread,
    signal: undefined,
    onProgress: undefined,
    ...options,
  })
}

/** A model that is not complete, but has what a file type needs to know. */
const METADATA = [
  ['general.architecture', str('llama')],
  ['llama.block_count', u32(1)],
] as const

function matrix(name: string, values: Float32Array): TensorToWrite {
  return { name, shape: [32, values.length / 32], format: 'F32', data: new Uint8Array(values.buffer) }
}

const SMALL = writeGguf({
  metadata: METADATA,
  tensors: [
    matrix(
      'blk.0.attn_q.weight',
      Float32Array.from({ length: 64 }, (_, i) => i - 20),
    ),
  ],
})

async function failure(promise: Promise<unknown>): Promise<DasllamaError> {
  const error = await promise.then(
    () => undefined,
    (reason) => reason,
  )
  expect(error).toBeInstanceOf(DasllamaError)
  return error
}

describe('a quantized file', () => {
  const { files } = recorded()

  it.each(QUANTIZED)('has the bytes of llama.cpp, $name', async ({ name, types, read }) => {
    await using folder = await temporaryFolder()
    const [from, to] = [join(folder.path, 'in.gguf'), join(folder.path, 'out.gguf')]
    await writeFile(from, await read())
    for (const type of types) {
      await quantize(from, to, type, { allowRequantize: true, replace: true })
      const digest = createHash('sha256').update(await readFile(to))
      expect(digest.digest('hex'), type).toBe(files[name][type])
    }
  })

  it('keeps metadata with their types, and the alignment', async () => {
    await using folder = await temporaryFolder()
    const [from, to] = [join(folder.path, 'in.gguf'), join(folder.path, 'out.gguf')]
    const metadata = [
      ...METADATA,
      ['a', u16(3)],
      ['b', i8(-3)],
      ['c', u64(2n ** 60n)],
      ['d', str('äöü')],
      ['e', str(Uint8Array.of(0xff, 0xfe))],
    ] as const
    const weight = matrix('blk.0.attn_q.weight', new Float32Array(64).fill(1))
    const norm = matrix('blk.0.attn_norm.weight', new Float32Array(32).fill(1))
    const tensors = [weight, { ...norm, shape: [32] }]
    await writeFile(from, writeGguf({ metadata, tensors, alignment: 64 }))
    await quantize(from, to, 'Q8_0')
    const set = [
      ['general.quantization_version', u32(2)],
      ['general.file_type', u32(7)],
    ] as const
    const blocks = new Uint8Array(68)
    for (let i = 0; i < 68; i++) blocks[i] = i % 34 < 2 ? [0x08, 0x20][i % 34] : 127
    const expected = writeGguf({
      metadata: [...metadata, ...set],
      tensors: [tensors[1], { ...weight, format: 'Q8_0', data: blocks }],
      alignment: 64,
    })
    expect(new Uint8Array(await readFile(to))).toEqual(expected)
  })

  it('is one file where the model was split', async () => {
    await using folder = await temporaryFolder()
    const to = join(folder.path, 'out.gguf')
    const part = (number: number, more: typeof METADATA | readonly [], tensor: TensorToWrite) =>
      writeFile(
        join(folder.path, `model-0000${number + 1}-of-00002.gguf`),
        writeGguf({
          metadata: [
            ...more,
            ['split.no', u16(number)],
            ['split.count', u16(2)],
            ['split.tensors.count', u32(2)],
          ],
          tensors: [tensor],
        }),
      )
    await part(0, METADATA, matrix('blk.0.attn_q.weight', new Float32Array(64).fill(1)))
    await part(1, [], matrix('blk.0.attn_k.weight', new Float32Array(64).fill(2)))
    await quantize(join(folder.path, 'model-00001-of-00002.gguf'), to, 'F16')
    const file = await openGguf(await platform.openPath(to))
    expect([...file.tensors.keys()]).toEqual(['blk.0.attn_k.weight', 'blk.0.attn_q.weight'])
    expect([...file.metadata.entries()].map(([key]) => key)).not.toContain('split.count')
    expect([...(await tensorBytes(file, 'blk.0.attn_k.weight')).subarray(0, 2)]).toEqual([0x00, 0x40])
    await file.close()
    const part1 = join(folder.path, 'model-00002-of-00002.gguf')
    const onto = quantize(join(folder.path, 'model-00001-of-00002.gguf'), part1, 'F16', { replace: true })
    expect((await failure(onto)).message).toContain('is the file that is read')
  })

  it('reports progress up to the end', async () => {
    await using folder = await temporaryFolder()
    const from = join(folder.path, 'in.gguf')
    await writeFile(from, SMALL)
    const seen: number[] = []
    await quantize(from, join(folder.path, 'out.gguf'), 'F16', {
      onProgress: ({ loaded, total }) => seen.push(loaded / total),
    })
    expect(seen).toEqual([1])
  })
})

describe('a model that is not quantized', () => {
  /** Tries it and expects nothing to be left behind; returns the error. */
  async function refused(
    {
      bytes = SMALL,
      typeName = 'Q8_0',
      to = 'out.gguf',
      existing = '',
      ...options
    }: Partial<QuantizeOptions> & {
      bytes?: Uint8Array
      typeName?: string
      to?: string
      existing?: string
    } = {},
    create = createOutput,
  ): Promise<DasllamaError> {
    await using folder = await temporaryFolder()
    const from = join(folder.path, 'in.gguf')
    await writeFile(from, bytes)
    if (existing) await writeFile(join(folder.path, existing), 'precious')
    const before = await readdir(folder.path)
    const error = await failure(quantize(from, join(folder.path, to), typeName, options, create))
    expect(await readdir(folder.path)).toEqual(before)
    if (existing) expect(await readFile(join(folder.path, existing), 'utf8')).toBe('precious')
    return error
  }

  it('has an output that exists', async () => {
    const error = await refused({ existing: 'out.gguf' })
    expect(error).toMatchObject({ code: 'INVALID_ARGUMENT', hint: expect.stringContaining('--force') })
    expect(error.message).toContain('exists already')
  })

  it('would be its own output, whatever is allowed', async () => {
    const error = await refused({ to: './in.gguf', replace: true })
    expect(error.message).toContain('is the file that is read')
  })

  it('has an output in a folder that does not exist, or that is one', async () => {
    expect(await refused({ to: 'no/such/out.gguf' })).toMatchObject({
      code: 'NOT_FOUND',
      message: expect.stringContaining('no such directory'),
    })
    expect(await refused({ to: '' })).toMatchObject({
      code: 'IO',
      message: expect.stringContaining('a directory'),
    })
  })

  it('is quantized already', async () => {
    const bytes = writeGguf({
      metadata: METADATA,
      tensors: [{ name: 'blk.0.attn_q.weight', shape: [32, 2], format: 'Q8_0', data: new Uint8Array(68) }],
    })
    const error = await refused({ bytes, typeName: 'Q4_0' })
    expect(error.code).toBe('INVALID_ARGUMENT')
    expect(error.message).toMatch(/"blk\.0\.attn_q\.weight" is Q8_0, and would be Q4_0/)
  })

  it.each([
    [Number.NaN, 'Q8_0', /"blk\.0\.attn_q\.weight" has NaN/],
    [Number.NEGATIVE_INFINITY, 'Q4_0', /has an infinite value/],
    [70_000, 'F16', /has the value 70000, which is too large for F16/],
  ])('has %d for %s', async (value, type, message) => {
    const values = new Float32Array(64)
    values[40] = value
    const bytes = writeGguf({ metadata: METADATA, tensors: [matrix('blk.0.attn_q.weight', values)] })
    const error = await refused({ bytes, typeName: type })
    expect(error.code).toBe('NOT_A_NUMBER')
    expect(error.message).toMatch(message)
  })

  it('has a format that cannot be read', async () => {
    const data = new Uint8Array(2 * 292)
    const bytes = writeGguf({
      metadata: METADATA,
      tensors: [{ name: 'blk.0.attn_q.weight', shape: [256, 2], format: 'Q8_K', data }],
    })
    const error = await refused({ bytes, allowRequantize: true })
    expect(error.code).toBe('UNSUPPORTED')
    expect(error.message).toContain('"blk.0.attn_q.weight" has format Q8_K')
  })

  it('lacks the number of its layers', async () => {
    const bytes = writeGguf({ metadata: METADATA.slice(0, 1), tensors: [] })
    expect(await refused({ bytes })).toMatchObject({
      code: 'MISSING',
      message: expect.stringContaining('llama.block_count'),
    })
  })

  it('is aborted', async () => {
    await using folder = await temporaryFolder()
    const from = join(folder.path, 'in.gguf')
    await writeFile(from, SMALL)
    const controller = new AbortController()
    const slow = async (...args: Parameters<typeof createOutput>) => {
      const file = await createOutput(...args)
      controller.abort('enough')
      return file
    }
    const options = { signal: controller.signal }
    await expect(quantize(from, join(folder.path, 'out.gguf'), 'Q8_0', options, slow)).rejects.toBe('enough')
    expect(await readdir(folder.path)).toEqual(['in.gguf'])
  })

  it('does not fit on the disk, which shows while it is written', async () => {
    const full = async (...args: Parameters<typeof createOutput>): Promise<OutputFile> => {
      const file = await createOutput(...args)
      return {
        write: async () => {
          throw new DasllamaError('IO', 'out.gguf: the disk is full')
        },
        finish: () => file.finish(),
        abandon: () => file.abandon(),
      }
    }
    expect((await refused({}, full)).message).toBe('out.gguf: the disk is full')
  })

  it('changes meanwhile', async () => {
    await using folder = await temporaryFolder()
    const from = join(folder.path, 'in.gguf')
    await writeFile(from, SMALL)
    const touching = async (...args: Parameters<typeof createOutput>) => {
      await utimes(from, 1, 1)
      return createOutput(...args)
    }
    const error = await failure(quantize(from, join(folder.path, 'out.gguf'), 'Q8_0', {}, touching))
    expect(error.message).toContain('changed while it was read')
    expect(await readdir(folder.path)).toEqual(['in.gguf'])
  })
})

describe('createOutput', () => {
  it('refuses a file that is larger than the space on the disk', async () => {
    await using folder = await temporaryFolder()
    const settings = { size: 2 ** 52, replace: false, inputs: [] }
    const error = await failure(createOutput(join(folder.path, 'out.gguf'), settings))
    expect(error.message).toMatch(/needs 4096\.0 TiB, but its disk has .* left/)
    expect(await readdir(folder.path)).toEqual([])
  })
})
