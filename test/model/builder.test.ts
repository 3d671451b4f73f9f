import { describe, expect, it } from 'vitest'
import type { Op, Program } from '../../src/backend/program.js'
import { Builder } from '../../src/model/builder/builder.js'
import { CONFIG } from './invented-config.js'

/** Optional tensors that a file has; those of gate and up, which are named to learn whether they are fused, by default. */
type Present = (name: string) => boolean
const SEPARATE: Present = (name) => /ffn_(gate|up)\.weight$/.test(name)

function recorded(build: (b: Builder) => void, present: Present = SEPARATE): Program {
  return Builder.record(CONFIG, { has: present }, build)
}

/** What a program of one operation, and what is needed around it, records of it. */
function operation<K extends Op['kind']>(kind: K, build: (b: Builder) => void, present?: Present) {
  const program = recorded((b) => {
    build(b)
    b.logits(b.embed('token_embd'))
  }, present)
  return program.ops.filter((op): op is Op & { kind: K } => op.kind === kind)
}

describe('a program', () => {
  it('has tensors in the order of their first use, with their shapes', () => {
    const { tensors } = recorded((b) => {
      const x = b.embed('token_embd')
      for (const l of b.layers()) l.swiglu(l.rmsNorm(x, 'ffn_norm'))
      b.logits(x)
    })
    expect([...tensors.values()]).toEqual([
      { name: 'token_embd.weight', kind: 'matrix', shape: [24, 50] },
      ...[0, 1].flatMap((layer) => [
        { name: `blk.${layer}.ffn_norm.weight`, kind: 'vector', shape: [24] },
        { name: `blk.${layer}.ffn_gate.weight`, kind: 'matrix', shape: [24, 40] },
        { name: `blk.${layer}.ffn_up.weight`, kind: 'matrix', shape: [24, 40] },
        { name: `blk.${layer}.ffn_down.weight`, kind: 'matrix', shape: [40, 24] },
      ]),
    ])
    expect([...tensors.keys()]).toEqual([...tensors.values()].map(({ name }) => name))
  })

  it('numbers values in the order of computation', () => {
    const { ops, hidden } = recorded((b) => {
      const x = b.embed('token_embd')
      b.logits(b.add(b.multiply(x, x), b.scale(x, 3)))
    })
    expect(ops.map(({ kind, out }) => [kind, out.id])).toEqual([
      ['embed', 0],
      ['multiply', 1],
      ['scale', 2],
      ['add', 3],
    ])
    expect(hidden).toBe(ops[3].out)
  })

  it('has a memory for each attention, with its window', () => {
    const { memories } = recorded((b) => {
      const x = b.embed('token_embd')
      for (const l of b.layers()) {
        const { q, k, v } = l.qkv(x)
        l.attention(q, k, v, { window: l.layer === 0 ? 3 : undefined })
      }
      b.logits(x)
    })
    const memory = { kind: 'kv', kvHeads: 2, keyDim: 8, valueDim: 8 }
    expect(memories).toEqual([
      { ...memory, window: 3 },
      { ...memory, window: undefined },
    ])
  })

  it('has each rotary embedding once', () => {
    const { ropes, ops } = recorded((b) => {
      const x = b.embed('token_embd')
      for (const l of b.layers()) {
        const { q, k } = l.qkv(x)
        for (const each of [q, k]) {
          l.rope(each)
          l.rope(each, { theta: 500 })
          l.rope(each, { dims: 4, type: 'norm' })
        }
      }
      b.logits(x)
    })
    const own = { type: 'neox', dims: 8, theta: 10_000, scaling: { type: 'none' }, factors: undefined }
    expect(ropes).toEqual([own, { ...own, theta: 500 }, { ...own, dims: 4, type: 'norm' }])
    const used = ops.filter((op) => op.kind === 'rope').map(({ rope }) => rope)
    expect(used).toEqual([0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2])
  })

  it('takes rope factors where the file has them', () => {
    const program = recorded(
      (b) => {
        const x = b.embed('token_embd')
        b.rope(b.linear(x, 'query', 8))
        b.rope(b.linear(x, 'query', 8), { factors: undefined })
        b.logits(x)
      },
      (name) => name === 'rope_freqs.weight',
    )
    expect(program.ropes.map(({ factors }) => factors)).toEqual(['rope_freqs.weight', undefined])
    expect(program.tensors.get('rope_freqs.weight')).toMatchObject({ kind: 'vector', shape: [4] })
  })
})

