import { describe, expect, it } from 'vitest'
import type { Op, Program } from '../../src/backend/program.js'
import { openGguf } from '../../src/gguf/reader.js'
import { array, f32, str, type TypedValue, u32 } from '../../src/gguf/typed-value.js'
import { writeGguf } from '../../src/gguf/writer.js'
import { planModel } from '../../src/model/plan.js'
import { bytesSource } from '../../src/storage/bytes.js'
import { type RandomModelOptions, randomModel } from '../support/random-model/random-model.js'

const SHAPE = { embed: 48, layers: 7, heads: 4, kvHeads: 2, feedForward: 64, vocab: 400, context: 64 }

async function programOf(options: Partial<RandomModelOptions>): Promise<Program> {
  const parts = randomModel({ shape: SHAPE, format: 'F32', ...options })
  return planModel(await openGguf(bytesSource(writeGguf(parts), 'm.gguf'))).program
}

function gemma3(hyperparameters: Record<string, TypedValue>, options: Partial<RandomModelOptions> = {}) {
  return programOf({ architecture: 'gemma3', tied: true, ropeBase: 1e6, hyperparameters, ...options })
}

function opsOf<K extends Op['kind']>({ ops }: Program, kind: K): (Op & { kind: K })[] {
  return ops.filter((op): op is Op & { kind: K } => op.kind === kind)
}

/** The window of each layer's memory. */
function windowsOf({ memories }: Program) {
  return memories.map((memory) => memory.kind === 'kv' && memory.window)
}

describe('gemma3', () => {
  const WINDOW = { 'attention.sliding_window': u32(16) }

  it('has a window in five of every six layers', async () => {
    expect(windowsOf(await gemma3(WINDOW))).toEqual([16, 16, 16, 16, 16, undefined, 16])
  })

  it.each<[string, TypedValue, (number | undefined)[]]>([
    ['a period of 2', u32(2), [16, undefined, 16]],
    ['a period of 1', u32(1), [undefined, undefined, undefined]],
    ['a period of 0', u32(0), [16, 16, 16]],
    ['booleans', array('bool', [true, false, false]), [16, undefined, undefined]],
    ['numbers, a flag each', array('u32', [1, 1, 1]), [16, 16, 16]],
    ['numbers of eight bits', array('u8', [1, 0, 1, 1]), [16, undefined, 16]],
    // Written for a model with more layers.
    ['more booleans than layers', array('bool', [false, true, true, true]), [undefined, 16, 16]],
  ])('reads its windows from %s', async (_, pattern, expected) => {
    const options = { shape: { ...SHAPE, layers: 3 } }
    const program = await gemma3({ ...WINDOW, 'attention.sliding_window_pattern': pattern }, options)
    expect(windowsOf(program)).toEqual(expected)
  })

  it.each<[string, Record<string, TypedValue>]>([
    ['without the key', {}],
    ['of 0', { 'attention.sliding_window': u32(0), 'rope.freq_base_swa': f32(20_000) }],
  ])('has no windows and one rotary embedding with a window %s', async (_, hyperparameters) => {
    const program = await gemma3(hyperparameters)
    expect(new Set(windowsOf(program))).toEqual(new Set([undefined]))
    expect(program.ropes).toMatchObject([{ type: 'neox', theta: 1e6 }])
  })

  it('uses another rope base in local layers and scales rope in global layers only', async () => {
    const scaling = { type: 'linear', factor: 8 } as const
    const program = await gemma3(WINDOW, { ropeScaling: scaling })
    expect(program.ropes).toMatchObject([
      { type: 'neox', theta: 10_000, scaling: { type: 'none' } },
      { type: 'neox', theta: 1e6, scaling },
    ])
    const used = opsOf(program, 'rope').map(({ rope }) => rope)
    expect(used).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0])
    const other = await gemma3({ ...WINDOW, 'rope.freq_base_swa': f32(20_000) })
    expect(other.ropes.map(({ theta }) => theta)).toEqual([20_000, 1e6])
  })

  it('scales embeddings by √width and scores by 1/√headDim', async () => {
    const program = await gemma3({}, { shape: { ...SHAPE, headDim: 16 } })
    expect(opsOf(program, 'scale').map(({ by }) => by)).toEqual([Math.sqrt(48)])
    expect(new Set(opsOf(program, 'attention').map(({ scale }) => scale))).toEqual(new Set([1 / 4]))
  })

  it('scales scores by embedding length over heads with 62 layers', async () => {
    const program = await gemma3({}, { shape: { ...SHAPE, layers: 62, headDim: 16, embed: 100, heads: 4 } })
    expect(new Set(opsOf(program, 'attention').map(({ scale }) => scale))).toEqual(new Set([1 / 5]))
  })

  it.each([
    [undefined, undefined],
    [0, undefined],
    [30, 30],
  ])('with a soft cap of %s has one of %s', async (cap, expected) => {
    const program = await gemma3(cap === undefined ? {} : { final_logit_softcapping: f32(cap) })
    expect(program.logits?.softcap).toBe(expected)
  })

  it.each<[string, Record<string, TypedValue>, string, string]>([
    ['half a window', { 'attention.sliding_window': f32(1.5) }, 'BAD_FORMAT', 'sliding_window" is 1.5'],
    [
      'a window less than none',
      { 'attention.sliding_window': f32(-1) },
      'BAD_FORMAT',
      'sliding_window" is -1',
    ],
    [
      'a window that is text',
      { 'attention.sliding_window': str('16') },
      'BAD_FORMAT',
      'sliding_window" is not a number',
    ],
    [
      'fewer booleans than layers',
      { ...WINDOW, 'attention.sliding_window_pattern': array('bool', [true, false]) },
      'BAD_FORMAT',
      '"gemma3.attention.sliding_window_pattern" has 2 values for 7 layers',
    ],
    [
      'fewer numbers than layers',
      { ...WINDOW, 'attention.sliding_window_pattern': array('u32', [1, 1]) },
      'BAD_FORMAT',
      '"gemma3.attention.sliding_window_pattern" has 2 values for 7 layers',
    ],
    [
      'a number for each layer that is not a boolean',
      { ...WINDOW, 'attention.sliding_window_pattern': array('i32', [1, 1, 0, 6, 1, 1, 0]) },
      'BAD_FORMAT',
      '"gemma3.attention.sliding_window_pattern" is 6 in layer 3; 0 and 1 are accepted',
    ],
    [
      'a cap that 32 bits round to nothing',
      { final_logit_softcapping: { type: 'f64', value: 1e-300 } as const },
      'BAD_FORMAT',
      'final_logit_softcapping" is 1e-300',
    ],
    [
      'a pattern that is text',
      { ...WINDOW, 'attention.sliding_window_pattern': str('every sixth') },
      'BAD_FORMAT',
      'sliding_window_pattern" is not a number',
    ],
    [
      'a base in windows of 1',
      { ...WINDOW, 'rope.freq_base_swa': f32(1) },
      'BAD_FORMAT',
      '"gemma3.rope.freq_base_swa" is 1; more than 1 is needed',
    ],
    [
      'a cap less than 0',
      { final_logit_softcapping: f32(-30) },
      'BAD_FORMAT',
      'final_logit_softcapping" is -30',
    ],
  ])('rejects %s', async (_, keys, code, message) => {
    const metadata = Object.entries(keys).map(([key, value]) => [`gemma3.${key}`, value] as const)
    await expect(gemma3({}, { metadata })).rejects.toMatchObject({
      name: 'DasllamaError',
      code,
      message: expect.stringContaining(message),
    })
  })
})

