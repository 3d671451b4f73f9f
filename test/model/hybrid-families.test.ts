import { describe, expect, it } from 'vitest'
import type { Op, Program } from '../../src/backend/program.js'
import { openGguf } from '../../src/gguf/reader.js'
import { array, bool, f32, str, type TypedValue, u32 } from '../../src/gguf/typed-value.js'
import { type TensorToWrite, writeGguf } from '../../src/gguf/writer.js'
import { planModel } from '../../src/model/plan.js'
import { bytesSource } from '../../src/storage/bytes.js'
import { type RandomModelOptions, randomModel } from '../support/random-model/random-model.js'

const SHAPE = { embed: 32, layers: 4, heads: 4, kvHeads: 2, feedForward: 48, vocab: 400, context: 64 }

type Keys = Readonly<Record<string, TypedValue>>
type Options = Partial<RandomModelOptions> & {
  /** Keys that are written after the tensors have been made. */
  readonly keys?: Keys
  readonly changed?: (tensors: readonly TensorToWrite[]) => readonly TensorToWrite[]
}

async function programOf(
  architecture: string,
  { keys = {}, changed, ...options }: Options,
): Promise<Program> {
  const metadata = Object.entries(keys).map(([key, value]) => [`${architecture}.${key}`, value] as const)
  const parts = randomModel({ shape: SHAPE, format: 'F32', architecture, metadata, ...options })
  const tensors = changed ? changed(parts.tensors) : parts.tensors
  return planModel(await openGguf(bytesSource(writeGguf({ ...parts, tensors }), 'm.gguf'))).program
}

async function expectRejected(program: Promise<Program>, code: string, message: string): Promise<void> {
  await expect(program).rejects.toMatchObject({
    name: 'DasllamaError',
    code,
    message: expect.stringContaining(message),
  })
}

function opsOf<K extends Op['kind']>({ ops }: Program, kind: K): (Op & { kind: K })[] {
  return ops.filter((op): op is Op & { kind: K } => op.kind === kind)
}

/** The operations that remember, in order. */
function remembering({ ops }: Program): string[] {
  return ops.flatMap((op) => ('memory' in op ? [op.kind] : []))
}

function zeros(name: string, ...shape: number[]): TensorToWrite {
  const elements = shape.reduce((product, size) => product * size, 1)
  return { name, shape, format: 'F32', data: new Uint8Array(4 * elements) }
}

const RECURRENT = ['conv', 'deltaRule']

const NET = {
  'ssm.conv_kernel': u32(4),
  'ssm.inner_size': u32(32),
  'ssm.state_size': u32(8),
  'ssm.time_step_rank': u32(4),
  'ssm.group_count': u32(2),
}

