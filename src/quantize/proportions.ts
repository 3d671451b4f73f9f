import type { Metadata } from '../gguf/metadata.js'

/** What a mix depends on besides the tensors. */
export interface Proportions {
  readonly architecture: string
  readonly layers: number
  /** 0 for dense models. */
  readonly experts: number
  /** Query heads for each key/value head of the first layer. */
  readonly headsPerKvHead: number
  /** Whether it has the shape of a model of 70 billion parameters, whose values are shared by eight heads. */
  readonly isOf70B: boolean
}

/** Layers of the architectures whose models with that many llama.cpp knows as 70B. */
const LAYERS_OF_70B: Readonly<Record<string, number>> = {
  llama: 80,
  deci: 80,
  olmo: 80,
  qwen2: 80,
  jais2: 68,
}

/** Reads them. Throws `MISSING` for a file without an architecture or a number of layers. */
export function proportions(metadata: Metadata): Proportions {
  const architecture = metadata.string('general.architecture')
  const layers = metadata.number(`${architecture}.block_count`)
  const heads = firstOf(metadata, `${architecture}.attention.head_count`) ?? 1
  const kvHeads = firstOf(metadata, `${architecture}.attention.head_count_kv`) ?? heads
  const shares = architecture !== 'llama' || heads !== kvHeads
  return {
    architecture,
    layers,
    experts: metadata.number(`${architecture}.expert_count`, 0),
    headsPerKvHead: kvHeads === 0 ? 0 : Math.floor(heads / kvHeads),
    isOf70B: LAYERS_OF_70B[architecture] === layers && shares,
  }
}

/** A number, or the first of a list with one per layer. */
function firstOf(metadata: Metadata, key: string): number | undefined {
  const value = metadata.get(key)
  if (typeof value === 'number') return value
  return ArrayBuffer.isView(value) ? Number((value as Uint32Array)[0]) : undefined
}
