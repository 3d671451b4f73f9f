import type { Family } from '../family.js'

/** Llama 1 to 3, TinyLlama, SmolLM, Mistral 7B and all that converts to `llama`. Source: Touvron et al. 2023. */
export const llama: Family = { architecture: 'llama', ropePairs: 'interleaved', gate: 'silu' }