describe('qwen35', () => {
  const qwen35 = (options: Options = {}) =>
    programOf('qwen35', { ...options, hyperparameters: { ...NET, ...options.hyperparameters } })

  it.each<[string, Keys, readonly string[]]>([
    ['no key: every fourth layer', {}, [...RECURRENT, ...RECURRENT, ...RECURRENT, 'attention']],
    [
      'a period of 2',
      { full_attention_interval: u32(2) },
      [...RECURRENT, 'attention', ...RECURRENT, 'attention'],
    ],
    ['a period of 1', { full_attention_interval: u32(1) }, new Array(4).fill('attention')],
    [
      'a period longer than the model',
      { full_attention_interval: u32(9) },
      new Array(4).fill(RECURRENT).flat(),
    ],
    [
      'a flag per layer, which takes precedence',
      {
        'attention.recurrent_layers': array('bool', [false, true, true, false]),
        full_attention_interval: u32(2),
      },
      ['attention', ...RECURRENT, ...RECURRENT, 'attention'],
    ],
  ])('knows which layers have attention by %s', async (_, hyperparameters, expected) => {
    expect(remembering(await qwen35({ hyperparameters }))).toEqual(expected)
  })

  it("has a state for each value head and the convolution's last rows", async () => {
    const { memories } = await qwen35({ shape: { ...SHAPE, layers: 1 } })
    expect(memories).toEqual([
      { kind: 'recurrent', values: 3 * (2 * 16 + 32) },
      { kind: 'recurrent', values: 4 * 8 * 8 },
    ])
  })

  it('gives each query head a gate of its own, stored behind it', async () => {
    const program = await qwen35({ hyperparameters: { full_attention_interval: u32(1) } })
    const [projection] = opsOf(program, 'linear')
    expect(projection.matrix).toMatchObject({ tensor: 'blk.0.attn_q.weight', rows: 2 * 32 })
    const [queries, gate] = opsOf(program, 'slice')
    expect(queries).toMatchObject({ x: projection.out, first: 0, out: { width: 32, heads: 4 } })
    expect(gate).toMatchObject({ x: projection.out, first: 8, out: { width: 32, heads: 4 } })
    const [sigmoid] = opsOf(program, 'activation')
    expect(sigmoid).toMatchObject({ function: 'sigmoid', x: gate.out })
    expect(opsOf(program, 'multiply')[0]).toMatchObject({
      a: opsOf(program, 'attention')[0].out,
      b: sigmoid.out,
    })
  })

  it('computes the same whatever the sections of its rotary embedding', async () => {
    const plain = await qwen35()
    const sections = { 'rope.dimension_sections': array('i32', [2, 1, 1, 0]) }
    expect(await qwen35({ hyperparameters: sections })).toEqual(plain)
    expect(plain.ropes).toMatchObject([{ type: 'neox', dims: 8 }])
  })

  it('does not run the layers of a draft head, nor needs them', async () => {
    const keys = { block_count: u32(5), nextn_predict_layers: u32(1) }
    const flags = { 'attention.recurrent_layers': array('bool', [true, false, true, true, false]) }
    const plain = await qwen35({ hyperparameters: flags })
    const draft = zeros('blk.4.nextn.eh_proj.weight', 64, 32)
    const changed = (tensors: readonly TensorToWrite[]) => [...tensors, draft]
    expect(await qwen35({ hyperparameters: flags, keys, changed })).toEqual(plain)
    expect(await qwen35({ hyperparameters: flags, keys })).toEqual(plain)
    await expectRejected(qwen35({ changed }), 'UNSUPPORTED', 'unexpected tensor "blk.4.nextn.eh_proj.weight"')
  })

  it.each<[string, Keys, string, string]>([
    ['an interval of 0', { full_attention_interval: u32(0) }, 'BAD_FORMAT', 'full_attention_interval" is 0'],
    [
      'half an interval',
      { full_attention_interval: f32(2.5) },
      'BAD_FORMAT',
      'full_attention_interval" is 2.5',
    ],
    [
      'an interval longer than any model',
      { full_attention_interval: u32(2 ** 31) },
      'BAD_FORMAT',
      '1 to 1024 is accepted',
    ],
    [
      'fewer flags than layers',
      { 'attention.recurrent_layers': array('bool', [true, false]) },
      'BAD_FORMAT',
      '"qwen35.attention.recurrent_layers" has 2 values for 4 layers',
    ],
    [
      'one flag for all layers',
      { 'attention.recurrent_layers': bool(true) },
      'BAD_FORMAT',
      '"qwen35.attention.recurrent_layers" is not a list',
    ],
    [
      'flags that are not booleans',
      { 'attention.recurrent_layers': array('i32', [1, 0, 2, 0]) },
      'BAD_FORMAT',
      '"qwen35.attention.recurrent_layers" is 2 in layer 2',
    ],
    [
      'a width that heads do not fill',
      { 'ssm.inner_size': u32(40) },
      'BAD_FORMAT',
      '"qwen35.ssm.inner_size" is 40; 4 heads ("qwen35.ssm.time_step_rank") of 8 ("qwen35.ssm.state_size") have 32 values',
    ],
    [
      'value heads that cannot share key heads',
      { 'ssm.group_count': u32(3) },
      'BAD_FORMAT',
      '4 value heads ("qwen35.ssm.time_step_rank") cannot share 3 key heads ("qwen35.ssm.group_count")',
    ],
    [
      'more key heads than value heads',
      { 'ssm.group_count': u32(8) },
      'BAD_FORMAT',
      '4 value heads ("qwen35.ssm.time_step_rank") cannot share 8 key heads',
    ],
    [
      'heads whose width is not a multiple of 4',
      { 'ssm.state_size': u32(6), 'ssm.inner_size': u32(24) },
      'UNSUPPORTED',
      'heads of 6 values ("qwen35.ssm.state_size")',
    ],
    ['a kernel of one row', { 'ssm.conv_kernel': u32(1) }, 'BAD_FORMAT', 'ssm.conv_kernel" is 1'],
    ['a huge kernel', { 'ssm.conv_kernel': u32(2 ** 31) }, 'BAD_FORMAT', '2 to 64 is accepted'],
    ['a huge state', { 'ssm.state_size': u32(2 ** 20) }, 'BAD_FORMAT', '1 to 1024 is accepted'],
    ['a huge width', { 'ssm.inner_size': u32(2 ** 30) }, 'BAD_FORMAT', '1 to 131072 is accepted'],
    ['countless value heads', { 'ssm.time_step_rank': u32(2 ** 31) }, 'BAD_FORMAT', '1 to 4096 is accepted'],
    ['countless key heads', { 'ssm.group_count': u32(2 ** 31) }, 'BAD_FORMAT', '1 to 4096 is accepted'],
    ['no key heads', { 'ssm.group_count': u32(0) }, 'BAD_FORMAT', 'ssm.group_count" is 0'],
    [
      'a width that is text',
      { 'ssm.inner_size': str('32') },
      'BAD_FORMAT',
      'ssm.inner_size" is not a number',
    ],
    [
      'as many draft layers as layers',
      { nextn_predict_layers: u32(4) },
      'BAD_FORMAT',
      '4 of 4 layers are not run; none is left',
    ],
    [
      'attention in both directions',
      { 'attention.causal': bool(false) },
      'UNSUPPORTED',
      'non-causal attention is not supported',
    ],
  ])('rejects %s', async (_, keys, code, message) => {
    await expectRejected(qwen35({ keys }), code, message)
  })

  it.each(Object.keys(NET))('needs %s', async (key) => {
    const parts = randomModel({ shape: SHAPE, format: 'F32', architecture: 'qwen35', hyperparameters: NET })
    const metadata = new Map([...parts.metadata].filter(([name]) => name !== `qwen35.${key}`))
    const file = await openGguf(bytesSource(writeGguf({ ...parts, metadata }), 'm.gguf'))
    expect(() => planModel(file)).toThrow(
      expect.objectContaining({ code: 'MISSING', message: expect.stringContaining(`"qwen35.${key}"`) }),
    )
  })

  it.each([
    ['ssm_a', [5]],
    ['ssm_dt.bias', [3]],
    ['ssm_conv1d.weight', [3, 64]],
    ['ssm_norm.weight', [32]],
    ['ssm_beta.weight', [32, 2]],
    ['attn_qkv.weight', [32, 96]],
  ])('rejects %s of another shape, %j', async (name, shape) => {
    const full = `blk.1.${name}`
    const changed = (tensors: readonly TensorToWrite[]) =>
      tensors.map((tensor) => (tensor.name === full ? zeros(full, ...shape) : tensor))
    await expectRejected(qwen35({ changed }), 'BAD_FORMAT', `tensor "${full}" has shape [${shape}]`)
  })

  it('rejects what only the other kind of layer has', async () => {
    const changed = (tensors: readonly TensorToWrite[]) => [...tensors, zeros('blk.0.attn_k.weight', 32, 16)]
    await expectRejected(qwen35({ changed }), 'UNSUPPORTED', 'unexpected tensor "blk.0.attn_k.weight"')
  })
})

