import { type CaseOptions, type ModelCase, modelCase } from '../random-models.js'

/** A sample of the block formats. */
export const FORMATS = ['F16', 'Q8_0', 'Q4_0', 'Q4_K']

/** Row lengths that are multiples of 256. */
export const WIDE = { embed: 256, feedForward: 512, vocab: 389 }

/** Much shorter than the prompts. */
export const WINDOW = 16

/** Prompts over several pages of the cache, which leave windows of more than one page. */
export const LONG = [300, 75, 3]

/** llama-quantize's mix for Q4_K_M when the embedding length is not a multiple of 256, but the feed-forward length is. */
export function mixed(name: string): string {
  if (name === 'token_embd.weight' || name === 'output.weight') return 'Q8_0'
  return /attn_|ffn_gate|ffn_up/.test(name) ? 'Q5_0' : 'Q4_K'
}
export const MIXED = { embed: 160, heads: 5, kvHeads: 1, feedForward: 512 }

/** For families that share most of their computation with others: small, so that there can be many. */
const TINY = { embed: 64, heads: 4, kvHeads: 2, feedForward: 96, vocab: 389 }

/** A page of the cache and the beginning of another; then a prompt short enough for the decode path. */
const PROMPTS = [130, 3]

/** `familyCases` of tiny models. */
export function tinyCases(
  architecture: string,
  basis: CaseOptions,
  variants: readonly Variant[],
): ModelCase[] {
  return familyCases(
    architecture,
    { prompts: PROMPTS, brief: true, ...basis, shape: { ...TINY, ...basis.shape } },
    variants,
  )
}

/** A name and what makes the model different from its family's others. */
export type Variant = readonly [name: string, options: CaseOptions]

/** A family's cases: `basis` for all of them, and one model per format of `formats` (default none). */
export function familyCases(
  architecture: string,
  basis: CaseOptions,
  variants: readonly Variant[],
  formats: readonly string[] = [],
): ModelCase[] {
  const one = (name: string, options: CaseOptions) => {
    const shape = { ...basis.shape, ...options.shape }
    const hyperparameters = { ...basis.hyperparameters, ...options.hyperparameters }
    return modelCase(`${architecture}, ${name}`, {
      architecture,
      ...basis,
      ...options,
      shape,
      hyperparameters,
    })
  }
  return [
    ...variants.map(([name, options]) => one(name, options)),
    ...formats.map((format) => one(format, { format, shape: WIDE })),
  ]
}
