import { describe, expect, it } from 'vitest'
import type { Op, Program } from '../../src/backend/program.js'
import { openGguf } from '../../src/gguf/reader.js'
import { array, f32, type TypedValue, u32 } from '../../src/gguf/typed-value.js'
import { writeGguf } from '../../src/gguf/writer.js'
import { planModel } from '../../src/model/plan.js'
import { bytesSource } from '../../src/storage/bytes.js'
import { GEMMA4_CASES } from '../support/family-models/gemma4.js'
import type { ModelCase } from '../support/random-models.js'

/** Overrides of keys `<architecture>.*`; `undefined` removes one. */
type Keys = Readonly<Record<string, TypedValue | undefined>>

async function programOf({ parts, architecture }: ModelCase, keys: Keys = {}): Promise<Program> {
  const metadata = new Map(parts.metadata)
  for (const [key, value] of Object.entries(keys)) {
    if (value === undefined) metadata.delete(`${architecture}.${key}`)
    else metadata.set(`${architecture}.${key}`, value)
  }
  const bytes = writeGguf({ ...parts, metadata })
  return planModel(await openGguf(bytesSource(bytes, 'm.gguf'))).program
}

function caseOf(name: string): ModelCase {
  const found = GEMMA4_CASES.find((each) => each.name.includes(name))
  if (!found) throw new Error(`no case ${name}`)
  return found
}

function opsOf<K extends Op['kind']>({ ops }: Program, kind: K): (Op & { kind: K })[] {
  return ops.filter((op): op is Op & { kind: K } => op.kind === kind)
}

const DENSE = caseOf('values from keys')
const SHARED = caseOf('wider layers')
const MIXTURE = caseOf('a mixture of experts')
const GEMMA3N = caseOf('gemma3n')

