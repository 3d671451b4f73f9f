import { type BlockFormat, blockFormat } from '../gguf/block-formats.js'
import type { TensorInfo } from '../gguf/model-file.js'
import type { FileType } from './file-types.js'
import type { Proportions } from './proportions.js'
import { isQuantizable } from './quantizable.js'

export interface FormattedTensor<T extends TensorInfo> {
  readonly tensor: T
  /** The format that it gets. */
  readonly format: BlockFormat
  /** The format that the mix intends, where the row length does not fit it. */
  readonly intended: BlockFormat | undefined
}

/** Which part of a model a tensor is, as far as mixes distinguish them. */
type Category = 'output' | 'token_embd' | 'attn_v' | 'attn_k' | 'attn_output' | 'ffn_down' | 'other'

/**
 * The block format of each tensor of a file type, and the tensors in the order in which llama.cpp writes them: by layer, then
 * by name. Mixes give tensors more bits that matter more: the output (or tied embeddings), and values and `ffn_down` of some
 * layers. Source: `llama_tensor_get_type` of llama-quant.cpp in llama.cpp, without an importance matrix.
 */
export function tensorFormats<T extends TensorInfo>(
  tensors: Iterable<T>,
  type: FileType,
  model: Proportions,
): FormattedTensor<T>[] {
  const ordered = inLayers(tensors)
  const mix = new Mix(type, model, ordered)
  return ordered.map((tensor) => {
    if (!isQuantizable(tensor)) return { tensor, format: tensor.format, intended: undefined }
    const intended = mix.formatOf(tensor)
    const format = fitting(intended, tensor.shape[0])
    return { tensor, format, intended: format === intended ? undefined : intended }
  })
}

function inLayers<T extends TensorInfo>(tensors: Iterable<T>): T[] {
  return Array.from(tensors, (tensor) => ({ tensor, layer: layerOf(tensor.name) ?? -1 }))
    .sort((a, b) => a.layer - b.layer || (a.tensor.name < b.tensor.name ? -1 : 1))
    .map(({ tensor }) => tensor)
}

function layerOf(name: string): number | undefined {
  const found = /^blk\.(\d+)/.exec(name)
  return found ? Number(found[1]) : undefined
}

function categoryOf(name: string): Category {
  if (name === 'output.weight') return 'output'
  if (name === 'token_embd.weight' || name === 'per_layer_token_embd.weight') return 'token_embd'
  if (/attn_(qkv|kv_b|v)\.weight/.test(name)) return 'attn_v'
  if (name.includes('attn_k.weight')) return 'attn_k'
  if (name.includes('attn_output.weight')) return 'attn_output'
  return name.includes('ffn_down') && !/ffn_(up|gate)/.test(name) ? 'ffn_down' : 'other'
}

/** Decides in file order, because some rules count the tensors of a category. */
class Mix {
  readonly #type: FileType
  readonly #model: Proportions
  readonly #isTied: boolean
  /** How many tensors of values there are, and how many have been decided. */
  readonly #values: number
  #value = 0
  #down = 0

  constructor(type: FileType, model: Proportions, tensors: readonly TensorInfo[]) {
    this.#type = type
    this.#model = model
    const categories = tensors.map(({ name }) => categoryOf(name))
    this.#isTied = !categories.includes('output')
    this.#values = categories.filter((category) => category === 'attn_v').length
  }

  formatOf({ name, shape }: TensorInfo): BlockFormat {
    const basis = blockFormat(this.#type.format)
    // Floats are not mixed.
    if (basis.blockElements === 1) return basis
    const category = categoryOf(name)
    if (category === 'output' || (category === 'token_embd' && this.#isTied)) {
      if (this.#model.architecture === 'falcon' || shape[0] % basis.blockElements !== 0)
        return blockFormat('Q8_0')
      return basis.name === 'Q8_0' ? basis : blockFormat('Q6_K')
    }
    const better = this.#better(category, name)
    return better === undefined ? basis : blockFormat(better)
  }

  /** The format of a tensor that gets another one than most. */
  #better(category: Category, name: string): string | undefined {
    const isOfEight = this.#model.experts === 8
    switch (category) {
      case 'attn_v': {
        const better = this.#betterValues(this.#value++)
        return isOfEight ? 'Q8_0' : better
      }
      case 'attn_k':
        return isOfEight ? 'Q8_0' : undefined
      case 'attn_output': {
        const small = ['IQ4_NL', 'IQ4_XS', 'Q4_K_S', 'Q4_K_M']
        const isFalcon = this.#model.architecture === 'falcon'
        return isOfEight && !isFalcon && small.includes(this.#type.name) ? 'Q5_K' : undefined
      }
      case 'ffn_down': {
        const counted = this.#down++
        // The tensors of experts need not be in the order of their layers.
        return this.#betterDown(this.#model.experts > 1 ? (layerOf(name) ?? counted) : counted)
      }
      default:
        return undefined
    }
  }

  #betterValues(index: number): string | undefined {
    const { headsPerKvHead, isOf70B } = this.#model
    switch (this.#type.name) {
      case 'IQ4_NL':
      case 'IQ4_XS':
        return headsPerKvHead >= 4 ? 'Q5_K' : undefined
      case 'Q4_K_S':
        return index < 4 || isOf70B ? 'Q5_K' : undefined
      case 'Q4_K_M':
        if (deservesMore(index, this.#values)) return 'Q6_K'
        return isOf70B ? 'Q5_K' : undefined
      case 'Q5_K_M':
        return deservesMore(index, this.#values) ? 'Q6_K' : undefined
      default:
        return undefined
    }
  }

  #betterDown(layer: number): string | undefined {
    const { layers, architecture } = this.#model
    const isFalcon = architecture === 'falcon'
    const isEarly = layer < Math.floor(layers / 8)
    switch (this.#type.name) {
      case 'IQ4_NL':
      case 'IQ4_XS':
        return isEarly ? 'Q5_K' : undefined
      case 'Q4_K_S':
        return isEarly && !isFalcon ? 'Q5_K' : undefined
      case 'Q4_K_M':
        if (isFalcon && layer >= Math.floor(layers / 16)) {
          return deservesMore(layer, layers) ? 'Q5_K' : undefined
        }
        return isFalcon || deservesMore(layer, layers) ? 'Q6_K' : undefined
      case 'Q5_K_M':
        return deservesMore(layer, layers) ? 'Q6_K' : undefined
      default:
        return undefined
    }
  }
}

/** The first and the last eighth of the layers, and every third between (`use_more_bits`). */
function deservesMore(layer: number, layers: number): boolean {
  const eighth = Math.floor(layers / 8)
  return layer < eighth || layer >= Math.floor((7 * layers) / 8) || (layer - eighth) % 3 === 2
}

/** Formats with blocks of 32 in place of those with blocks of 256. */
const SMALLER_BLOCKS: Readonly<Record<string, string>> = {
  IQ4_XS: 'IQ4_NL',
  Q4_K: 'Q5_0',
  Q5_K: 'Q5_1',
  Q6_K: 'Q8_0',
}

/** The format itself if rows of `columns` consist of its blocks; otherwise one with smaller blocks, or F16. */
function fitting(format: BlockFormat, columns: number): BlockFormat {
  if (columns % format.blockElements === 0) return format
  const smaller = blockFormat(SMALLER_BLOCKS[format.name] ?? format.name)
  return columns % smaller.blockElements === 0 ? smaller : blockFormat('F16')
}
