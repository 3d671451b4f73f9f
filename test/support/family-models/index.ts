import type { ModelCase } from '../random-models.js'
import { EXPERT_CASES } from './experts.js'
import { GEMMA_CASES } from './gemma.js'
import { GEMMA4_CASES } from './gemma4.js'
import { HYBRID_MAMBA_CASES } from './hybrid-mamba.js'
import { HYBRID_QWEN_CASES } from './hybrid-qwen.js'
import { LATENT_CASES } from './latent.js'
import { LAYER_NORMED_CASES } from './layer-normed.js'
import { LLAMA_LIKE_CASES } from './llama-like.js'
import { NORMED_CASES } from './normed.js'
import { QWEN_CASES } from './qwen.js'

/** Random models of each family except llama, whose models are in random-models.ts. A file per group of families. */
export const FAMILY_CASES: readonly ModelCase[] = [
  ...QWEN_CASES,
  ...GEMMA_CASES,
  ...GEMMA4_CASES,
  ...LLAMA_LIKE_CASES,
  ...NORMED_CASES,
  ...LAYER_NORMED_CASES,
  ...EXPERT_CASES,
  ...LATENT_CASES,
  ...HYBRID_QWEN_CASES,
  ...HYBRID_MAMBA_CASES,
]
