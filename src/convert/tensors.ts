import { describeValue, displayName } from '../describe.js'
import { DasllamaError } from '../errors.js'
import { type BlockFormat, blockFormat } from '../gguf/block-formats.js'
import { quantizeF32 } from '../gguf/quantize.js'
import type { FileType } from '../quantize/file-types.js'
import type { TensorCopy } from '../quantize/write-tensors.js'
import { bytesSource } from '../storage/bytes.js'
import type { Checkpoint } from './checkpoint.js'
import type { ConvertedFamily } from './family.js'
import type { JsonObject } from './folder.js'
import type { SafeTensor } from './safetensors.js'

const READ = ['F32', 'F16', 'BF16']

/**
 * The tensors of a checkpoint as they are written, in the order of its files. `tokens`: those of the tokenizer; embeddings of
 * more are cut off. Throws `UNSUPPORTED` for a tensor that the family does not have or of a type that cannot be read, `MISSING` for
 * one that the family needs, and `BAD_FORMAT` for a shape that does not fit.
 */
export function convertedTensors(
  { tensors }: Checkpoint,
  family: ConvertedFamily,
  config: JsonObject,
  { type, tokens, where }: { readonly type: FileType; readonly tokens: number; readonly where: string },
): TensorCopy[] {
  const copies: TensorCopy[] = []
  for (const { name, values } of family.computed?.(config) ?? []) {
    const bytes = quantizeF32(values)
    const format = blockFormat('F32')
    const source = bytesSource(bytes, name)
    copies.push({ name, shape: [values.length], format, source, sourceOffset: 0, sourceFormat: format })
  }
  const found = new Set<string>()
  for (const tensor of tensors.values()) {
    if (family.ignored.some((pattern) => pattern.test(tensor.name))) continue
    const name = nameOf(tensor, family, config)
    if (found.has(name)) throw config.bad(`two tensors become ${describeValue(name)}`)
    found.add(name)
    copies.push(copyOf(tensor, name, family, config, { type, tokens }))
  }
  checkComplete(found, family, config, where)
  return copies
}

/** A tensor's name in GGUF. Throws `UNSUPPORTED`. */
function nameOf({ name, source }: SafeTensor, family: ConvertedFamily, config: JsonObject): string {
  const { tensors, layers } = family
  // PyTorch names of norms in old checkpoints.
  const plain = withoutPrefix(name, family)
    .replace(/\.gamma$/, '.weight')
    .replace(/\.beta$/, '.bias')
  const [, stem, suffix] = /^(.*)\.(weight|bias)$/.exec(plain) ?? []
  if (stem !== undefined && Object.hasOwn(tensors, stem)) return `${tensors[stem]}.${suffix}`
  if (stem?.startsWith(layers.prefix)) {
    const [, layer, part] = /^(\d+)\.(.*)$/.exec(stem.slice(layers.prefix.length)) ?? []
    const isLayer = layer !== undefined && Number(layer) < config.count('num_hidden_layers')
    if (isLayer && Object.hasOwn(layers.tensors, part)) {
      return `blk.${Number(layer)}.${layers.tensors[part]}.${suffix}`
    }
  }
  throw new DasllamaError(
    'UNSUPPORTED',
    `${displayName(source.name)}: tensor ${describeValue(name)} is not part of a ${family.architecture} model with ` +
      `${config.count('num_hidden_layers')} layers`,
  )
}

function withoutPrefix(name: string, { prefixes }: ConvertedFamily): string {
  const prefix = prefixes.find((each) => name.startsWith(each))
  return prefix === undefined ? name : name.slice(prefix.length)
}

function copyOf(
  { name: givenName, dtype, shape: given, source, offset }: SafeTensor,
  name: string,
  family: ConvertedFamily,
  config: JsonObject,
  { type, tokens }: { readonly type: FileType; readonly tokens: number },
): TensorCopy {
  const what = `${displayName(source.name)}: tensor ${describeValue(givenName)}`
  if (!READ.includes(dtype)) {
    throw new DasllamaError('UNSUPPORTED', `${what} has dtype ${dtype}; ${READ.join(', ')} can be converted`)
  }
  if (given.length < 1 || given.length > 2 || given.some((size) => size === 0)) {
    throw new DasllamaError(
      'BAD_FORMAT',
      `${what} has the shape [${given.join(', ')}]; a vector or matrix is expected`,
    )
  }
  const shape = [...given].reverse()
  if (name === 'token_embd.weight' || name === 'output.weight') {
    if (shape[1] < tokens) {
      throw new DasllamaError(
        'BAD_FORMAT',
        `${what} has ${shape[1]} rows, but the tokenizer has ${tokens} tokens`,
      )
    }
    shape[1] = tokens
  }
  const changes = family.changes?.(name, config)
  const rows = given[0]
  const headRows = changes?.interleaveRows
  if (headRows !== undefined && (rows % headRows !== 0 || headRows % 2 !== 0)) {
    throw new DasllamaError('BAD_FORMAT', `${what} has ${rows} rows, which are not heads of ${headRows} rows`)
  }
  return {
    name,
    // A bias has one value per row.
    changes: headRows !== undefined && shape.length === 1 ? { ...changes, columns: 1 } : changes,
    shape,
    format: formatOf(name, shape, type),
    source,
    sourceOffset: offset,
    sourceFormat: blockFormat(dtype),
  }
}

/** Vectors, norms and tables of positions are F32. Rows that do not fit become F16. Source: `prepare_tensors` of conversion/base.py. */
function formatOf(name: string, shape: readonly number[], type: FileType): BlockFormat {
  const isSmall = shape.length === 1 || /(_norm|^position_embd|^token_types)\.weight$/.test(name)
  if (isSmall || !name.endsWith('.weight')) return blockFormat('F32')
  const format = blockFormat(type.format)
  return shape[0] % format.blockElements === 0 ? format : blockFormat('F16')
}

function checkComplete(
  found: ReadonlySet<string>,
  { tensors, layers, optional, prefixes, architecture }: ConvertedFamily,
  config: JsonObject,
  where: string,
): void {
  const missing = (name: string) =>
    new DasllamaError(
      'MISSING',
      `${displayName(where)}: tensor "${name}.weight" of a ${architecture} model is missing`,
    )
  const prefix = prefixes.at(-1) ?? ''
  for (const [name, written] of Object.entries(tensors)) {
    if (!optional.includes(name) && !found.has(`${written}.weight`)) throw missing(prefix + name)
  }
  for (let layer = 0; layer < config.count('num_hidden_layers'); layer++) {
    for (const [name, written] of Object.entries(layers.tensors)) {
      if (!found.has(`blk.${layer}.${written}.weight`))
        throw missing(`${prefix}${layers.prefix}${layer}.${name}`)
    }
  }
}
