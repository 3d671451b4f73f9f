import { f32, u32 } from '../../gguf/typed-value.js'
import { type ConvertedFamily, DECODER, DECODER_LAYER } from '../family.js'
import { JsonObject } from '../folder.js'
import { commonHyperparameters } from '../hyperparameters.js'

/** What config.json may leave to the defaults of Hugging Face's library. */
const DEFAULTS = {
  max_position_embeddings: 131_072,
  num_attention_heads: 8,
  num_key_value_heads: 4,
  head_dim: 256,
  rms_norm_eps: 1e-6,
}

/**
 * Gemma 3, the text model. Its norms multiply with 1 + weight, GGUF's with the weight. Source: conversion/gemma.py in
 * llama.cpp.
 */
export const GEMMA3: ConvertedFamily = {
  classes: ['Gemma3ForCausalLM', 'Gemma3ForConditionalGeneration'],
  architecture: 'gemma3',
  ...DECODER,
  prefixes: ['language_model.model.', 'model.language_model.', 'language_model.', 'model.'],
  ignored: [...DECODER.ignored, /vision_tower\.|multi_modal_projector\./],
  layers: {
    prefix: 'layers.',
    tensors: {
      ...DECODER_LAYER,
      post_attention_layernorm: 'post_attention_norm',
      pre_feedforward_layernorm: 'ffn_norm',
      post_feedforward_layernorm: 'post_ffw_norm',
      'self_attn.q_norm': 'attn_q_norm',
      'self_attn.k_norm': 'attn_k_norm',
    },
  },
  hyperparameters(given) {
    const config = new JsonObject(given.where, { ...DEFAULTS, ...given.values })
    const found = commonHyperparameters(config)
    if (!found.has('rope.freq_base')) found.set('rope.freq_base', f32(1_000_000))
    const cap = config.optionalNumber('final_logit_softcapping')
    if (cap) found.set('final_logit_softcapping', f32(cap))
    if (config.has('attn_logit_softcapping')) {
      throw config.bad('"attn_logit_softcapping" is given, which Gemma 3 does not have')
    }
    if (config.get('sliding_window_pattern') !== 1) {
      found.set('attention.sliding_window', u32(config.count('sliding_window')))
    }
    return found
  },
  changes: (name) => (name.endsWith('norm.weight') ? { add: 1 } : undefined),
}
