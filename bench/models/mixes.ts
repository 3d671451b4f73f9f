/**
 * Which block format llama-quantize gives each tensor of a SmolLM2-135M: published files are a mix with
 * the name of its main format. Source: src/llama-quant.cpp of llama.cpp.
 */
import type { RandomModelShape } from '../../test/support/random-model/random-model.js'

export type Mix = (tensorName: string) => string

/** SmolLM2-135M. Its rows of 576 are not a multiple of 256, those of `ffn_down` (1536) are. */
export const SHAPE_135M: RandomModelShape = {
  embed: 576,
  layers: 30,
  heads: 9,
  kvHeads: 3,
  headDim: 64,
  feedForward: 1536,
  vocab: 49152,
  context: 2048,
}

/** TinyLlama-1.1B. */
export const SHAPE_1_1B: RandomModelShape = {
  embed: 2048,
  layers: 22,
  heads: 32,
  kvHeads: 4,
  headDim: 64,
  feedForward: 5632,
  vocab: 32000,
  context: 2048,
}

/** The embedding is the output matrix too, for which Q6_K is chosen; rows of 576 then make it Q8_0. */
const EMBEDDING = 'token_embd.weight'

const q8_0: Mix = () => 'Q8_0'

const q4_0: Mix = (name) => (name === EMBEDDING ? 'Q8_0' : 'Q4_0')

/**
 * Q4_K and, for values and down projections of some layers, Q6_K. In rows of 576 these become Q5_0 and Q8_0.
 */
const q4_k_m_135M: Mix = (name) => {
  if (name === EMBEDDING) return 'Q8_0'
  const { part, moreBits } = placeOf(name, SHAPE_135M.layers)
  if (part === 'ffn_down') return moreBits ? 'Q6_K' : 'Q4_K'
  return part === 'attn_v' && moreBits ? 'Q8_0' : 'Q5_0'
}

/** The same where all rows are multiples of 256, and the output matrix gets Q6_K. */
const q4_k_m_1_1B: Mix = (name) => {
  if (name === 'output.weight') return 'Q6_K'
  const { part, moreBits } = placeOf(name, SHAPE_1_1B.layers)
  return (part === 'ffn_down' || part === 'attn_v') && moreBits ? 'Q6_K' : 'Q4_K'
}

/** Which part of its layer a tensor is, and whether that layer is one of those with more bits. */
function placeOf(name: string, layers: number): { part: string | undefined; moreBits: boolean } {
  const [, layer, part] = /^blk\.(\d+)\.(\w+)/.exec(name) ?? []
  return { part, moreBits: deservesMoreBits(Number(layer), layers) }
}

/** The first eighth of the layers, the last one, and every third between. */
function deservesMoreBits(layer: number, layers: number): boolean {
  const eighth = Math.floor(layers / 8)
  return layer < eighth || layer >= Math.floor((7 * layers) / 8) || (layer - eighth) % 3 === 2
}

export const MIXES_135M: Readonly<Record<string, Mix>> = {
  Q8_0: q8_0,
  Q4_0: q4_0,
  Q4_K_M: q4_k_m_135M,
  F16: () => 'F16',
}

/** Here the output matrix is separate, and gets Q6_K in the mixes below 8 bits. */
export const MIXES_1_1B: Readonly<Record<string, Mix>> = {
  Q8_0: q8_0,
  Q4_0: (name) => (name === 'output.weight' ? 'Q6_K' : 'Q4_0'),
  Q4_K_M: q4_k_m_1_1B,
}
