import { describe, expect, it, vi } from 'vitest'
import { batchOf } from '../../../src/backend/batch.js'
import type { Value } from '../../../src/backend/program.js'
import { Slicer } from '../../../src/backend/wasm/slicer.js'
import { writeGguf } from '../../../src/gguf/writer.js'
import type { LayerBuilder } from '../../../src/model/builder/builder.js'
import { type Config, readConfig } from '../../../src/model/config.js'
import { registerFamily } from '../../../src/model/registry.js'
import { SMALL, smallModel, smallParts, VOCAB } from '../../model/small.js'
import { append, contentOf, decode, expectSameBits, load, prefill, someIds } from './load.js'
import { expectStableBits, expectTwin } from './twin.js'

const SHAPE = { ...SMALL.shape, embed: 64, layers: 5, heads: 4, kvHeads: 2, headDim: 16, feedForward: 96 }

/** Gated DeltaNet with heads of 12 keys and 16 values, which share keys by their index or in groups. */
function deltaNet(l: LayerBuilder, n: Value, sharing: 'modulo' | 'groups'): Value {
  const mixed = l.activation(l.conv(l.linear(n, 'attn_qkv', 112), 'ssm_conv1d', 4), 'silu')
  const part = (first: number, width: number, heads: number) =>
    l.splitHeads(l.slice(mixed, first, width), heads)
  const [q, k] = [part(0, 24, 2), part(24, 24, 2)].map((heads) => l.unitNorm(heads))
  const v = part(48, 64, 4)
  const raw = l.affine(l.linear(n, 'ssm_alpha', 4), { bias: 'ssm_dt.bias' })
  const decay = l.affine(l.activation(raw, 'softplus'), { weight: 'ssm_a' })
  const beta = l.activation(l.linear(n, 'ssm_beta', 4), 'sigmoid')
  return l.deltaRule({ q, k, v, decay, beta }, { sharing })
}

/** Mamba-2 with heads of 16 values; or Mamba, whose heads are values. */
function mamba(l: LayerBuilder, n: Value, heads: 4 | 64): Value {
  const mixed = l.activation(l.conv(l.linear(n, 'ssm_in', 64 + 2 * 2 * 8), 'ssm_conv1d', 3), 'silu')
  const x = l.splitHeads(l.slice(mixed, 0, 64), heads)
  const [b, c] = [64, 80].map((first) => l.splitHeads(l.slice(mixed, first, 16), 2))
  const step = l.activation(l.affine(l.linear(n, 'ssm_dt', heads), { bias: 'ssm_dt.bias' }), 'softplus')
  return l.stateScan({ x, b, c, step }, { a: 'ssm_a', perState: heads === 64, d: 'ssm_d' })
}

/** A family with every recurrent operation, before and after a layer of attention. */
registerFamily({
  architectures: ['recurrent-operations'],
  hyperparameters: (reader) => readConfig(reader, { ropeType: 'norm' }),
  build(b, h: Config) {
    let x = b.embed('token_embd')
    for (const l of b.layers()) {
      const n = l.rmsNorm(x, 'attn_norm')
      const mixers: (() => Value)[] = [
        () => l.concat(deltaNet(l, n, 'modulo'), l.conv(l.linear(n, 'in', 32, { heads: 4 }), 'conv', 2)),
        () => mamba(l, n, 4),
        () => {
          const { q, k, v } = l.qkv(n)
          return l.attention(l.rope(q), l.rope(k), v)
        },
        () => mamba(l, n, 64),
        () => deltaNet(l, n, 'groups'),
      ]
      x = l.add(x, l.linear(mixers[l.layer](), 'attn_output', h.embeddingLength))
      x = l.add(x, l.swiglu(l.rmsNorm(x, 'ffn_norm')))
    }
    b.logits(b.rmsNorm(x, 'output_norm'))
  },
})

const OPTIONS = { shape: SHAPE, architecture: 'recurrent-operations', hyperparameters: {} }

function model(format: string): Uint8Array {
  return smallModel({ ...OPTIONS, format })
}

const TEXT = { prompt: someIds(75, VOCAB), next: someIds(5, VOCAB, 1) }

it.each([
  ['F32', 'float'],
  ['Q8_0', 'quantized'],
] as const)('recurrent operations compute what the reference does, %s', async (format, kind) => {
  const bytes = model(format)
  await expectTwin(await load(bytes), bytes, TEXT, kind)
})

it.each(['F32', 'Q4_0'])('recurrent operations give the same bits on threads and in company, %s', (format) =>
  expectStableBits(model(format), TEXT),
)

it('a prompt in slices, and a draft of several rows, have the bits of one pass and of one row after another', async () => {
  const bytes = model('F32')
  const [whole, sliced] = [await load(bytes), await load(bytes)]
  const [memory, other] = [whole, sliced].map((executable) => executable.createMemory('f32'))
  const expected = await prefill(whole, memory, TEXT.prompt)
  vi.spyOn(Slicer.prototype, 'slices').mockReturnValue(5)
  expectSameBits(await prefill(sliced, other, TEXT.prompt), expected)
  const decoded = await decode(whole, memory, TEXT.next)
  expectSameBits(await append(sliced, other, TEXT.next, 'decode'), decoded.at(-1))
  // What remains after a truncated draft is the state after the rows that are left.
  expect(await other.truncate(77)).toBe(77)
  expectSameBits(await decode(sliced, other, TEXT.next.slice(2)), decoded.slice(2))
})

describe('a state that would not be finite is an error', () => {
  /** The first `layers` layers; f32 number `at` of `tensor` is NaN. */
  function broken(layers: number, tensor: string, at: number): Uint8Array {
    const parts = smallParts({ ...OPTIONS, shape: { ...SHAPE, layers } })
    const tensors = parts.tensors.map((given) => {
      if (given.name !== tensor) return given
      const data = Uint8Array.from(typeof given.data === 'function' ? given.data() : given.data)
      new DataView(data.buffer).setFloat32(4 * at, Number.NaN, true)
      return { ...given, data }
    })
    return writeGguf({ ...parts, tensors })
  }

  it.each([
    ['the input of a convolution', 1, 'token_embd.weight', 7 * 64],
    ['a delta rule', 1, 'blk.0.ssm_dt.bias', 2],
    ['a state scan', 2, 'blk.1.ssm_d', 1],
  ])('of the batch that would keep it, although it has no outputs: %s', async (_, layers, tensor, at) => {
    const executable = await load(broken(layers, tensor, at))
    const memory = executable.createMemory('f32')
    const run = (ids: number[]) =>
      executable.run(batchOf(ids, { memory, phase: 'prefill', outputs: [] }), () => {})
    const isEmbedding = tensor.startsWith('token')
    if (isEmbedding) await run([1, 2, 3])
    const before = await contentOf(memory)
    await expect(run([4, 7, 5])).rejects.toMatchObject({ code: 'NOT_A_NUMBER' })
    expect(await contentOf(memory)).toBe(before)
    if (isEmbedding) await run([4, 5])
  })
})
