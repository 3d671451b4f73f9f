import { expect, it } from 'vitest'
import type { Op, Program, Value } from '../../src/backend/program.js'
import { Builder, type LayerBuilder } from '../../src/model/builder/builder.js'
import { CONFIG } from './invented-config.js'

/** The program of a model that computes `build` in each layer, from the embedding. `present`: tensors that the file has. */
function recorded(build: (l: LayerBuilder, x: Value) => unknown, present: readonly string[] = []): Program {
  const has = (name: string) => present.includes(name.replace(/^blk\.\d+\./, ''))
  return Builder.record(CONFIG, { has }, (b) => {
    const x = b.embed('token_embd')
    for (const l of b.layers()) build(l, x)
    b.logits(x)
  })
}

function opsOf<K extends Op['kind']>({ ops }: Program, kind: K): (Op & { kind: K })[] {
  return ops.filter((op): op is Op & { kind: K } => op.kind === kind)
}

/** Attention of the first layer, whose cache the second one reads with `queries`. */
function shared(queries: (l: LayerBuilder, x: Value) => Value, present: readonly string[] = []): Program {
  let first: Value | undefined
  return recorded((l, x) => {
    if (first) return l.sharedAttention(queries(l, x), first)
    const { q, k, v } = l.qkv(x)
    first = l.attention(q, k, v, { window: 5 })
  }, present)
}

it('attention to an earlier layer’s cache has no memory, keys and values of its own', () => {
  const program = shared((l, x) => l.queries(x))
  expect(program.memories).toEqual([{ kind: 'kv', kvHeads: 2, keyDim: 8, valueDim: 8, window: 5 }])
  expect(opsOf(program, 'attention')).toMatchObject([
    { memory: 0, k: { width: 16 }, v: { width: 16 } },
    { memory: 0, k: undefined, v: undefined, scale: 0.25, out: { width: 32, heads: 4 } },
  ])
  expect(program.tensors.has('blk.1.attn_k.weight')).toBe(false)
})

it('queries alone are the first rows of a fused matrix', () => {
  const program = shared((l, x) => l.queries(x), ['attn_qkv.weight'])
  const { matrix } = opsOf(program, 'linear').at(-1)!
  expect(matrix).toEqual({ tensor: 'blk.1.attn_qkv.weight', firstRow: 0, rows: 32, columns: 24 })
  expect(program.tensors.get('blk.1.attn_qkv.weight')!.shape).toEqual([24, 64])
})

it('queries, keys and values may have shapes of their own, and keys be values', () => {
  const program = recorded((l, x) => {
    const { q, k, v } = l.qkv(x, { heads: 6, kvHeads: 3, headDim: 4, tied: true })
    expect(v).toBe(k)
    l.attention(q, k, v)
  })
  expect(program.memories[0]).toMatchObject({ kvHeads: 3, keyDim: 4, valueDim: 4 })
  expect(program.tensors.get('blk.0.attn_q.weight')!.shape).toEqual([24, 24])
})

it('heads are combined, repeated and measured', () => {
  const program = recorded((l, x) => {
    const heads = l.splitHeads(x, 3)
    expect(l.mixHeads(heads, l.linear(x, 'mix', 6), { plus: 1 })).toMatchObject({ width: 16, heads: 2 })
    expect(l.repeat(x, 3)).toMatchObject({ width: 72, heads: 3 })
    expect(l.length(heads)).toMatchObject({ width: 3, heads: 3 })
    expect(l.gaussianTopK(x, 1.5)).toMatchObject({ width: 24, heads: 1 })
  })
  expect(opsOf(program, 'mixHeads')[0]).toMatchObject({ plus: 1, x: { heads: 3 }, out: { heads: 2 } })
})

it('a second table of embeddings has columns of its own', () => {
  const program = Builder.record(CONFIG, { has: () => false }, (b) => {
    expect(b.embed('other', { columns: 10 })).toMatchObject({ width: 10 })
    b.logits(b.embed('token_embd'))
  })
  expect(program.tensors.get('other.weight')!.shape).toEqual([10, 50])
})

it('names tensors that a file may have and that are not loaded', () => {
  const program = recorded((l) => l.unused('attn_k.weight'))
  expect([...program.unusedTensors!]).toEqual(['blk.0.attn_k.weight', 'blk.1.attn_k.weight'])
  expect(recorded(() => {}).unusedTensors).toBeUndefined()
})

it.each<[string, (l: LayerBuilder, x: Value) => unknown, RegExp]>([
  [
    'attention to a value that is not its result',
    (l, x) => l.sharedAttention(x, x),
    /is not a result of attention/,
  ],
  [
    'queries of another width than the shared keys',
    (l, x) => {
      const { q, k, v } = l.qkv(x)
      return l.sharedAttention(l.splitHeads(q, 8), l.attention(q, k, v))
    },
    /8 query heads of 4 cannot share 2 key heads of 8/,
  ],
  [
    'factors for other heads',
    (l, x) => l.mixHeads(l.splitHeads(x, 4), l.linear(x, 'mix', 6)),
    /6 factors cannot combine 4 heads/,
  ],
  ['no copies', (l, x) => l.repeat(x, 0), /0 copies/],
  ['copies without end', (l, x) => l.repeat(x, 1e9), /1000000000 copies/],
  ['an infinite cut', (l, x) => l.gaussianTopK(x, Number.POSITIVE_INFINITY), /must be a finite f32/],
  ['the deviation of one value', (l, x) => l.gaussianTopK(l.linear(x, 'one', 1), 1), /no standard deviation/],
  ['a table without columns', (l) => l.embed('other', { columns: 0 }), /cannot have the shape \[0,50\]/],
])('rejects %s', (_, build, message) => {
  expect(() => recorded(build)).toThrow(message)
})
