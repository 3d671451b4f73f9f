import { type ConvertedFamily, DECODER, DECODER_LAYER } from '../family.js'
import { commonHyperparameters } from '../hyperparameters.js'

/** Source: conversion/qwen.py in llama.cpp. */
export const QWEN2: ConvertedFamily = {
  classes: ['Qwen2ForCausalLM', 'Qwen2Model'],
  architecture: 'qwen2',
  ...DECODER,
  layers: { prefix: 'layers.', tensors: DECODER_LAYER },
  hyperparameters: commonHyperparameters,
}

/** As Qwen 2, with norms of the heads' queries and keys. */
export const QWEN3: ConvertedFamily = {
  ...QWEN2,
  classes: ['Qwen3ForCausalLM', 'Qwen3Model'],
  architecture: 'qwen3',
  layers: {
    prefix: 'layers.',
    tensors: { ...DECODER_LAYER, 'self_attn.q_norm': 'attn_q_norm', 'self_attn.k_norm': 'attn_k_norm' },
  },
}
