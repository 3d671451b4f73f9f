import { describe, expect, it } from 'vitest'
import type { Op, Program } from '../../src/backend/program.js'
import { openGguf } from '../../src/gguf/reader.js'
import { array, bool, type EncodedValue, f32, str, type TypedValue, u32 } from '../../src/gguf/typed-value.js'
import { type TensorToWrite, writeGguf } from '../../src/gguf/writer.js'
import { planModel } from '../../src/model/plan.js'
import { bytesSource } from '../../src/storage/bytes.js'
import { HYBRID_MAMBA_CASES } from '../support/family-models/hybrid-mamba.js'

type Keys = Readonly<Record<string, TypedValue | undefined>>
type Change = (tensors: readonly TensorToWrite[]) => readonly TensorToWrite[]

/** The file of a case with other keys, named without the architecture, and tensors; `undefined` removes a key. */
function changed(name: string, keys: Keys = {}, change: Change = (tensors) => tensors) {
  const { parts, architecture } = HYBRID_MAMBA_CASES.find((each) => each.name === name)!
  const metadata = new Map<string, EncodedValue | TypedValue>(parts.metadata)
  for (const [key, value] of Object.entries(keys)) {
    if (value) metadata.set(`${architecture}.${key}`, value)
    else metadata.delete(`${architecture}.${key}`)
  }
  return openGguf(bytesSource(writeGguf({ metadata, tensors: [...change([...parts.tensors])] }), 'm.gguf'))
}

async function programOf(...args: Parameters<typeof changed>): Promise<Program> {
  return planModel(await changed(...args)).program
}

function opsOf<K extends Op['kind']>({ ops }: Program, kind: K): (Op & { kind: K })[] {
  return ops.filter((op): op is Op & { kind: K } => op.kind === kind)
}

/** The operations that remember, in order. */
function remembering({ ops }: Program): string[] {
  return ops.flatMap((op) => ('memory' in op ? [op.kind] : []))
}

function without(pattern: RegExp): Change {
  return (tensors) => tensors.filter(({ name }) => !pattern.test(name))
}

function zeros(name: string, ...shape: number[]): TensorToWrite {
  const elements = shape.reduce((product, size) => product * size, 1)
  return { name, shape, format: 'F32', data: new Uint8Array(4 * elements) }
}

const MAMBA = 'mamba, in its usual form'
const MAMBA2 = 'mamba2, in its usual form'
const GRANITE = 'granitehybrid, dense'
const FALCON = 'falcon-h1, in its usual form'
const NEMOTRON = 'nemotron_h, in its usual form'
const NEMOTRON_MOE = 'nemotron_h_moe, latent experts'

const SCAN = ['conv', 'stateScan']

describe('mamba and mamba2', () => {
  it('remember the last rows of the convolution and a state per value', async () => {
    expect((await programOf(MAMBA)).memories.slice(0, 2)).toEqual([
      { kind: 'recurrent', values: 3 * 64 },
      { kind: 'recurrent', values: 64 * 16 },
    ])
    expect((await programOf(MAMBA2)).memories.slice(0, 2)).toEqual([
      { kind: 'recurrent', values: 3 * (96 + 2 * 2 * 16) },
      { kind: 'recurrent', values: 96 * 16 },
    ])
  })

  it('have neither heads nor a feed-forward network, whatever files say of them', async () => {
    const none = { heads: 0, kvHeads: 0, headDim: 0, valueDim: 0, ropeDim: 0, feedForwardLength: 0 }
    for (const name of [MAMBA, MAMBA2]) {
      const { config, program } = planModel(await changed(name))
      expect(config).toMatchObject({ ...none, attentionFree: true })
      const keys = { 'attention.head_count': u32(7), feed_forward_length: undefined }
      expect(planModel(await changed(name, keys)).program).toEqual(program)
    }
  })

  it('mamba has a decay per state, mamba2 one per head', async () => {
    const [one] = opsOf(await programOf(MAMBA), 'stateScan')
    expect(one).toMatchObject({
      x: { heads: 64 },
      b: { heads: 1 },
      a: { length: 64 * 16 },
      d: { length: 64 },
    })
    const [two] = opsOf(await programOf(MAMBA2), 'stateScan')
    expect(two).toMatchObject({ x: { heads: 6 }, b: { heads: 2 }, a: { length: 6 }, d: { length: 6 } })
  })

  it('mamba divides dt, b and c by their root mean square only if the file says so', async () => {
    const plain = opsOf(await programOf(MAMBA), 'rmsNorm').length
    const normed = await programOf(MAMBA, { 'ssm.dt_b_c_rms': bool(true) })
    const norms = opsOf(normed, 'rmsNorm')
    expect(norms).toHaveLength(plain + 2 * 3)
    expect(norms.filter(({ weight }) => !weight).map(({ x }) => x.width)).toEqual([6, 16, 16, 6, 16, 16])
  })

  it('mamba2 gates before it norms, each group with its own weights', async () => {
    const program = await programOf(MAMBA2)
    const norm = opsOf(program, 'rmsNorm').find(({ weight }) => weight?.tensor === 'blk.0.ssm_norm.weight')
    expect(norm).toMatchObject({ x: { heads: 2, width: 96 }, weight: { length: 96 } })
    const [gated] = opsOf(program, 'multiply')
    expect(norm?.x.id).toBe(gated.out.id)
  })
})