describe('linear layers', () => {
  it('have a bias where the file has one', () => {
    const linears = operation(
      'linear',
      (b) => {
        const x = b.embed('token_embd')
        b.linear(x, 'plain', 6)
        b.linear(x, 'biased', 6, { heads: 3 })
      },
      (name) => name === 'biased.bias',
    )
    expect(linears.map(({ bias }) => bias)).toEqual([
      undefined,
      { tensor: 'biased.bias', first: 0, length: 6 },
    ])
    expect(linears.map(({ out }) => out)).toMatchObject([
      { width: 6, heads: 1 },
      { width: 6, heads: 3 },
    ])
  })

  const rows = [32, 16, 16]
  const qkv = (present: Present) => operation('linear', (b) => b.qkv(b.embed('token_embd')), present)

  it('are separate matrices if the file has no fused one', () => {
    const linears = qkv((name) => name === 'attn_k.bias')
    expect(linears.map(({ matrix }) => matrix)).toEqual(
      ['attn_q', 'attn_k', 'attn_v'].map((name, i) => ({
        tensor: `${name}.weight`,
        firstRow: 0,
        rows: rows[i],
        columns: 24,
      })),
    )
    expect(linears.map(({ bias }) => bias?.tensor)).toEqual([undefined, 'attn_k.bias', undefined])
    expect(linears.map(({ out }) => out.heads)).toEqual([4, 2, 2])
  })

  it('are rows of the fused matrix, and elements of its bias', () => {
    const linears = qkv((name) => name.startsWith('attn_qkv.'))
    expect(linears.map(({ matrix }) => matrix)).toEqual(
      [0, 32, 48].map((firstRow, i) => ({
        tensor: 'attn_qkv.weight',
        firstRow,
        rows: rows[i],
        columns: 24,
      })),
    )
    expect(linears.map(({ bias }) => bias)).toEqual(
      [0, 32, 48].map((first, i) => ({ tensor: 'attn_qkv.bias', first, length: rows[i] })),
    )
  })

  it('may be parts of one matrix, with their part of its bias or one that is stored apart', () => {
    const parts = [{ rows: 8, heads: 2 }, { rows: 12 }, { rows: 4, bias: 'apart.bias' }]
    const linears = operation(
      'linear',
      (b) => b.linearParts(b.embed('token_embd'), 'one', parts),
      (name) => name === 'one.bias' || name === 'one.scale',
    )
    expect(linears.map(({ matrix }) => [matrix.tensor, matrix.firstRow, matrix.rows])).toEqual([
      ['one.weight', 0, 8],
      ['one.weight', 8, 12],
      ['one.weight', 20, 4],
    ])
    expect(linears.map(({ bias }) => bias)).toEqual([
      { tensor: 'one.bias', first: 0, length: 8 },
      { tensor: 'one.bias', first: 8, length: 12 },
      { tensor: 'apart.bias', first: 0, length: 4 },
    ])
    expect(linears.map(({ scale }) => scale?.tensor)).toEqual(new Array(3).fill('one.scale'))
    expect(linears.map(({ out }) => [out.width, out.heads])).toEqual([
      [8, 2],
      [12, 1],
      [4, 1],
    ])
  })

  it('without a gate may have another width and a suffix', () => {
    const program = recorded((b) => {
      const x = b.embed('token_embd')
      b.mlp(x, 'relu2')
      b.logits(b.mlp(x, 'relu2', { rows: 16, suffix: '_shexp' }))
    })
    const shapes = [...program.tensors.values()].slice(1, 5).map(({ name, shape }) => [name, ...shape])
    expect(shapes).toEqual([
      ['ffn_up.weight', 24, 40],
      ['ffn_down.weight', 40, 24],
      ['ffn_up_shexp.weight', 24, 16],
      ['ffn_down_shexp.weight', 16, 24],
    ])
  })

  it('of a fused matrix may have a bias each', () => {
    const linears = qkv((name) => name === 'attn_qkv.weight' || name === 'attn_v.bias')
    expect(linears.map(({ bias }) => bias)).toEqual([
      undefined,
      undefined,
      { tensor: 'attn_v.bias', first: 0, length: 16 },
    ])
  })

  it.each(['swiglu', 'geglu'] as const)('of %s are halves of ffn_up if there is no gate', (kind) => {
    const linears = operation(
      'linear',
      (b) => b[kind](b.embed('token_embd')),
      (name) => name === 'ffn_up.weight' || name === 'ffn_up.bias',
    )
    expect(
      linears.map(({ matrix, bias }) => [matrix.tensor, matrix.firstRow, matrix.rows, bias?.first]),
    ).toEqual([
      ['ffn_up.weight', 0, 40, 0],
      ['ffn_up.weight', 40, 40, 40],
      ['ffn_down.weight', 0, 24, undefined],
    ])
  })
})