describe('gemma4', () => {
  it('has narrower heads in layers with a window, and as many key heads as the file says', async () => {
    const { memories, ropes } = await programOf(DENSE)
    const local = { kind: 'kv', kvHeads: 2, keyDim: 16, valueDim: 16, window: 16 }
    const global = { kind: 'kv', kvHeads: 1, keyDim: 32, valueDim: 32, window: undefined }
    expect(memories).toEqual([local, local, global])
    expect(ropes).toMatchObject([
      { dims: 16, theta: 10_000, factors: undefined },
      { dims: 32, theta: 1e6, factors: 'rope_freqs.weight' },
    ])
  })

  it('takes the keys before their norm as values where the file has none', async () => {
    const program = await programOf(DENSE)
    expect([...program.tensors.keys()].filter((name) => name.includes('attn_v'))).toEqual([])
    const { v } = opsOf(program, 'attention')[0]
    const norm = opsOf(program, 'rmsNorm').find(({ out }) => out.id === v!.id)!
    expect(norm.weight).toBeUndefined()
    const keys = opsOf(program, 'linear').find(({ out }) => out.id === norm.x.id)!
    expect(keys.matrix.tensor).toBe('blk.0.attn_k.weight')
  })

  it('reads the last caches of each kind in its last layers, which have no keys', async () => {
    const program = await programOf(SHARED)
    expect(program.memories).toHaveLength(3)
    const attention = opsOf(program, 'attention')
    expect(attention.map(({ memory, k }) => [memory, k !== undefined])).toEqual([
      [0, true],
      [1, true],
      [2, true],
      [1, false],
      [1, false],
      [2, false],
    ])
    expect(new Set(attention.map(({ scale }) => scale))).toEqual(new Set([1]))
    expect(program.tensors.has('blk.3.attn_k.weight')).toBe(false)
    expect(program.unusedTensors?.has('blk.3.attn_k.weight')).toBe(true)
    expect(program.tensors.get('blk.2.ffn_up.weight')!.shape).toEqual([64, 96])
    expect(program.tensors.get('blk.3.ffn_up.weight')!.shape).toEqual([64, 192])
  })

  it('loads none of the keys that sharing layers have in some files', async () => {
    const key = {
      name: 'blk.3.attn_k.weight',
      shape: [64, 32],
      format: 'F32',
      data: new Uint8Array(64 * 32 * 4),
    }
    const parts = { ...SHARED.parts, tensors: [...SHARED.parts.tensors, key] }
    const program = await programOf({ ...SHARED, parts })
    expect(program.tensors.has(key.name)).toBe(false)
    const own = { ...key, name: 'blk.2.attn_qkv.weight' }
    const odd = { ...SHARED.parts, tensors: [...SHARED.parts.tensors, own] }
    await expect(programOf({ ...SHARED, parts: odd })).rejects.toMatchObject({ code: 'BAD_FORMAT' })
  })

  it('gives each layer its part of the row of a second table', async () => {
    const program = await programOf(SHARED)
    expect(opsOf(program, 'embed').map(({ matrix }) => [matrix.tensor, matrix.columns])).toEqual([
      ['token_embd.weight', 64],
      ['per_layer_token_embd.weight', 6 * 32],
    ])
    const slices = opsOf(program, 'slice').map(({ first, out }) => [first, out.width])
    expect(slices).toEqual([0, 1, 2, 3, 4, 5].map((layer) => [32 * layer, 32]))
  })

  it('routes by the stream before the norm of the experts, and scales their results', async () => {
    const program = await programOf(MIXTURE)
    const [{ routing, logits }] = opsOf(program, 'route')
    expect(routing).toMatchObject({ used: 2, gating: 'softmax', normalize: true })
    const router = opsOf(program, 'linear').find(({ out }) => out.id === logits.id)!
    expect(router.scale).toBeUndefined()
    const factors = opsOf(program, 'affine').find(({ out }) => out.id === router.x.id)!
    expect(factors.weight!.tensor).toBe('blk.0.ffn_gate_inp.scale')
    const [{ down, function: name }] = opsOf(program, 'experts')
    expect(down.scale!.tensor).toBe('blk.0.ffn_down_exps.scale')
    expect(name).toBe('geglu')
  })

  it.each([
    [undefined, 30],
    [f32(0), undefined],
    [f32(15), 15],
  ])('with a soft cap of %o', async (value, expected) => {
    const { logits } = await programOf(DENSE, { final_logit_softcapping: value })
    expect(logits!.softcap).toBe(expected)
  })

  it.each<[string, Keys, string, string]>([
    [
      'as many shared caches as layers',
      { 'attention.shared_kv_layers': u32(6) },
      'BAD_FORMAT',
      '"gemma4.attention.shared_kv_layers" is 6, but the layers before those 6 do not end with',
    ],
    [
      'more shared caches than layers',
      { 'attention.shared_kv_layers': u32(7) },
      'BAD_FORMAT',
      '0 to 6 is accepted',
    ],
    [
      'shared caches after two layers of one kind',
      { 'attention.shared_kv_layers': u32(4) },
      'BAD_FORMAT',
      'do not end with one with a window and one without',
    ],
    [
      'a pattern shorter than the layers',
      { 'attention.sliding_window_pattern': array('bool', [true, false]) },
      'BAD_FORMAT',
      'has 2 values for 6 layers',
    ],
    [
      'no pattern',
      { 'attention.sliding_window_pattern': undefined },
      'MISSING',
      'sliding_window_pattern" is missing',
    ],
    ['no window', { 'attention.sliding_window': undefined }, 'MISSING', 'sliding_window" is missing'],
    [
      'a list of widths shorter than the layers',
      { feed_forward_length: array('i32', [96, 96]) },
      'BAD_FORMAT',
      '"gemma4.feed_forward_length" has 2 values for 6 layers',
    ],
    [
      'a layer without a feed-forward network',
      { feed_forward_length: array('i32', [96, 96, 96, 192, 0, 192]) },
      'BAD_FORMAT',
      '"gemma4.feed_forward_length" is 0 in layer 4',
    ],
    [
      'a layer without key heads',
      { 'attention.head_count_kv': array('i32', [2, 2, 0, 2, 2, 2]) },
      'BAD_FORMAT',
      '"gemma4.attention.head_count_kv" is 0 in layer 2',
    ],
    [
      'key heads that query heads cannot share',
      { 'attention.head_count_kv': array('i32', [2, 2, 3, 2, 2, 2]) },
      'BAD_FORMAT',
      '4 attention heads cannot share 3 key/value heads',
    ],
    [
      'values of another width in windows',
      { 'attention.value_length_swa': u32(32) },
      'UNSUPPORTED',
      'heads of 16 key and 32 value dimensions in layers with a window',
    ],
    [
      'heads of an absurd width',
      { 'attention.key_length_swa': u32(2 ** 20) },
      'BAD_FORMAT',
      '1 to 4096 is accepted',
    ],
    [
      'more rotary dimensions than a head of a window has',
      { 'rope.dimension_count_swa': u32(32) },
      'BAD_FORMAT',
      '32 rotary dimensions ("gemma4.rope.dimension_count_swa") in heads of 16',
    ],
    [
      'per-layer embeddings of an absurd width',
      { embedding_length_per_layer_input: u32(2 ** 24) },
      'BAD_FORMAT',
      '0 to 16384 is accepted',
    ],
    [
      'per-layer embeddings of another width',
      { embedding_length_per_layer_input: u32(64) },
      'BAD_FORMAT',
      'tensor "per_layer_token_embd.weight" has shape [192,389]; by the metadata it must be [384,389]',
    ],
    [
      'per-layer embeddings that nothing uses',
      { embedding_length_per_layer_input: u32(0) },
      'UNSUPPORTED',
      'unexpected tensor',
    ],
  ])('rejects %s', async (_, keys, code, message) => {
    await expect(programOf(SHARED, keys)).rejects.toMatchObject({
      name: 'DasllamaError',
      code,
      message: expect.stringContaining(message),
    })
  })

  it('rejects more experts per token than there are', async () => {
    await expect(programOf(MIXTURE, { expert_used_count: u32(9) })).rejects.toMatchObject({
      code: 'BAD_FORMAT',
      message: expect.stringContaining('"gemma4.expert_used_count" is 9, but there are 8 experts'),
    })
  })
})

