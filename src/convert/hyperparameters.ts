import { bool, f32, str, u32 } from '../gguf/typed-value.js'
import type { Hyperparameters } from './family.js'
import { JsonObject } from './folder.js'

/** `text_config` of models that also see images, on top of the rest. */
export function textConfig(config: JsonObject): JsonObject {
  const inner = config.optionalObject('text_config')
  return inner ? new JsonObject(config.where, { ...config.values, ...inner.values }) : config
}

/**
 * The hyperparameters that all families have in common. Throws `MISSING`, naming the key of config.json. Source:
 * `TextModel.set_gguf_parameters` of conversion/base.py in llama.cpp.
 */
export function commonHyperparameters(config: JsonObject): Hyperparameters {
  const found: Hyperparameters = new Map()
  found.set('block_count', u32(config.count('num_hidden_layers')))
  found.set('context_length', u32(config.count('max_position_embeddings')))
  found.set('embedding_length', u32(config.count('hidden_size')))
  found.set('feed_forward_length', u32(config.count('intermediate_size')))
  found.set('attention.head_count', u32(config.count('num_attention_heads')))
  const kvHeads = config.optionalCount('num_key_value_heads')
  if (kvHeads !== undefined) found.set('attention.head_count_kv', u32(kvHeads))
  setRope(found, config)
  const rms = config.optionalNumber('rms_norm_eps')
  if (rms !== undefined) found.set('attention.layer_norm_rms_epsilon', f32(rms))
  const norm = config.optionalNumber('layer_norm_eps')
  if (norm !== undefined) found.set('attention.layer_norm_epsilon', f32(norm))
  const headDim = config.optionalCount('head_dim')
  if (headDim !== undefined) {
    found.set('attention.key_length', u32(headDim))
    found.set('attention.value_length', u32(headDim))
  }
  if (config.optionalBoolean('is_causal') === false) found.set('attention.causal', bool(false))
  return found
}

/** The parameters of rotary embeddings: newer files have them all in `rope_parameters`, by kind of layer where they differ. */
export interface RopeParameters {
  readonly theta: number | undefined
  /** Of windowed layers. */
  readonly windowTheta: number | undefined
  readonly scaling: JsonObject
}

export function ropeParameters(config: JsonObject): RopeParameters {
  const given = config.optionalObject('rope_parameters') ?? config.optionalObject('rope_scaling')
  const full = given?.optionalObject('full_attention') ?? given ?? new JsonObject(config.where, {})
  return {
    theta: full.optionalNumber('rope_theta') ?? config.optionalNumber('rope_theta'),
    windowTheta:
      given?.optionalObject('sliding_attention')?.optionalNumber('rope_theta') ??
      config.optionalNumber('rope_local_base_freq'),
    scaling: full,
  }
}

/** The kind of scaling of rotary embeddings, in config.json's words; `default` where there is none. */
export function ropeType(scaling: JsonObject): string {
  return (scaling.optionalString('rope_type') ?? scaling.optionalString('type') ?? 'default').toLowerCase()
}

/** Keys of YaRN in config.json, and in GGUF. */
const YARN = {
  extrapolation_factor: 'yarn_ext_factor',
  attention_factor: 'yarn_attn_factor',
  attn_factor: 'yarn_attn_factor',
  beta_fast: 'yarn_beta_fast',
  beta_slow: 'yarn_beta_slow',
} as const

function setRope(found: Hyperparameters, config: JsonObject): void {
  const { theta, windowTheta, scaling } = ropeParameters(config)
  const type = ropeType(scaling)
  switch (type) {
    case 'linear':
    case 'yarn': {
      found.set('rope.scaling.type', str(type))
      found.set('rope.scaling.factor', f32(scaling.number('factor')))
      if (type === 'linear') break
      const original =
        scaling.optionalCount('original_max_position_embeddings') ??
        config.optionalCount('original_max_position_embeddings') ??
        scaling.count('original_max_position_embeddings')
      found.set('rope.scaling.original_context_length', u32(original))
      for (const [key, name] of Object.entries(YARN)) {
        const value = scaling.optionalNumber(key)
        if (value !== undefined && !found.has(`rope.scaling.${name}`))
          found.set(`rope.scaling.${name}`, f32(value))
      }
      break
    }
    // Factors of their own: `llama3Factors`.
    case 'llama3':
    case 'default':
      break
    default:
      throw scaling.bad(`the rope type "${type}" is not supported; linear, yarn and llama3 are`)
  }
  if (theta !== undefined) found.set('rope.freq_base', f32(theta))
  if (windowTheta !== undefined) found.set('rope.freq_base_swa', f32(windowTheta))
}

/** Values per head. */
export function headDimOf(config: JsonObject): number {
  const headDim = config.optionalCount('head_dim')
  if (headDim !== undefined) return headDim
  const [width, heads] = [config.count('hidden_size'), config.count('num_attention_heads')]
  if (width % heads !== 0)
    throw config.bad(`"hidden_size" ${width} is not a multiple of "num_attention_heads" ${heads}`)
  return width / heads
}