describe('layers that differ', () => {
  it('granitehybrid has attention where there are key/value heads', async () => {
    expect(remembering(await programOf(GRANITE))).toEqual([...SCAN, 'attention', ...SCAN])
    const keys = { 'attention.head_count_kv': array('u32', [0, 0, 2]) }
    await expect(programOf(GRANITE, keys)).rejects.toMatchObject({ code: 'MISSING' })
  })

  it('granitehybrid rotates queries and keys only if the file says so or nothing', async () => {
    expect(opsOf(await programOf(GRANITE), 'rope')).toEqual([])
    for (const finetuned of [bool(true), undefined]) {
      const program = await programOf(GRANITE, { 'rope.scaling.finetuned': finetuned })
      expect(opsOf(program, 'rope')).toHaveLength(2)
      expect(program.ropes).toMatchObject([{ type: 'norm' }])
    }
  })

  it('granitehybrid scales embeddings, scores, sublayers and logits', async () => {
    const program = await programOf(GRANITE)
    expect(opsOf(program, 'scale').map(({ by }) => by)).toEqual([12, ...new Array(6).fill(0.5)])
    expect(opsOf(program, 'attention')[0].scale).toBe(0.0625)
    expect(program.logits?.scale).toBe(1 / 6)
    expect((await programOf(GRANITE, { logit_scale: undefined })).logits?.scale).toBeUndefined()
  })

  it('falcon-h1 adds attention and state space of the same input', async () => {
    const program = await programOf(FALCON)
    expect(remembering(program)).toEqual(['attention', ...SCAN, 'attention', ...SCAN])
    const inputs = opsOf(program, 'linear')
      .filter(({ matrix }) => /^blk\.0\.(attn_[qkv]|ssm_in)\./.test(matrix.tensor))
      .map(({ x }) => x.id)
    expect(inputs).toHaveLength(6)
    expect(new Set(inputs).size).toBe(1)
    expect(program.ropes).toMatchObject([{ type: 'neox', theta: Math.fround(1e11) }])
  })

  it('falcon-h1 has a norm of groups if the file has one', async () => {
    expect((await programOf(FALCON)).tensors.has('blk.0.ssm_norm.weight')).toBe(false)
    const normed = await programOf('falcon-h1, a norm of two groups')
    expect(normed.tensors.get('blk.0.ssm_norm.weight')?.shape).toEqual([48, 2])
  })

  it('falcon-h1 has a norm whose name has no suffix', async () => {
    const program = await programOf(FALCON)
    expect(program.tensors.get('blk.0.ffn_norm')?.shape).toEqual([64])
    const renamed: Change = (tensors) =>
      tensors.map((each) =>
        each.name === 'blk.0.ffn_norm' ? { ...each, name: 'blk.0.ffn_norm.weight' } : each,
      )
    await expect(programOf(FALCON, {}, renamed)).rejects.toMatchObject({
      code: 'MISSING',
      message: expect.stringContaining('"blk.0.ffn_norm"'),
    })
  })

  it('nemotron_h has one sublayer in each layer, and no positions', async () => {
    const program = await programOf(NEMOTRON)
    expect(remembering(program)).toEqual([...SCAN, 'attention', ...SCAN])
    expect(opsOf(program, 'activation').filter(({ function: name }) => name === 'relu2')).toHaveLength(1)
    expect(opsOf(program, 'add')).toHaveLength(4)
    expect(opsOf(program, 'rope')).toEqual([])
  })

  it('nemotron_h takes the epsilon of RMS norms or, without it, that of layer norms', async () => {
    const epsilon = async (keys: Keys) => planModel(await changed(NEMOTRON, keys)).config.normEpsilon
    const layer = { 'attention.layer_norm_epsilon': f32(0.25) }
    expect(await epsilon(layer)).toBe(Math.fround(1e-5))
    expect(await epsilon({ ...layer, 'attention.layer_norm_rms_epsilon': undefined })).toBe(0.25)
  })

  it('nemotron_h_moe routes by the stream, and its experts read and write a projection of it', async () => {
    const program = await programOf(NEMOTRON_MOE)
    const [experts] = opsOf(program, 'experts')
    expect(experts).toMatchObject({
      function: 'relu2',
      gate: undefined,
      x: { width: 32 },
      out: { width: 32 },
    })
    const [route] = opsOf(program, 'route')
    expect(route.routing).toMatchObject({ used: 3, gating: 'sigmoid', normalize: true, scale: 2.5 })
    const router = opsOf(program, 'linear').find(({ out }) => out.id === route.logits.id)!
    const shared = opsOf(program, 'linear').find(
      ({ matrix }) => matrix.tensor === 'blk.1.ffn_up_shexp.weight',
    )!
    expect(router.x.width).toBe(64)
    expect(shared.x.id).toBe(router.x.id)
  })

  it('nemotron_h_moe leaves out a draft head, which its lists of layers may count', async () => {
    const plain = await programOf(NEMOTRON_MOE)
    const keys = {
      block_count: u32(5),
      nextn_predict_layers: u32(1),
      'attention.head_count_kv': array('u32', [0, 0, 2, 0, 2]),
      feed_forward_length: array('u32', [0, 96, 0, 0, 96]),
    }
    const draft = zeros('blk.4.nextn.eh_proj.weight', 128, 64)
    expect(await programOf(NEMOTRON_MOE, keys, (tensors) => [...tensors, draft])).toEqual(plain)
  })
})

