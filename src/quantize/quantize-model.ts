import { describeValue, displayName } from '../describe.js'
import { DasllamaError } from '../errors.js'
import { type BlockFormat, bytesFor } from '../gguf/block-formats.js'
import { readEncodedMetadata } from '../gguf/encoded-metadata.js'
import type { ModelFile, StoredTensor } from '../gguf/model-file.js'
import { openGguf } from '../gguf/reader.js'
import { type EncodedValue, type TypedValue, u32 } from '../gguf/typed-value.js'
import { layOut } from '../gguf/writer.js'
import { guarded } from '../storage/guarded.js'
import type { ByteSource } from '../storage/source.js'
import type { FileType } from './file-types.js'
import type { CreateOutput } from './output-file.js'
import { proportions } from './proportions.js'
import { type FormattedTensor, tensorFormats } from './tensor-formats.js'
import { type WritingOptions, writeFile } from './write-file.js'
import type { TensorCopy } from './write-tensors.js'

export interface QuantizeOptions extends WritingOptions {
  readonly type: FileType
  /** Whether tensors may be quantized that are quantized already, which loses more than quantizing the original. */
  readonly allowRequantize: boolean
  /** Whether nothing is written: the report says what would be. Default false. */
  readonly dryRun?: boolean
}

/** What was written. */
export interface QuantizeReport {
  readonly tensors: readonly FormattedTensor<StoredTensor>[]
  /** Elements of all tensors. */
  readonly elements: number
  /** Bytes of tensor data, before and after. */
  readonly bytesBefore: number
  readonly bytesAfter: number
}

/** The version of the block formats' layouts. Source: `GGML_QNT_VERSION` of ggml.h in llama.cpp. */
export const QUANTIZATION_VERSION = 2

/** Keys that describe the file itself, not the model. */
const OF_THE_FILE = ['split.no', 'split.count', 'split.tensors.count', 'general.alignment']

/**
 * Writes a GGUF model in another file type: tensor by tensor the formats that llama.cpp's quantizer chooses, and its bytes. All
 * metadata are kept. `open` opens the (first) file, whose other parts are its siblings. Rejects as `openGguf` does; with
 * `INVALID_ARGUMENT` for tensors that are quantized already, unless allowed; with `UNSUPPORTED` for formats that cannot
 * be read; and as `writeFile` does.
 */
export async function quantizeModel(
  open: () => Promise<ByteSource>,
  path: string,
  createOutput: CreateOutput,
  options: QuantizeOptions,
): Promise<QuantizeReport> {
  const { signal, type } = options
  const source = guarded(await open())
  let model: ModelFile | undefined
  try {
    model = await openGguf(source, { signal })
    const tensors = tensorFormats(model.tensors.values(), type, proportions(model.metadata))
    if (!options.allowRequantize) refuseQuantized(model.name, tensors, type)
    if (options.dryRun) return report(tensors)
    const alignment = model.metadata.number('general.alignment', 32)
    const layout = layOut<TensorCopy>({
      metadata: await metadataOf(source, type, signal),
      tensors: tensors.map(copyOf),
      alignment,
    })
    const inputs = new Set([source, ...tensors.map(({ tensor }) => tensor.source)])
    await writeFile(path, layout, createOutput, { ...options, inputs: [...inputs] })
    return report(tensors)
  } finally {
    await (model ?? source).close()
  }
}

async function metadataOf(source: ByteSource, { id }: FileType, signal: AbortSignal | undefined) {
  const metadata = new Map<string, EncodedValue | TypedValue>(await readEncodedMetadata(source, signal))
  for (const key of OF_THE_FILE) metadata.delete(key)
  // At the end, where llama.cpp has them, too.
  for (const [key, value] of [
    ['general.quantization_version', QUANTIZATION_VERSION],
    ['general.file_type', id],
  ] as const) {
    metadata.delete(key)
    metadata.set(key, u32(value))
  }
  return metadata
}

function copyOf({ tensor, format }: FormattedTensor<StoredTensor>): TensorCopy {
  const { name, shape, source, offset, format: sourceFormat } = tensor
  return { name, shape, format, source, sourceOffset: offset, sourceFormat }
}

function isFloat({ name }: BlockFormat): boolean {
  return name === 'F32' || name === 'F16' || name === 'BF16'
}

function refuseQuantized(
  fileName: string,
  tensors: readonly FormattedTensor<StoredTensor>[],
  type: FileType,
): void {
  const found = tensors.find(({ tensor, format }) => tensor.format !== format && !isFloat(tensor.format))
  if (!found) return
  const { name, format } = found.tensor
  throw new DasllamaError(
    'INVALID_ARGUMENT',
    `${displayName(fileName)} is quantized already: tensor ${describeValue(name)} is ${format.name}, and would be ` +
      `${found.format.name} in ${type.name}`,
    { hint: 'quantize the F16, BF16 or F32 file; or add --allow-requantize, which loses more' },
  )
}

function report(tensors: readonly FormattedTensor<StoredTensor>[]): QuantizeReport {
  let [elements, bytesBefore, bytesAfter] = [0, 0, 0]
  for (const { tensor, format } of tensors) {
    elements += tensor.elements
    bytesBefore += tensor.byteLength
    bytesAfter += bytesFor(format, tensor.elements)
  }
  return { tensors, elements, bytesBefore, bytesAfter }
}