describe('gemma3n', () => {
  it('keeps the largest gates in ten layers, and reads the last caches of each kind from layer 20 on', async () => {
    const program = await programOf(GEMMA3N)
    expect(opsOf(program, 'gaussianTopK')).toHaveLength(10)
    expect(program.memories).toHaveLength(20)
    const shared = opsOf(program, 'attention').filter(({ k }) => !k)
    expect(shared.map(({ memory }) => memory)).toEqual([19, 18])
  })

  it.each<[string, Keys, string]>([
    ['other numbers of streams', { 'altup.num_inputs': u32(2) }, '"gemma3n.altup.num_inputs" is 2; only 4'],
    ['another active stream', { 'altup.active_idx': u32(1) }, '"gemma3n.altup.active_idx" is 1; only 0'],
    [
      'per-layer embeddings of another width',
      { embedding_length_per_layer_input: u32(128) },
      '"gemma3n.embedding_length_per_layer_input" is 128; only 256',
    ],
    [
      'other shared caches',
      { 'attention.shared_kv_layers': u32(3) },
      '"gemma3n.attention.shared_kv_layers" is 3; only 2',
    ],
    [
      'shared caches after two layers of one kind',
      { 'attention.sliding_window_pattern': u32(3) },
      'share the caches of layers 18 and 19',
    ],
  ])('rejects %s', async (_, keys, message) => {
    await expect(programOf(GEMMA3N, keys)).rejects.toMatchObject({
      name: 'DasllamaError',
      code: 'UNSUPPORTED',
      message: expect.stringContaining(message),
    })
  })
})
