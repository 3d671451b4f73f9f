import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { convertModel } from '../../src/convert/convert-model.js'
import { blockFormat } from '../../src/gguf/block-formats.js'
import { readEncodedMetadata } from '../../src/gguf/encoded-metadata.js'
import { quantize } from '../../src/gguf/quantize.js'
import { openGguf } from '../../src/gguf/reader.js'
import { f32, i32, str, type TypedValue } from '../../src/gguf/typed-value.js'
import { writeGguf } from '../../src/gguf/writer.js'
import { fileType } from '../../src/quantize/file-types.js'
import { bytesSource } from '../../src/storage/bytes.js'
import { temporaryFolder, tensorBytes } from '../support/model-files.js'
import { modelTools, options } from './conversion.js'
import { type PublishedFiles, published, writeFolder } from './folder.js'
import { MODELS } from './models.js'

const { openFile, createOutput } = modelTools

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

  it('has the pooling of sentence-transformers', async () => {
    const files = published(MODELS.bert)
    const modules = [{ type: 'sentence_transformers.models.Transformer', path: '' }]
    const convertedWith = async (path: string) => {
      files.set(
        'modules.json',
        JSON.stringify([...modules, { type: 'sentence_transformers.models.Pooling', path }]),
      )
      await converted(files, 'm', 'F16', async (out) => {
        const file = await openGguf(await openFile(out))
        expect(file.metadata.number('bert.pooling_type')).toBe(2)
        await file.close()
      })
    }
    files.set(
      '1_Pooling/config.json',
      JSON.stringify({ pooling_mode_cls_token: true, pooling_mode_mean_tokens: false }),
    )
    await convertedWith('1_Pooling')
    await expect(convertedWith('../1_Pooling')).rejects.toThrow(
      /modules\.json: "\.\.\/1_Pooling" is not the name of a folder/,
    )
    await expect(convertedWith('2_Pooling')).rejects.toThrow(/there is no 2_Pooling\/config\.json/)
    files.set('1_Pooling/config.json', '{}')
    await expect(convertedWith('1_Pooling')).rejects.toThrow(/its pooling is neither mean, cls nor lasttoken/)
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
