import { type TypedValue, u32 } from '../gguf/typed-value.js'
import { layOut } from '../gguf/writer.js'
import type { FileType } from '../quantize/file-types.js'
import type { CreateOutput } from '../quantize/output-file.js'
import { QUANTIZATION_VERSION } from '../quantize/quantize-model.js'
import { type WritingOptions, writeFile } from '../quantize/write-file.js'
import type { TensorCopy } from '../quantize/write-tensors.js'
import { openCheckpoint } from './checkpoint.js'
import { familyOf } from './families/index.js'
import { Folder, type OpenFile } from './folder.js'
import { generalMetadata } from './general.js'
import { textConfig } from './hyperparameters.js'
import { convertedTensors } from './tensors.js'
import { convertedTokenizer } from './tokenizer/tokenizer.js'

/** The file types that a model can be converted to. Others need `dasllama quantize`. */
export const CONVERTED_TYPES = ['F16', 'BF16', 'F32', 'Q8_0'] as const

export interface ConvertOptions extends WritingOptions {
  readonly type: FileType
}

/** What was written. */
export interface ConvertReport {
  readonly architecture: string
  readonly tensors: number
  /** Of all tensors. */
  readonly elements: number
  readonly tokens: number
  /** Of the file. */
  readonly bytes: number
}

/**
 * Converts a folder in Hugging Face's layout to a GGUF file, piece by piece. Rejects with `NOT_FOUND` for a file that is not there,
 * `MISSING` for a key or tensor, `BAD_FORMAT` and `TRUNCATED` for damaged files, `UNSUPPORTED` for architectures, tokenizers and types that
 * cannot be converted, and as `writeFile` does.
 */
export async function convertModel(
  path: string,
  openFile: OpenFile,
  output: string,
  createOutput: CreateOutput,
  options: ConvertOptions,
): Promise<ConvertReport> {
  const { signal, type } = options
  const folder = new Folder(path, openFile)
  const config = textConfig(await folder.neededJson('config.json', signal))
  const family = familyOf(config)
  const { architecture } = family
  const hyperparameters = family.hyperparameters(config)
  const tokenizer = await convertedTokenizer(folder, config, architecture, signal)
  const generation = await folder.json('generation_config.json', signal)
  const checkpoint = await openCheckpoint(folder, signal)
  try {
    const settings = { type, tokens: tokenizer.tokens, where: folder.path }
    const tensors = convertedTensors(checkpoint, family, config, settings)
    const elements = tensors.reduce(
      (sum, { shape }) => sum + shape.reduce((product, size) => product * size, 1),
      0,
    )
    const metadata: (readonly [string, TypedValue])[] = [
      ...generalMetadata(architecture, folder.name, elements, generation),
      ...Array.from(hyperparameters, ([key, value]) => [`${architecture}.${key}`, value] as const),
      ['general.file_type', u32(type.id)],
      ['general.quantization_version', u32(QUANTIZATION_VERSION)],
      ...(family.metadata?.(config) ?? []),
      ...tokenizer.metadata,
    ]
    const layout = layOut<TensorCopy>({ metadata, tensors })
    await writeFile(output, layout, createOutput, { ...options, inputs: checkpoint.sources })
    const { size: bytes } = layout
    return { architecture, tensors: tensors.length, elements, tokens: tokenizer.tokens, bytes }
  } finally {
    await checkpoint.close()
  }
}