describe('qwen2 and qwen3', () => {
  it.each(['qwen2', 'qwen3'])('%s uses rope type neox', async (architecture) => {
    const program = await programOf({ architecture })
    expect(program.ropes).toMatchObject([{ type: 'neox', dims: 12 }])
  })

  it('qwen2 uses biases if the file has them', async () => {
    const biases = ['attn_q', 'attn_k', 'attn_v']
    const program = await programOf({ architecture: 'qwen2', biases })
    const names = [...program.tensors.keys()].filter((name) => name.endsWith('.bias'))
    expect(names).toHaveLength(7 * 3)
  })

  it('qwen3 norms each head of queries and keys before it is rotated', async () => {
    const program = await programOf({ architecture: 'qwen3' })
    const norms = opsOf(program, 'rmsNorm').filter(({ weight }) => /attn_[qk]_norm/.test(weight!.tensor))
    expect(norms.map(({ x, weight }) => [x.heads, weight?.length])).toEqual(
      Array.from({ length: 7 }, () => [
        [4, 12],
        [2, 12],
      ]).flat(),
    )
    expect(opsOf(program, 'rope').map(({ x }) => x)).toEqual(norms.map(({ out }) => out))
  })

  it('qwen3 needs the norms', async () => {
    const parts = randomModel({ shape: SHAPE, format: 'F32', architecture: 'qwen3' })
    const tensors = parts.tensors.filter(({ name }) => name !== 'blk.3.attn_k_norm.weight')
    const file = await openGguf(bytesSource(writeGguf({ ...parts, tensors })))
    expect(() => planModel(file)).toThrow(expect.objectContaining({ code: 'MISSING' }))
  })
})