describe('files without a tensor that is optional', () => {
  it.each([MAMBA, MAMBA2, GRANITE, FALCON, NEMOTRON])('%s: the bias of the convolution', async (name) => {
    const convolutions = opsOf(await programOf(name, {}, without(/ssm_conv1d\.bias/)), 'conv')
    expect(convolutions.map(({ bias }) => bias)).toEqual(convolutions.map(() => undefined))
  })
})

describe('a file that lacks a tensor is rejected, naming it', () => {
  it.each([
    [MAMBA, 'blk.1.ssm_x.weight'],
    [MAMBA, 'blk.0.ssm_a'],
    [MAMBA2, 'blk.0.ssm_in.weight'],
    [MAMBA2, 'blk.1.ssm_dt.bias'],
    [MAMBA2, 'blk.1.ssm_norm.weight'],
    [GRANITE, 'blk.2.ssm_d'],
    [NEMOTRON, 'blk.0.ssm_conv1d.weight'],
    [NEMOTRON_MOE, 'blk.1.ffn_latent_down.weight'],
  ])('%s: %s', async (name, tensor) => {
    const others: Change = (tensors) => tensors.filter((each) => each.name !== tensor)
    await expect(programOf(name, {}, others)).rejects.toMatchObject({
      code: 'MISSING',
      message: expect.stringContaining(`"${tensor}"`),
    })
  })
})

