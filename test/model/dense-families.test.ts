import { describe, expect, it } from 'vitest'
import { openGguf } from '../../src/gguf/reader.js'
import { array, bool, type EncodedValue, f32, type TypedValue, u32 } from '../../src/gguf/typed-value.js'
import { type TensorToWrite, writeGguf } from '../../src/gguf/writer.js'
import { planModel } from '../../src/model/plan.js'
import { bytesSource } from '../../src/storage/bytes.js'
import { LAYER_NORMED_CASES } from '../support/family-models/layer-normed.js'
import { LLAMA_LIKE_CASES } from '../support/family-models/llama-like.js'
import { NORMED_CASES } from '../support/family-models/normed.js'
import type { ModelCase } from '../support/random-models.js'

const CASES = [...LLAMA_LIKE_CASES, ...NORMED_CASES, ...LAYER_NORMED_CASES]

function architectureOf({ name }: ModelCase): string {
  return name.slice(0, name.indexOf(','))
}

/** One model of each architecture. */
const EACH = new Map([...CASES].reverse().map((each) => [architectureOf(each), each]))

async function directoryOf({ parts }: Pick<ModelCase, 'parts'>) {
  return openGguf(bytesSource(writeGguf(parts), 'm.gguf'))
}

/** An architecture's model with other keys and tensors; `undefined` removes a key. */
function changed(
  architecture: string,
  keys: Readonly<Record<string, TypedValue | undefined>>,
  change: (tensors: readonly TensorToWrite[]) => readonly TensorToWrite[] = (tensors) => tensors,
) {
  const { parts } = EACH.get(architecture)!
  const metadata = new Map<string, EncodedValue | TypedValue>(parts.metadata)
  for (const [key, value] of Object.entries(keys)) {
    if (value) metadata.set(`${architecture}.${key}`, value)
    else metadata.delete(`${architecture}.${key}`)
  }
  return directoryOf({ parts: { metadata, tensors: [...change([...parts.tensors])] } })
}

function zeros(name: string, ...shape: number[]): TensorToWrite {
  const elements = shape.reduce((product, size) => product * size, 1)
  return { name, shape, format: 'F32', data: new Uint8Array(4 * elements) }
}

/** Architectures whose feed-forward matrices are fused. */
const fused = new Set(['phi3', 'glm4', 'chatglm'])

describe('a file that lacks a tensor is rejected, naming it', () => {
  it.each([...EACH.keys()])('%s', async (architecture) => {
    const file = await directoryOf(EACH.get(architecture)!)
    const { program } = planModel(file)
    for (const name of program.tensors.keys()) {
      // Absent biases, factors and gates mean another variant, whose other tensors do not match.
      if (
        /\.(bias|scale)$|ffn_gate|attn_qkv|^output\.weight|rope_fre|attn_norm_2|attn_[qk]_norm|ffn_norm/.test(
          name,
        )
      )
        continue
      const tensors = new Map(file.tensors)
      tensors.delete(name)
      // Without a fused matrix, both of its parts are missing.
      const missing = fused.has(architecture) ? name.replace('ffn_up', 'ffn_gate') : name
      expect(() => planModel({ ...file, tensors }), name).toThrow(
        expect.objectContaining({ code: 'MISSING', message: expect.stringContaining(missing) }),
      )
    }
  })
})

const bools = (...values: boolean[]) => array('bool', values)

