import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { convertModel } from '../../src/convert/convert-model.js'
import { DasllamaError } from '../../src/errors.js'
import { blockFormat } from '../../src/gguf/block-formats.js'
import { readEncodedMetadata } from '../../src/gguf/encoded-metadata.js'
import { quantize } from '../../src/gguf/quantize.js'
import { openGguf } from '../../src/gguf/reader.js'
import { f32, i32, str, type TypedValue } from '../../src/gguf/typed-value.js'
import { writeGguf } from '../../src/gguf/writer.js'
import { modelTools } from '../../src/platform/node/model-tools.js'
import { fileType } from '../../src/quantize/file-types.js'
import { bytesSource } from '../../src/storage/bytes.js'
import { temporaryFolder, tensorBytes } from '../support/model-files.js'
import { type PublishedFiles, published, safetensors, withHeader, writeFolder } from './folder.js'
import { MODELS } from './models.js'

const { openFile, createOutput, startThread } = modelTools

const options = (type: string) => ({
  type: fileType(type),
  replace: false,
  threads: 1,
  startThread,
  signal: undefined,
  onProgress: undefined,
})

/** Converts files, passes the file to `check`. */
async function converted(
  files: PublishedFiles,
  name: string,
  type: string,
  check: (path: string) => Promise<void>,
): Promise<void> {
  await using folder = await temporaryFolder()
  const [from, to] = [join(folder.path, name), join(folder.path, 'out.gguf')]
  await writeFolder(from, files)
  await convertModel(from, openFile, to, createOutput, options(type))
  await check(to)
}

/** Encoded values by key, as text, which shows a difference. */
async function encoded(source: Awaited<ReturnType<typeof openFile>>): Promise<Map<string, string>> {
  const values = await readEncodedMetadata(source)
  await source.close()
  return new Map(Array.from(values, ([key, { bytes }]) => [key, Buffer.from(bytes).toString('latin1')]))
}

function nameOf(metadata: Iterable<readonly [string, unknown]>): string {
  return (new Map(metadata).get('general.name') as TypedValue & { value: string }).value
}

/** Keys of our random models that llama.cpp's converter does not write for these architectures. */
const NOT_WRITTEN: Readonly<Record<string, readonly string[]>> = {
  qwen2: ['qwen2.vocab_size', 'qwen2.rope.dimension_count'],
  qwen3: ['qwen3.vocab_size', 'qwen3.rope.dimension_count'],
  gemma3: ['gemma3.vocab_size', 'gemma3.rope.dimension_count'],
}
/** Keys that a converter adds. */
const ADDED = ['general.file_type', 'general.quantization_version', 'general.size_label', 'general.type']

