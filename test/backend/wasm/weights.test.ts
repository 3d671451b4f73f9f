import { beforeAll, describe, expect, it } from 'vitest'
import { createEngine, type Engine } from '../../../src/backend/wasm/engine.js'
import { Weights } from '../../../src/backend/wasm/weights.js'
import { openGguf } from '../../../src/gguf/reader.js'
import { type TensorToWrite, writeGguf } from '../../../src/gguf/writer.js'
import { planModel } from '../../../src/model/plan.js'
import { platform } from '../../../src/platform/node/platform.js'
import { bytesSource } from '../../../src/storage/bytes.js'
import { smallParts } from '../../model/small.js'

let engine: Engine
beforeAll(async () => {
  engine = await createEngine(await platform.loadKernels())
})

/** Changes a tensor, or omits it (`undefined`). */
type Change = (tensor: TensorToWrite) => TensorToWrite | undefined

async function planOf(
  change: Change,
  options: Parameters<typeof smallParts>[0] = {},
  extra: readonly TensorToWrite[] = [],
): Promise<Weights> {
  const parts = smallParts(options)
  const tensors = parts.tensors.flatMap((tensor) => change(tensor) ?? []).concat(extra)
  const file = await openGguf(bytesSource(writeGguf({ ...parts, tensors }), 'm.gguf'))
  return new Weights(file, planModel(file).program, engine)
}

const same: Change = (tensor) => tensor
const onlyOf =
  (name: string, change: Change): Change =>
  (tensor) =>
    tensor.name === name ? change(tensor) : tensor

function zeros(name: string, format: string, shape: readonly number[], bytes: number): TensorToWrite {
  return { name, format, shape, data: new Uint8Array(bytes) }
}

const PER_LAYER = [
  'attn_norm',
  'attn_q',
  'attn_k',
  'attn_v',
  'attn_output',
  'ffn_norm',
  'ffn_gate',
  'ffn_up',
  'ffn_down',
]
const EVERY = ['token_embd', 'output_norm', ...PER_LAYER.map((part) => `blk.1.${part}`)]

describe('what a model file must have', () => {
  it.each(EVERY)('%s.weight, whose absence is reported by name', async (part) => {
    const name = `${part}.weight`
    await expect(planOf(onlyOf(name, () => undefined))).rejects.toMatchObject({
      name: 'DasllamaError',
      code: 'MISSING',
      message: `m.gguf: tensor "${name}" is missing`,
      hint: expect.stringContaining('2 layers'),
    })
  })

  it.each([...EVERY, 'output'])('%s.weight in its shape', async (part) => {
    const name = `${part}.weight`
    const wrong = onlyOf(name, ({ shape, format }) => {
      const columns = shape[0] + 32
      return zeros(name, format as string, [columns, ...shape.slice(1)], columns * 4 * (shape[1] ?? 1))
    })
    await expect(planOf(wrong)).rejects.toMatchObject({
      code: 'BAD_FORMAT',
      message: expect.stringContaining(`tensor "${name}" has shape [`),
    })
  })

  it('matrices as matrices, whose columns are not rows', async () => {
    const transposed = onlyOf('blk.0.ffn_up.weight', ({ shape, ...rest }) => ({
      ...rest,
      shape: [...shape].reverse(),
    }))
    await expect(planOf(transposed)).rejects.toMatchObject({
      message: 'm.gguf: tensor "blk.0.ffn_up.weight" has shape [160,96]; by the metadata it must be [96,160]',
    })
  })

  it('vectors as vectors, possibly with further dimensions of 1', async () => {
    const matrix = onlyOf('output_norm.weight', ({ name }) => zeros(name, 'F32', [96, 2], 768))
    await expect(planOf(matrix)).rejects.toMatchObject({ message: expect.stringContaining('[96,2]') })
    const padded = onlyOf('output_norm.weight', (tensor) => ({ ...tensor, shape: [96, 1, 1] }))
    expect((await planOf(padded)).bytes).toBe((await planOf(same)).bytes)
  })

  it('biases and rotary factors, where it has them, in their shape', async () => {
    const bias = zeros('blk.0.attn_q.bias', 'F32', [95], 380)
    await expect(planOf(same, {}, [bias])).rejects.toMatchObject({
      message: expect.stringContaining(
        'tensor "blk.0.attn_q.bias" has shape [95]; by the metadata it must be [96]',
      ),
    })
    const factors = zeros('rope_freqs.weight', 'F32', [16], 64)
    await expect(planOf(same, {}, [factors])).rejects.toMatchObject({
      message: expect.stringContaining(
        'tensor "rope_freqs.weight" has shape [16]; by the metadata it must be [8]',
      ),
    })
  })
})

describe('formats that do not run are rejected by name:', () => {
  it.each([
    ['a matrix in Q8_K', 'blk.1.ffn_down.weight', 'Q8_K', [256, 96], (96 * 256 * 292) / 256],
    ['a matrix of integers', 'blk.0.attn_q.weight', 'I32', [96, 96], 96 * 96 * 4],
    ['a matrix of doubles', 'token_embd.weight', 'F64', [96, 400], 96 * 400 * 8],
    ['a norm in F16', 'blk.0.attn_norm.weight', 'F16', [96], 192],
    ['a norm in Q8_0', 'output_norm.weight', 'Q8_0', [96], 102],
  ])('%s', async (_, name, format, shape, bytes) => {
    const shaped = format === 'Q8_K' ? { shape: { ...smallShape, feedForward: 256 } } : {}
    const change = onlyOf(name, () => zeros(name, format, shape, bytes))
    await expect(planOf(change, shaped)).rejects.toMatchObject({
      name: 'DasllamaError',
      code: 'UNSUPPORTED',
      message: `m.gguf: tensor "${name}" is ${format}, which cannot be used here`,
      hint: expect.stringMatching(/^matrices: F32, F16, Q4_0, .*MXFP4.*; norms and biases: F32$/),
    })
  })
})

const smallShape = {
  embed: 96,
  layers: 2,
  heads: 6,
  kvHeads: 2,
  headDim: 16,
  feedForward: 160,
  vocab: 400,
  context: 256,
}

describe('the memory that weights take', () => {
  it('rejects tensors that it would ignore', async () => {
    const norm = zeros('blk.0.attn_q_norm.weight', 'F32', [32], 128)
    await expect(planOf(same, {}, [norm])).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringContaining('"blk.0.attn_q_norm.weight"'),
    })
  })

  it('is the sum of the tensors, each rounded up to 64 bytes', async () => {
    const { tensors } = smallParts()
    const sizes = tensors.map(({ data }) => (typeof data === 'function' ? data() : data).length)
    const expected = sizes.reduce((sum, bytes) => sum + Math.ceil(bytes / 64) * 64, 0)
    expect((await planOf(same)).bytes).toBe(expected)
  })

  it('does not count unused tensors, nor a tied matrix twice', async () => {
    const unused = zeros('blk.0.attn_rot_embd.weight', 'F32', [4096], 16384)
    expect((await planOf(same, {}, [unused])).bytes).toBe((await planOf(same)).bytes)
    const untied = await planOf(same)
    const tied = await planOf(same, { tied: true })
    expect(untied.bytes - tied.bytes).toBe(96 * 400 * 4)
  })
})