describe('hyperparameters that are missing, absurd or contradict each other', () => {
  it.each<[name: string, key: string, value: TypedValue | undefined, code: string, what: string]>([
    [MAMBA, 'ssm.conv_kernel', undefined, 'MISSING', 'is missing'],
    [MAMBA, 'ssm.conv_kernel', u32(1), 'BAD_FORMAT', 'is 1; 2 to 64 is accepted'],
    [MAMBA, 'ssm.conv_kernel', u32(65), 'BAD_FORMAT', 'is 65'],
    [MAMBA, 'ssm.state_size', u32(0), 'BAD_FORMAT', 'is 0'],
    [MAMBA, 'ssm.state_size', u32(6), 'UNSUPPORTED', 'is 6; a multiple of 4 is needed'],
    [MAMBA, 'ssm.state_size', u32(2 ** 31), 'BAD_FORMAT', `is ${2 ** 31}`],
    [MAMBA, 'ssm.inner_size', f32(1.5), 'BAD_FORMAT', 'is 1.5'],
    [MAMBA, 'ssm.time_step_rank', u32(2 ** 18), 'BAD_FORMAT', `is ${2 ** 18}`],
    [MAMBA, 'ssm.dt_b_c_rms', str('yes'), 'BAD_FORMAT', 'is not a boolean'],
    [MAMBA2, 'ssm.inner_size', u32(2 ** 18), 'BAD_FORMAT', `is ${2 ** 18}`],
    [MAMBA2, 'ssm.inner_size', u32(97), 'BAD_FORMAT', '97 values'],
    [MAMBA2, 'ssm.time_step_rank', u32(7), 'BAD_FORMAT', 'cannot be split into 7 heads'],
    [MAMBA2, 'ssm.time_step_rank', u32(0), 'BAD_FORMAT', 'is 0'],
    [MAMBA2, 'ssm.group_count', u32(4), 'BAD_FORMAT', '6 heads'],
    [MAMBA2, 'ssm.group_count', u32(0), 'BAD_FORMAT', 'is 0'],
    [MAMBA2, 'ssm.group_count', undefined, 'MISSING', 'is missing'],
    [GRANITE, 'attention.head_count_kv', array('u32', [0, 2]), 'BAD_FORMAT', 'has 2 values for 3 layers'],
    [GRANITE, 'attention.head_count_kv', array('u32', [0, 3, 0]), 'BAD_FORMAT', 'cannot share 3'],
    [GRANITE, 'attention.head_count_kv', array('u32', [0, 0, 0]), 'BAD_FORMAT', 'is 0 in every layer'],
    [GRANITE, 'attention.head_count_kv', array('i32', [0, -2, 0]), 'BAD_FORMAT', 'is -2 in layer 1'],
    [GRANITE, 'attention.head_count', u32(0), 'BAD_FORMAT', 'is 0'],
    [GRANITE, 'logit_scale', f32(0), 'BAD_FORMAT', 'is 0; logits are divided by it'],
    [FALCON, 'ssm.group_count', u32(5), 'BAD_FORMAT', 'cannot be split into 5 groups'],
    [FALCON, 'attention.head_count_kv', u32(0), 'BAD_FORMAT', 'is 0'],
    [FALCON, 'feed_forward_length', u32(0), 'BAD_FORMAT', 'is 0'],
    [NEMOTRON, 'feed_forward_length', array('u32', [0, 96, 0]), 'BAD_FORMAT', 'has 3 values for 4 layers'],
    [NEMOTRON, 'feed_forward_length', array('u32', [0, 2 ** 21, 0, 0]), 'BAD_FORMAT', 'in layer 1'],
    [NEMOTRON_MOE, 'moe_latent_size', u32(2 ** 18), 'BAD_FORMAT', `is ${2 ** 18}`],
    [
      NEMOTRON_MOE,
      'expert_used_count',
      array('u32', [0, 3, 0, 0]),
      'UNSUPPORTED',
      'differs from layer to layer',
    ],
    [NEMOTRON_MOE, 'nextn_predict_layers', u32(4), 'BAD_FORMAT', '4 of 4 layers are not run'],
  ])('%s: %s', async (name, key, value, code, what) => {
    await expect(programOf(name, { [key]: value })).rejects.toMatchObject({
      name: 'DasllamaError',
      code,
      message: expect.stringContaining(what),
    })
  })

  it.each<[string, string, TypedValue]>([
    [MAMBA, 'ssm.state_size', u32(20)],
    [MAMBA2, 'ssm.state_size', u32(32)],
    [MAMBA2, 'ssm.time_step_rank', u32(12)],
    [MAMBA2, 'ssm.group_count', u32(3)],
    [NEMOTRON_MOE, 'moe_latent_size', u32(64)],
  ])("%s: another %s than its tensors'", async (name, key, value) => {
    await expect(programOf(name, { [key]: value })).rejects.toMatchObject({
      code: 'BAD_FORMAT',
      message: expect.stringContaining('by the metadata it must be'),
    })
  })
})