describe('a converted model', () => {
  it.each(Object.entries(MODELS))('equals the GGUF file of the same weights, %s', async (name, parts) => {
    const original = writeGguf(parts)
    const dtype = /F16|BF16/.exec(name)?.[0] ?? 'F32'
    const type = name.includes('BF16') ? 'BF16' : dtype
    const files = published(parts, { shards: name.includes('F16') ? 3 : 1 })
    await converted(files, nameOf(parts.metadata), type, async (path) => {
      const expected = await openGguf(bytesSource(original))
      const file = await openGguf(await openFile(path))
      expect([...file.tensors.keys()].sort()).toEqual([...expected.tensors.keys()].sort())
      for (const tensor of expected.tensors.values()) {
        const found = file.tensors.get(tensor.name)!
        expect([found.shape, found.format.name], tensor.name).toEqual([tensor.shape, tensor.format.name])
        const bytes = Buffer.from(await tensorBytes(file, tensor.name))
        expect(bytes.equals(await tensorBytes(expected, tensor.name)), tensor.name).toBe(true)
      }
      const ours = await encoded(await openFile(path))
      const theirs = await encoded(bytesSource(original))
      const [architecture] = name.split(',')
      for (const key of NOT_WRITTEN[architecture] ?? []) theirs.delete(key)
      for (const key of ADDED) expect(ours.delete(key), key).toBe(true)
      // Ours says it where SentencePiece and WordPiece leave no choice, too.
      if (!theirs.has('tokenizer.ggml.pre')) ours.delete('tokenizer.ggml.pre')
      expect(new Map([...ours].sort())).toEqual(new Map([...theirs].sort()))
      await file.close()
    })
  })

  it('has the file type asked for, with vectors in F32', async () => {
    const parts = MODELS.llama
    for (const type of ['F16', 'Q8_0']) {
      await converted(published(parts), 'model', type, async (path) => {
        const file = await openGguf(await openFile(path))
        const expected = await openGguf(bytesSource(writeGguf(parts)))
        expect(file.metadata.number('general.file_type')).toBe(fileType(type).id)
        for (const { name, shape } of expected.tensors.values()) {
          const original = await tensorBytes(expected, name)
          const values = new Float32Array(original.slice().buffer)
          const written = shape.length === 1 ? original : quantize(blockFormat(type), values)
          expect(Buffer.from(written).equals(await tensorBytes(file, name)), name).toBe(true)
        }
        await file.close()
      })
    }
  })

  it('has the chat template, the recommended sampling and padding tokens', async () => {
    const files = published(MODELS.qwen2)
    files.set('chat_template.jinja', '{{ messages }}')
    files.set(
      'generation_config.json',
      JSON.stringify({ temperature: 0.7, top_k: 20, repetition_penalty: 1.05 }),
    )
    const config = JSON.parse(String(files.get('config.json')))
    files.set('config.json', JSON.stringify({ ...config, vocab_size: 400 }))
    await expect(converted(files, 'm', 'F16', async () => {})).rejects.toThrow(
      /has the id 400, but "vocab_size" is 400/,
    )
    files.set('config.json', JSON.stringify(config))
    await converted(files, 'm', 'F16', async (path) => {
      const values = await encoded(await openFile(path))
      const has = (key: string, value: TypedValue) => {
        const single = writeGguf({ metadata: [[key, value]], tensors: [] })
        expect(Buffer.from(single).toString('latin1'), key).toContain(values.get(key))
      }
      has('tokenizer.chat_template', str('{{ messages }}'))
      has('general.sampling.temp', f32(0.7))
      has('general.sampling.top_k', i32(20))
      has('general.sampling.penalty_repeat', f32(1.05))
    })
  })

  it('has the rope factors of Llama 3.1', async () => {
    const files = published(MODELS.llama)
    const scaling = { rope_type: 'llama3', factor: 8, low_freq_factor: 1, high_freq_factor: 4 }
    const config = JSON.parse(String(files.get('config.json')))
    config.rope_scaling = { ...scaling, original_max_position_embeddings: 64 }
    files.set('config.json', JSON.stringify(config))
    await converted(files, 'm', 'F16', async (path) => {
      const file = await openGguf(await openFile(path))
      const bytes = await tensorBytes(file, 'rope_freqs.weight')
      const factors = new Float32Array(bytes.slice().buffer)
      expect(factors).toHaveLength(8)
      expect([factors[0], factors[7]]).toEqual([1, 8])
      // Wavelength 2 pi sqrt(10) = 19.87: between 16 and 64.
      const smooth = (64 / (2 * Math.PI * Math.sqrt(10)) - 1) / 3
      expect(factors[1]).toBeCloseTo(1 / ((1 - smooth) / 8 + smooth), 5)
      await file.close()
    })
  })
})