describe('qwen3next', () => {
  const qwen3next = (options: Options = {}) =>
    programOf('qwen3next', {
      ...options,
      shape: { ...SHAPE, layers: 1 },
      hyperparameters: {
        ...NET,
        expert_count: u32(4),
        expert_used_count: u32(2),
        expert_feed_forward_length: u32(16),
        ...options.hyperparameters,
      },
    })

  it('shares key heads between neighbours, qwen35 between heads that are apart', async () => {
    const sharing = (program: Program) => opsOf(program, 'deltaRule').map((op) => op.sharing)
    expect(sharing(await qwen3next())).toEqual(['groups'])
    const qwen35 = programOf('qwen35', { shape: { ...SHAPE, layers: 1 }, hyperparameters: NET })
    expect(sharing(await qwen35)).toEqual(['modulo'])
  })

  it('reads queries, keys, values and gates from one matrix in early files', async () => {
    const names = (program: Program) =>
      [...program.tensors.keys()].filter((name) => /ssm_in|attn_/.test(name))
    const separate = ['attn_norm', 'attn_qkv', 'attn_gate']
    expect(names(await qwen3next())).toEqual(
      expect.arrayContaining(separate.map((name) => `blk.0.${name}.weight`)),
    )
    const early = await qwen3next({ optional: ['ssm_in.weight'] })
    expect(early.tensors.get('blk.0.ssm_in.weight')?.shape).toEqual([32, 2 * 16 + 2 * 32])
    expect(names(early)).not.toContain('blk.0.attn_qkv.weight')
  })

  it('needs experts', async () => {
    await expectRejected(qwen3next({ keys: { expert_count: u32(0) } }), 'BAD_FORMAT', 'expert_count" is 0')
  })
})