describe('logits', () => {
  const logits = (present: Present, options?: { softcap?: number; tied?: string }) =>
    recorded((b) => b.logits(b.embed('token_embd'), options), present).logits!

  it('come from the output matrix, with its bias', () => {
    const { matrix, bias } = logits((name) => name.startsWith('output.'))
    expect(matrix).toEqual({ tensor: 'output.weight', firstRow: 0, rows: 50, columns: 24 })
    expect(bias).toEqual({ tensor: 'output.bias', first: 0, length: 50 })
  })

  it('come from the tied embedding if there is no output matrix', () => {
    expect(logits(() => false).matrix.tensor).toBe('token_embd.weight')
    expect(logits(() => false, { tied: 'other' }).matrix.tensor).toBe('other.weight')
    // Of the output that is not there.
    expect(logits((name) => name === 'output.bias').bias).toBeUndefined()
  })

  it.each([
    [undefined, undefined],
    [0, undefined],
    [30, 30],
  ])('with a cap of %s have one of %s', (softcap, expected) => {
    expect(logits(() => false, { softcap: softcap as number }).softcap).toBe(expected)
  })
})

describe('a mistake of a family is rejected by family, layer and operation:', () => {
  /** In the second layer, after the first has been built well. */
  const inLayer = (mistake: (l: Builder, x: ReturnType<Builder['embed']>) => void) => (b: Builder) => {
    const x = b.embed('token_embd')
    for (const l of b.layers()) if (l.layer === 1) mistake(l, x)
    b.logits(x)
  }
  const { nan, infinity } = { nan: Number.NaN, infinity: Number.POSITIVE_INFINITY }
  const foreign = () => {
    let value!: ReturnType<Builder['embed']>
    recorded((b) => {
      value = b.embed('token_embd')
      b.logits(value)
    })
    return value
  }

  it.each<[string, (b: Builder) => void, string]>([
    [
      'a tensor in two shapes',
      inLayer((l, x) => {
        l.linear(x, 'attn_q', 32)
        l.linear(x, 'attn_q', 16)
      }),
      ', layer 1, linear "attn_q": tensor "blk.1.attn_q.weight" is requested as a matrix [24,16], but was requested before as a matrix [24,32]',
    ],
    [
      'a tensor as a matrix and as a vector',
      inLayer((l, x) => {
        l.rmsNorm(x, 'both')
        l.linear(x, 'both', 24)
      }),
      ', layer 1, linear "both": tensor "blk.1.both.weight" is requested as a matrix [24,24], but was requested before as a vector [24]',
    ],
    [
      'a norm of a width that a tensor has not',
      inLayer((l, x) => {
        l.rmsNorm(x, 'norm')
        l.rmsNorm(l.linear(x, 'up', 40), 'norm')
      }),
      ', layer 1, rmsNorm "norm": tensor "blk.1.norm.weight" is requested as a vector [40], but was requested before as a vector [24]',
    ],
    [
      'an embedding in two shapes',
      (b) => b.logits(b.linear(b.embed('token_embd'), 'token_embd', 24)),
      ', linear "token_embd": tensor "token_embd.weight" is requested as a matrix [24,24], but was requested before as a matrix [24,50]',
    ],
    [
      'a linear layer to no rows',
      inLayer((l, x) => l.linear(x, 'none', 0)),
      ', layer 1, linear "none": a tensor cannot have the shape [24,0]',
    ],
    [
      'parts of a matrix of which one has no rows',
      inLayer((l, x) => l.linearParts(x, 'parts', [{ rows: 24 }, { rows: 0 }])),
      ', layer 1, linear "parts": a part cannot have 0 rows',
    ],
    [
      'a linear layer to half a row',
      inLayer((l, x) => l.linear(x, 'half', 2.5)),
      ', layer 1, linear "half": a tensor cannot have the shape [24,2.5]',
    ],
    [
      'heads that do not divide a width',
      inLayer((l, x) => l.linear(x, 'attn_q', 32, { heads: 5 })),
      ', layer 1, linear: 32 values cannot be split into 5 heads',
    ],
    [
      'sums of different widths',
      inLayer((l, x) => l.add(x, l.linear(x, 'up', 40))),
      ', layer 1, add: operands of different widths (24 and 40)',
    ],
    [
      'products of different widths',
      inLayer((l, x) => l.multiply(l.linear(x, 'up', 40), x)),
      ', layer 1, multiply: operands of different widths (40 and 24)',
    ],
    [
      'queries and keys of different widths',
      inLayer((l, x) => {
        const { q, v } = l.qkv(x)
        l.attention(q, l.linear(x, 'narrow', 8, { heads: 2 }), v)
      }),
      ', layer 1, attention: 4 query heads of 8 cannot share 2 key heads of 4 and 2 value heads of 8',
    ],
    [
      'query heads that key heads do not divide',
      inLayer((l, x) => {
        const k = l.linear(x, 'three', 24, { heads: 3 })
        l.attention(l.qkv(x).q, k, k)
      }),
      ', layer 1, attention: 4 query heads of 8 cannot share 3 key heads of 8 and 3 value heads of 8',
    ],
    [
      'other heads of values than of keys',
      inLayer((l, x) => {
        const { q, k } = l.qkv(x)
        l.attention(q, k, l.linear(x, 'one', 16))
      }),
      ', layer 1, attention: 4 query heads of 8 cannot share 2 key heads of 8 and 1 value heads of 16',
    ],
    ...[0, -1, 2.5, nan, infinity, '7' as unknown as number].map(
      (window): [string, (b: Builder) => void, string] => [
        `a window of ${JSON.stringify(window)}`,
        inLayer((l, x) => {
          const { q, k, v } = l.qkv(x)
          l.attention(q, k, v, { window })
        }),
        `, layer 1, attention: the window must be a whole number from 1, not ${typeof window === 'string' ? '"7"' : window}`,
      ],
    ),
    [
      'scores scaled by what is not a number',
      inLayer((l, x) => {
        const { q, k, v } = l.qkv(x)
        l.attention(q, k, v, { scale: nan })
      }),
      ', layer 1, attention: the scale must be a finite f32, not NaN',
    ],
    ...[10, 0, -2, 3, nan].map((dims): [string, (b: Builder) => void, string] => [
      `${dims} rotary dimensions`,
      inLayer((l, x) => l.rope(l.qkv(x).q, { dims })),
      `, layer 1, rope: ${dims} rotary dimensions in heads of 8; an even number up to 8 is needed`,
    ]),
    ...[1, 0, nan, infinity].map((theta): [string, (b: Builder) => void, string] => [
      `a rotary base of ${theta}`,
      inLayer((l, x) => l.rope(l.qkv(x).k, { theta })),
      `, layer 1, rope: the base is ${theta}; more than 1 is needed`,
    ]),
    [
      'rope factors of two lengths',
      inLayer((l, x) => {
        const { q } = l.qkv(x)
        l.rope(q, { factors: 'long.weight' })
        l.rope(q, { factors: 'long.weight', dims: 4 })
      }),
      ', layer 1, rope: tensor "long.weight" is requested as a vector [2], but was requested before as a vector [4]',
    ],
    ...(['rmsNorm', 'headNorm', 'linear', 'silu', 'scale', 'rope', 'logits'] as const).map(
      (kind): [string, (b: Builder) => void, string] => [
        `${kind} of another program's value`,
        inLayer((l) => {
          const x = foreign()
          if (kind === 'linear') l.linear(x, 'name', 4)
          else if (kind === 'scale') l.scale(x, 2)
          else if (kind === 'rmsNorm' || kind === 'headNorm') l[kind](x, 'name')
          else l[kind](x)
        }),
        `, layer 1, ${/Norm|linear/.test(kind) ? `${kind} "name"` : kind}: { "id": 0, "width": 24, "heads": 1 } is not a value of this program`,
      ],
    ),
    [
      "a sum with another program's value",
      inLayer((l, x) => l.add(x, foreign())),
      ', layer 1, add: { "id": 0, "width": 24, "heads": 1 } is not a value of this program',
    ],
    [
      "attention over another program's value",
      inLayer((l, x) => {
        const { q, k } = l.qkv(x)
        l.attention(q, k, foreign())
      }),
      ', layer 1, attention: { "id": 0, "width": 24, "heads": 1 } is not a value of this program',
    ],
    [
      'a value that is not there',
      inLayer((l) => l.silu(undefined as never)),
      ', layer 1, silu: undefined is not a value of this program',
    ],
    [
      'a factor that is not a number',
      inLayer((l, x) => l.scale(x, nan)),
      ', layer 1, scale: the factor must be a finite f32, not NaN',
    ],
    ['no logits', (b) => b.embed('token_embd'), ', build: the program has no logits'],
    ['nothing at all', () => {}, ', build: the program has no logits'],
    [
      'logits twice',
      (b) => {
        const x = b.embed('token_embd')
        b.logits(x)
        b.logits(x)
      },
      ', logits: nothing may follow the logits',
    ],
    [
      'logits of another width',
      (b) => b.logits(b.linear(b.embed('token_embd'), 'up', 40)),
      ', logits: hidden states have 40 values; 24 are needed',
    ],
    ...[nan, -1, infinity].map((softcap): [string, (b: Builder) => void, string] => [
      `a cap of ${softcap}`,
      (b) => b.logits(b.embed('token_embd'), { softcap }),
      `, logits: the soft cap must be 0 or more, not ${softcap}`,
    ]),
  ])('%s', (_, build, message) => {
    expect(() => recorded(build)).toThrow(
      expect.objectContaining({
        name: 'DasllamaError',
        code: 'INVALID_ARGUMENT',
        message: `family "invented"${message}`,
        hint: 'the mistake is in the family, not in the file',
      }),
    )
  })
})