describe('a model that is not converted', () => {
  const edit = (files: PublishedFiles, file: string, change: (value: Record<string, never>) => unknown) => {
    const value = JSON.parse(String(files.get(file)))
    files.set(file, JSON.stringify(change(value) ?? value))
  }

  /** Changes a model's files and expects an error and no output. */
  async function refused(change: (files: PublishedFiles) => void, shards = 1): Promise<DasllamaError> {
    const files = published(MODELS.llama, { shards })
    change(files)
    await using folder = await temporaryFolder()
    await writeFolder(join(folder.path, 'model'), files)
    const to = join(folder.path, 'out.gguf')
    const error = await convertModel(
      join(folder.path, 'model'),
      openFile,
      to,
      createOutput,
      options('F16'),
    ).then(
      () => undefined,
      (reason) => reason,
    )
    expect(error).toBeInstanceOf(DasllamaError)
    expect(await readdir(folder.path)).toEqual(['model'])
    return error
  }

  const INDEX = 'model.safetensors.index.json'
  const tensor = (name: string, dtype: string, shape: number[], bytes: number) => ({
    name,
    dtype,
    shape,
    data: new Uint8Array(bytes),
  })

  it.each<[string, (files: PublishedFiles) => unknown, string, RegExp]>([
    ['no config.json', (files) => files.delete('config.json'), 'NOT_FOUND', /there is no config\.json/],
    [
      'a config.json that is not JSON',
      (files) => files.set('config.json', '{'),
      'BAD_FORMAT',
      /config\.json is not JSON/,
    ],
    [
      'a list as config.json',
      (files) => files.set('config.json', '[]'),
      'BAD_FORMAT',
      /is not a JSON object/,
    ],
    [
      'no weights',
      (files) => files.delete('model.safetensors'),
      'NOT_FOUND',
      /neither model\.safetensors nor/,
    ],
    [
      'no tokenizer',
      (files) => files.delete('tokenizer.model'),
      'NOT_FOUND',
      /neither tokenizer\.model nor tokenizer\.json/,
    ],
    [
      'another tokenizer.model',
      (files) => files.set('tokenizer.model', 'hello'),
      'BAD_FORMAT',
      /not a SentencePiece model/,
    ],
    [
      'truncated weights',
      (files) =>
        files.set('model.safetensors', (files.get('model.safetensors') as Uint8Array).subarray(0, 90_000)),
      'TRUNCATED',
      /the file ends at byte 90000, but tensor "/,
    ],
    [
      'weights of 5 bytes',
      (files) => files.set('model.safetensors', 'short'),
      'TRUNCATED',
      /the length of its header/,
    ],
    [
      'a huge header',
      (files) => files.set('model.safetensors', new Uint8Array(16).fill(1)),
      'LIMIT',
      /its header has \d+ bytes; the limit is 100000000/,
    ],
    [
      'a header that is not JSON',
      (files) => files.set('model.safetensors', withHeader('{x', [])),
      'BAD_FORMAT',
      /header is not JSON/,
    ],
    [
      'overlapping tensors',
      (files) =>
        files.set(
          'model.safetensors',
          withHeader(
            '{"a":{"dtype":"F16","shape":[2],"data_offsets":[0,4]},"b":{"dtype":"F16","shape":[2],"data_offsets":[2,6]}}',
            [new Uint8Array(6)],
          ),
        ),
      'BAD_FORMAT',
      /tensors "a" and "b" overlap/,
    ],
    [
      'a tensor whose size is not that of its shape',
      (files) => files.set('model.safetensors', safetensors([tensor('a', 'F32', [3], 8)])),
      'BAD_FORMAT',
      /tensor "a" \[3\] of F32 needs 12 bytes, but its data_offsets give 8/,
    ],
    [
      'an unexpected tensor',
      (files) =>
        files.set(
          'model.safetensors',
          safetensors([tensor('model.layers.7.mlp.up_proj.weight', 'F32', [2, 2], 16)]),
        ),
      'UNSUPPORTED',
      /tensor "model\.layers\.7\.mlp\.up_proj\.weight" is not part of a llama model with 2 layers/,
    ],
    [
      'a dtype that is not handled',
      (files) =>
        files.set('model.safetensors', safetensors([tensor('model.norm.weight', 'F8_E4M3', [64], 64)])),
      'UNSUPPORTED',
      /tensor "model\.norm\.weight" has dtype F8_E4M3; F32, F16, BF16 can be converted/,
    ],
    [
      'a missing tensor',
      (files) => files.set('model.safetensors', safetensors([tensor('model.norm.weight', 'F32', [64], 256)])),
      'MISSING',
      /tensor "model\.embed_tokens\.weight" of a llama model is missing/,
    ],
    [
      'too few embeddings',
      (files) =>
        files.set('model.safetensors', safetensors([tensor('model.embed_tokens.weight', 'F32', [5, 2], 40)])),
      'BAD_FORMAT',
      /"model\.embed_tokens\.weight" has 5 rows, but the tokenizer has 401 tokens/,
    ],
    [
      'heads that do not divide',
      (files) =>
        files.set(
          'model.safetensors',
          safetensors([tensor('model.layers.0.self_attn.q_proj.weight', 'F32', [5, 2], 40)]),
        ),
      'BAD_FORMAT',
      /q_proj\.weight" has 5 rows, which are not heads of 16 rows/,
    ],
    [
      'an unknown architecture',
      (files) => edit(files, 'config.json', (config) => ({ ...config, architectures: ['LlamaForCausalLN'] })),
      'UNSUPPORTED',
      /the architecture "LlamaForCausalLN" cannot be converted/,
    ],
    [
      'a missing key',
      (files) => edit(files, 'config.json', ({ hidden_size: _, ...config }) => config),
      'MISSING',
      /config\.json: "hidden_size" is missing/,
    ],
    [
      'a key of another type',
      (files) => edit(files, 'config.json', (config) => ({ ...config, num_hidden_layers: '2' })),
      'BAD_FORMAT',
      /config\.json: "num_hidden_layers" is not a positive whole number: "2"/,
    ],
    [
      'quantized weights',
      (files) => edit(files, 'config.json', (config) => ({ ...config, quantization_config: {} })),
      'UNSUPPORTED',
      /weights that are quantized \("quantization_config"\)/,
    ],
    [
      'an unknown rope type',
      (files) =>
        edit(files, 'config.json', (config) => ({ ...config, rope_scaling: { type: 'dynamic', factor: 2 } })),
      'BAD_FORMAT',
      /rope_scaling: the rope type "dynamic" is not supported/,
    ],
  ])('has %s', async (_, change, code, message) => {
    const error = await refused((files) => void change(files))
    expect(error.message).toMatch(message)
    expect(error.code).toBe(code)
  })

  it('has an architecture that resembles a known one', async () => {
    const error = await refused((files) =>
      edit(files, 'config.json', () => ({ architectures: ['LlamaForCausalLN'] })),
    )
    expect(error.hint).toContain('the nearest that can is LlamaForCausalLM')
  })

  it.each<[string, (files: PublishedFiles) => unknown, string, RegExp]>([
    [
      'a missing shard',
      (files) => files.delete('model-00002-of-00003.safetensors'),
      'NOT_FOUND',
      /the shard model-00002-of-00003\.safetensors is missing/,
    ],
    [
      'an index that names a file elsewhere',
      (files) => edit(files, INDEX, () => ({ weight_map: { a: '../../etc/passwd' } })),
      'BAD_FORMAT',
      /"weight_map" has "\.\.\/\.\.\/etc\/passwd" for "a", not the name of a file in this folder/,
    ],
    [
      'an index that names a hidden file',
      (files) => edit(files, INDEX, () => ({ weight_map: { a: '..' } })),
      'BAD_FORMAT',
      /not the name of a file in this folder/,
    ],
    [
      'an index without a map',
      (files) => edit(files, INDEX, () => ({})),
      'MISSING',
      /"weight_map" is missing/,
    ],
    [
      'an index with a tensor that its shard lacks',
      (files) =>
        edit(files, INDEX, ({ weight_map: map }) => ({
          weight_map: { ...(map as object), extra: 'model-00001-of-00003.safetensors' },
        })),
      'MISSING',
      /tensor "extra" is not in model-00001-of-00003\.safetensors/,
    ],
  ])('has %s', async (_, change, code, message) => {
    const error = await refused((files) => void change(files), 3)
    expect(error.message).toMatch(message)
    expect(error.code).toBe(code)
  })
})