/** Key/value heads by layer. */
function kvHeads(...counts: readonly number[]): Keys {
  return { 'attention.head_count_kv': array('i32', counts) }
}

describe('lfm2', () => {
  const KEYS = { 'shortconv.l_cache': u32(3), ...kvHeads(0, 2, 0, 4) }
  const lfm2 = (options: Options = {}) =>
    programOf('lfm2', { tied: true, ...options, hyperparameters: { ...KEYS, ...options.hyperparameters } })

  it('has convolutions in layers without key/value heads', async () => {
    const program = await lfm2()
    expect(program.memories).toEqual([
      { kind: 'recurrent', values: 2 * 32 },
      { kind: 'kv', kvHeads: 2, keyDim: 8, valueDim: 8, window: undefined },
      { kind: 'recurrent', values: 2 * 32 },
      { kind: 'kv', kvHeads: 4, keyDim: 8, valueDim: 8, window: undefined },
    ])
  })

  it.each<[string, Keys, readonly string[]]>([
    ['one number', { 'attention.head_count_kv': u32(2) }, new Array(4).fill('attention')],
    ['more numbers than layers', kvHeads(2, 0, 0, 0, 2, 2), ['attention', 'conv', 'conv', 'conv']],
    [
      'numbers of eight bits',
      { 'attention.head_count_kv': array('u8', [0, 0, 1, 0]) },
      ['conv', 'conv', 'attention', 'conv'],
    ],
  ])('reads key/value heads from %s', async (_, hyperparameters, expected) => {
    expect(remembering(await lfm2({ hyperparameters }))).toEqual(expected)
  })

  it('has attention only without the key', async () => {
    const program = await lfm2({ without: ['attention.head_count_kv'] })
    expect(opsOf(program, 'attention').map(({ k }) => k?.heads)).toEqual([4, 4, 4, 4])
  })

  it.each([
    [undefined, undefined],
    [0, undefined],
    [16, 16],
  ])('with a window of %s has one of %s in layers with attention', async (window, expected) => {
    const hyperparameters: Keys = window === undefined ? {} : { 'attention.sliding_window': u32(window) }
    const { memories } = await lfm2({ hyperparameters })
    const windows = memories.flatMap((memory) => (memory.kind === 'kv' ? [memory.window] : []))
    expect(windows).toEqual([expected, expected])
  })

  it.each<[string, Keys, string, string]>([
    ['fewer numbers than layers', kvHeads(0, 2), 'BAD_FORMAT', 'head_count_kv" has 2 values for 4 layers'],
    ['no numbers', kvHeads(), 'BAD_FORMAT', 'head_count_kv" has 0 values for 4 layers'],
    ['no layer with attention', kvHeads(0, 0, 0, 0), 'BAD_FORMAT', 'head_count_kv" is 0 in every layer'],
    ['no key/value heads at all', { 'attention.head_count_kv': u32(0) }, 'BAD_FORMAT', 'is 0 in every layer'],
    [
      'heads that cannot be shared in one layer',
      kvHeads(0, 2, 0, 3),
      'BAD_FORMAT',
      '4 attention heads cannot share 3 key/value heads',
    ],
    ['more key/value heads than heads', kvHeads(0, 2, 0, 8), 'BAD_FORMAT', 'cannot share 8'],
    [
      'fewer key/value heads than none',
      kvHeads(0, 2, -1, 2),
      'BAD_FORMAT',
      'head_count_kv" is -1 in layer 2; 0 to 4096 is accepted',
    ],
    ['countless key/value heads', kvHeads(0, 2 ** 30, 0, 2), 'BAD_FORMAT', 'is 1073741824 in layer 1'],
    [
      'half a key/value head',
      { 'attention.head_count_kv': array('f32', [0, 2, 0.5, 2]) },
      'BAD_FORMAT',
      'head_count_kv" is 0.5 in layer 2',
    ],
    [
      'key/value heads in words',
      { 'attention.head_count_kv': array('string', ['0', '2', '0', '2']) },
      'BAD_FORMAT',
      'head_count_kv" is not a number',
    ],
    ['a kernel of one row', { 'shortconv.l_cache': u32(1) }, 'BAD_FORMAT', 'shortconv.l_cache" is 1'],
    ['a huge kernel', { 'shortconv.l_cache': u32(2 ** 31) }, 'BAD_FORMAT', '2 to 64 is accepted'],
    ['half a window', { 'attention.sliding_window': f32(1.5) }, 'BAD_FORMAT', 'sliding_window" is 1.5'],
    [
      'attention in both directions',
      { 'attention.causal': bool(false) },
      'UNSUPPORTED',
      'non-causal attention is not supported',
    ],
  ])('rejects %s', async (_, keys, code, message) => {
    await expectRejected(lfm2({ keys }), code, message)
  })

  it('needs the size of its kernels', async () => {
    await expectRejected(
      programOf('lfm2', { tied: true, hyperparameters: kvHeads(0, 2, 0, 4) }),
      'MISSING',
      '"lfm2.shortconv.l_cache" is missing',
    )
  })

  it('rejects the dense layer of late interaction, which it does not run', async () => {
    const changed = (tensors: readonly TensorToWrite[]) => [...tensors, zeros('dense_2.weight', 32, 16)]
    await expectRejected(lfm2({ changed }), 'UNSUPPORTED', 'unexpected tensor "dense_2.weight"')
  })

  it('takes a convolution for attention where the file has one', async () => {
    await expectRejected(lfm2({ keys: kvHeads(0, 0, 0, 4) }), 'MISSING', '"blk.1.shortconv.in_proj.weight"')
  })

  it('of families without such layers none takes a list of different numbers', async () => {
    const program = programOf('llama', { keys: kvHeads(0, 2, 0, 4) })
    await expectRejected(
      program,
      'UNSUPPORTED',
      '"llama.attention.head_count_kv" differs from layer to layer',
    )
  })
})
