import { bool, u32 } from '../../gguf/typed-value.js'
import type { ConvertedFamily } from '../family.js'
import { commonHyperparameters } from '../hyperparameters.js'

/** BERT, without its pooling layer and its heads. Source: conversion/bert.py in llama.cpp. */
export const BERT: ConvertedFamily = {
  classes: ['BertModel', 'BertForMaskedLM'],
  architecture: 'bert',
  prefixes: ['bert.'],
  tensors: {
    'embeddings.word_embeddings': 'token_embd',
    'embeddings.position_embeddings': 'position_embd',
    'embeddings.token_type_embeddings': 'token_types',
    'embeddings.LayerNorm': 'token_embd_norm',
  },
  layers: {
    prefix: 'encoder.layer.',
    tensors: {
      'attention.self.query': 'attn_q',
      'attention.self.key': 'attn_k',
      'attention.self.value': 'attn_v',
      'attention.output.dense': 'attn_output',
      'attention.output.LayerNorm': 'attn_output_norm',
      'intermediate.dense': 'ffn_up',
      'output.dense': 'ffn_down',
      'output.LayerNorm': 'layer_output_norm',
    },
  },
  optional: ['embeddings.token_type_embeddings'],
  ignored: [/embeddings\.position_ids$/, /pooler\.dense\.(weight|bias)$/, /^cls\./],
  hyperparameters(config) {
    const found = commonHyperparameters(config)
    found.set('attention.causal', bool(false))
    return found
  },
  metadata: (config) => [
    ['tokenizer.ggml.token_type_count', u32(config.optionalCount('type_vocab_size') ?? 1)],
  ],
}