describe('metadata that contradict each other are rejected, naming the key', () => {
  it.each<[architecture: string, key: string, value: TypedValue | undefined, code: string, what: string]>([
    ['gemma2', 'attention.sliding_window_pattern', bools(true), 'BAD_FORMAT', 'has 1 values for 3 layers'],
    ['gemma2', 'attn_logit_softcapping', f32(-1), 'BAD_FORMAT', 'is -1'],
    ['gemma2', 'attention.sliding_window', f32(0.5), 'BAD_FORMAT', 'is 0.5'],
    ['cohere2', 'attention.sliding_window', undefined, 'MISSING', 'is missing'],
    ['cohere2', 'attention.sliding_window_pattern', array('u32', [1, 1]), 'BAD_FORMAT', 'has 2 values for 5'],
    ['granite', 'logit_scale', undefined, 'MISSING', 'is missing'],
    ['granite', 'logit_scale', f32(0), 'BAD_FORMAT', 'is 0; logits are divided by it'],
    ['granite', 'residual_scale', f32(Number.NaN), 'BAD_FORMAT', 'is NaN'],
    ['granite_swa', 'attention.sliding_window_pattern', undefined, 'MISSING', 'is missing'],
    ['granite_swa', 'attention.rope_pattern', bools(true, false), 'BAD_FORMAT', 'has 2 values for 3 layers'],
    ['gptneox', 'use_parallel_residual', undefined, 'MISSING', 'is missing'],
    ['stablelm', 'attention.layer_norm_epsilon', undefined, 'MISSING', 'is missing'],
    ['mistral3', 'attention.temperature_scale', f32(-1), 'BAD_FORMAT', 'is -1'],
    ['glm4', 'nextn_predict_layers', u32(2000), 'BAD_FORMAT', 'is 2000'],
    ['baichuan', 'block_count', u32(16), 'UNSUPPORTED', 'is 16; a model of this family has 32 or 40 layers'],
    ['olmo2', 'attention.head_count_kv', u32(3), 'BAD_FORMAT', '4 attention heads cannot share 3'],
    ['olmo2', 'attention.head_count_kv', array('u32', [2, 2, 2]), 'BAD_FORMAT', 'has 3 values for 5 layers'],
    [
      'olmo2',
      'feed_forward_length',
      array('u32', [96, 96, 96, 96, 64]),
      'UNSUPPORTED',
      'differs from layer to layer',
    ],
    ['gpt2', 'attention.head_count', u32(7), 'BAD_FORMAT', '64 values'],
    ['phi2', 'rope.dimension_count', u32(7), 'BAD_FORMAT', '7 rotary dimensions'],
  ])('%s: %s', async (architecture, key, value, code, what) => {
    const file = await changed(architecture, { [key]: value })
    expect(() => planModel(file)).toThrow(
      expect.objectContaining({ name: 'DasllamaError', code, message: expect.stringContaining(what) }),
    )
    expect(() => planModel(file)).toThrow(`"${architecture}.${key}"`)
  })

  it('attention in both directions, where the family has none', async () => {
    const file = await changed('granite', { 'attention.causal': bool(false) })
    expect(() => planModel(file)).toThrow('non-causal attention is not supported')
  })

  it('as many unused layers as there are', async () => {
    const file = await changed('glm4', { nextn_predict_layers: u32(2) })
    expect(() => planModel(file)).toThrow('2 of 2 layers are not run')
  })
})

describe('longrope', () => {
  const phi3 = (...tensors: TensorToWrite[]) => changed('phi3', {}, (all) => [...all, ...tensors])
  const [short, long] = ['rope_factors_short.weight', 'rope_factors_long.weight']

  it('is used for files with its tensors, whatever type of scaling they mention', async () => {
    const { program } = planModel(await phi3(zeros(short, 8), zeros(long, 8)))
    expect(program.ropes).toMatchObject([
      { factors: short, longFactors: long, scaling: { type: 'longrope' } },
    ])
  })

  it('needs both tensors', async () => {
    const file = await phi3(zeros(long, 8))
    expect(() => planModel(file)).toThrow(`tensor "${short}" is missing`)
  })

  it('needs a factor for each pair', async () => {
    const file = await phi3(zeros(short, 8), zeros(long, 7))
    expect(() => planModel(file)).toThrow(`tensor "${long}" has shape [7]; by the metadata it must be [8]`)
  })
})

describe('layers and tensors that are not run', () => {
  const draft = [zeros('blk.2.attn_norm.weight', 64), zeros('blk.2.nextn.eh_proj.weight', 128, 64)]

  it.each(['glm4', 'exaone4'])('%s leaves out a draft head', async (architecture) => {
    const plain = planModel(await changed(architecture, {}))
    const keys = { block_count: u32(3), nextn_predict_layers: u32(1) }
    const { program, config } = planModel(
      await changed(architecture, keys, (tensors) => [...tensors, ...draft]),
    )
    expect([...program.tensors.keys()]).toEqual([...plain.program.tensors.keys()])
    expect(config).toMatchObject({ layers: 2, draftLayers: 1 })
  })

  it('a layer beyond the file is still unexpected', async () => {
    const keys = { block_count: u32(3), nextn_predict_layers: u32(1) }
    const file = await changed('glm4', keys, (tensors) => [...tensors, zeros('blk.3.attn_norm.weight', 64)])
    expect(() => planModel(file)).toThrow('unexpected tensor "blk.3.attn_norm.weight"')
  })

  it('the matrix of a ranking head is not part of the program', async () => {
    const file = await changed('xverse', {}, (tensors) => [...tensors, zeros('cls.output.weight', 64, 2)])
    expect(planModel(file).program.tensors.has('cls.output.weight')).toBe(false)
  })
})
