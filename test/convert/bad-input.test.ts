import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { convertModel } from '../../src/convert/convert-model.js'
import { DasllamaError } from '../../src/errors.js'
import { temporaryFolder } from '../support/model-files.js'
import { modelTools, options } from './conversion.js'
import { type PublishedFiles, published, safetensors, withHeader, writeFolder } from './folder.js'
import { MODELS } from './models.js'

const { openFile, createOutput } = modelTools

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
