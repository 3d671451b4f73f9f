import { u32 } from '../../gguf/typed-value.js'
import { power } from '../../math/elementary.js'
import { type ComputedTensor, type ConvertedFamily, DECODER, DECODER_LAYER } from '../family.js'
import type { JsonObject } from '../folder.js'
import { commonHyperparameters, headDimOf, ropeParameters, ropeType } from '../hyperparameters.js'

/**
 * Llama and Mistral. GGUF's rotary embeddings rotate neighbours, so rows of q and k are interleaved. Source: conversion/llama.py
 * in llama.cpp.
 */
export const LLAMA: ConvertedFamily = {
  classes: ['LlamaForCausalLM', 'LLaMAForCausalLM', 'MistralForCausalLM', 'LlamaModel'],
  architecture: 'llama',
  ...DECODER,
  layers: { prefix: 'layers.', tensors: DECODER_LAYER },
  hyperparameters(config) {
    const found = commonHyperparameters(config)
    found.set('vocab_size', u32(config.count('vocab_size')))
    found.set('rope.dimension_count', u32(headDimOf(config)))
    return found
  },
  changes(name, config) {
    return /\.attn_[qk]\.(weight|bias)$/.test(name) ? { interleaveRows: headDimOf(config) } : undefined
  },
  computed: llama3Factors,
}

/** Divisors of the rotary frequencies of Llama 3.1: 1 for fast pairs, `factor` for slow ones, between them a transition. */
function llama3Factors(config: JsonObject): readonly ComputedTensor[] {
  const { theta = 10_000, scaling } = ropeParameters(config)
  if (ropeType(scaling) !== 'llama3') return []
  const factor = scaling.optionalNumber('factor') ?? 8
  const low = scaling.optionalNumber('low_freq_factor') ?? 1
  const high = scaling.optionalNumber('high_freq_factor') ?? 4
  const original = scaling.optionalNumber('original_max_position_embeddings') ?? 8192
  if (high === low) throw scaling.bad(`"high_freq_factor" equals "low_freq_factor": ${low}`)
  const headDim = headDimOf(config)
  const values = Float32Array.from({ length: headDim / 2 }, (_, pair) => {
    const wavelength = 2 * Math.PI * power(theta, (2 * pair) / headDim)
    if (wavelength < original / high) return 1
    if (wavelength > original / low) return factor
    const smooth = (original / wavelength - low) / (high - low)
    return 1 / ((1 - smooth) / factor + smooth)
  })
  return [{ name: 'rope_freqs.weight', values }]
}
