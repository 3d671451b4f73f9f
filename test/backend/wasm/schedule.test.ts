import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Program, Value } from '../../../src/backend/program.js'
import { schedule } from '../../../src/backend/wasm/schedule.js'
import type { Schedule, Scheduled } from '../../../src/backend/wasm/scheduled.js'
import { Builder } from '../../../src/model/builder/builder.js'
import { llama } from '../../../src/model/families/llama.js'
import { CONFIG, drawn, NAMES, record } from './drawn-program.js'
import { meaningOfProgram, meaningOfSchedule, Terms } from './symbolic.js'

/** The schedule of a program, checked to have the same meaning. */
function scheduled(program: Program): Schedule {
  const terms = new Terms()
  const plan = schedule(program)
  expect(meaningOfSchedule(plan, terms)).toEqual(meaningOfProgram(program, terms))
  return plan
}

/** A step, abbreviated. */
function brief(step: Scheduled): string {
  switch (step.kind) {
    case 'project': {
      const parts = step.linears.map(({ matrix, use }) => {
        const name = /(\w+)\.weight$/.exec(matrix.tensor)?.[1]
        return use === 'store' ? name : `${name}:${use}`
      })
      return `project(${[...(step.norm ? ['norm'] : []), ...parts].join(' ')})`
    }
    default:
      return step.kind
  }
}

/** The rotation of whole keys by embedding `rope`, if any. */
function usual(rope: number | undefined) {
  return rope === undefined ? [] : [{ rope, first: 0 }]
}

function stepsOf(build: (b: Builder) => void): string[] {
  return scheduled(record(build)).steps.map(brief)
}

describe('the schedule of a llama model', () => {
  const program = record((b) => llama.build(b, CONFIG))
  const plan = scheduled(program)

  it('makes as few kernel calls as possible', () => {
    const layer = [
      'project(norm attn_q attn_k attn_v)',
      'rope',
      'rope',
      'attention',
      'project(attn_output:add)',
      'project(norm ffn_gate ffn_up:swiglu)',
      'project(ffn_down:add)',
    ]
    expect(plan.steps.map(brief)).toEqual(['embed', ...layer, ...layer])
  })

  it('rotates queries and keys in place', () => {
    const [, project, ropeQ, ropeK, attention] = plan.steps
    if (project.kind !== 'project' || attention.kind !== 'attention') throw new Error('other steps')
    const [q, k, v] = project.linears.map(({ product }) => product)
    expect([ropeQ, ropeK]).toMatchObject([{ x: q }, { x: k }])
    expect([attention.q, attention.k, attention.v]).toEqual([q, k, v])
  })

  it('needs buffers for the residual stream, q, k, v, attention’s output, gate and up, for any number of layers', () => {
    const widths = (layers: number) => {
      const config = { ...CONFIG, layers }
      const { buffers } = schedule(Builder.record(config, NAMES, (b) => llama.build(b, config)))
      return buffers.map(({ width }) => width).sort((a, b) => a - b)
    }
    // k and v of 8; the residual stream, q, and attention's output or a product; gate and up.
    expect(widths(1)).toEqual([8, 8, 16, 16, 16, 24, 24])
    expect(widths(30)).toEqual(widths(1))
  })

  it('fuses the last norm into the head', () => {
    expect(plan.head.norm).toMatchObject({ weight: { tensor: 'output_norm.weight' }, epsilon: 1e-5 })
    const residual = plan.steps.at(-1)
    expect(residual).toMatchObject({ kind: 'project', linears: [{ use: 'add', into: plan.head.x }] })
    expect(plan.keyRopes).toEqual({ ropes: [usual(0), usual(0)], canShift: true })
  })
})

describe('a mixture of experts', () => {
  const routing = { used: 2, gating: 'softmax', groups: undefined, normalize: true, scale: 1 } as const
  const options = { experts: 4, rows: 8, function: 'swiglu', routing } as const

  it('is a router and its experts, whose input a shared expert may read too', () => {
    const steps = stepsOf((b) => {
      let x = b.embed('token_embd')
      for (const l of b.layers()) {
        const n = l.rmsNorm(x, 'ffn_norm')
        x = l.add(x, l.add(l.mixture(n, options), l.swiglu(n, { rows: 8, suffix: '_shexp' })))
      }
      b.logits(b.rmsNorm(x, 'output_norm'))
    })
    expect(steps.slice(1, 5)).toEqual(['norm', 'project(ffn_gate_inp)', 'route', 'experts'])
    expect(steps.filter((step) => step === 'experts')).toHaveLength(2)
  })
})

const end = (b: Builder, x: Value) => b.logits(b.rmsNorm(x, 'output_norm'))

describe('a norm', () => {
  it('is fused with all linear layers that read it', () => {
    const steps = stepsOf((b) => {
      const x = b.embed('token_embd')
      const n = b.rmsNorm(x, 'n')
      const [a, c] = [b.linear(n, 'a', 16), b.linear(n, 'c', 16)]
      end(b, b.add(x, b.multiply(a, c)))
    })
    expect(steps.slice(0, 2)).toEqual(['embed', 'project(norm a c)'])
  })

  it('that something else reads too is a separate step', () => {
    const steps = stepsOf((b) => {
      const x = b.embed('token_embd')
      const n = b.rmsNorm(x, 'n')
      const [a, c] = [b.linear(n, 'a', 16), b.linear(n, 'c', 16)]
      end(b, b.add(n, b.multiply(a, c)))
    })
    expect(steps.slice(0, 3)).toEqual(['embed', 'norm', 'project(a c)'])
  })

  it('whose linear layers are not consecutive is a separate step', () => {
    const steps = stepsOf((b) => {
      const x = b.embed('token_embd')
      const n = b.rmsNorm(x, 'n')
      const a = b.silu(b.linear(n, 'a', 16))
      end(b, b.add(x, b.multiply(a, b.linear(n, 'c', 16))))
    })
    expect(steps.slice(0, 3)).toEqual(['embed', 'norm', 'project(a)'])
  })

  it('of each head is a separate step', () => {
    const steps = stepsOf((b) => {
      const x = b.embed('token_embd')
      const heads = b.headNorm(b.linear(b.rmsNorm(x, 'n'), 'a', 16, { heads: 2 }), 'h')
      end(b, b.linear(heads, 'c', 16))
    })
    expect(steps).toEqual(['embed', 'project(norm a)', 'norm', 'project(c)'])
  })

  it('of any kind and epsilon is fused', () => {
    const program = record((b) => {
      const x = b.linear(b.layerNorm(b.embed('token_embd'), 'n'), 'a', 16)
      const y = b.linear(b.rmsNorm(x), 'c', 16)
      b.logits(b.layerNorm(y, 'output_norm'))
    })
    const other = program.ops.map((op) => (op.kind === 'layerNorm' ? { ...op, epsilon: 0.1 } : op))
    const plan = scheduled({ ...program, ops: other })
    expect(plan.steps.map(brief)).toEqual(['embed', 'project(norm a)', 'project(norm c)'])
    expect(plan.head.norm).toMatchObject({ kind: 'layer', epsilon: 0.1 })
  })
})

describe('a gate', () => {
  const gated = (more: (b: Builder, values: Record<'gate' | 'up' | 'active' | 'product', Value>) => Value) =>
    stepsOf((b) => {
      const n = b.rmsNorm(b.embed('token_embd'), 'n')
      const [gate, up] = [b.linear(n, 'gate', 16), b.linear(n, 'up', 16)]
      const active = b.gelu(gate)
      const product = b.multiply(active, up)
      end(b, more(b, { gate, up, active, product }))
    })

  it('is fused with its product', () => {
    expect(gated((_, { product }) => product)).toEqual(['embed', 'project(norm gate up:geglu)'])
  })

  it.each(['gate', 'up', 'active'] as const)('is a separate step if its %s is needed later', (which) => {
    const steps = gated((b, values) => b.add(values.product, values[which]))
    expect(steps[1]).toBe('project(norm gate up)')
    expect(steps).toContain('activation')
    expect(steps).toContain('multiply')
  })

  it('that is the second operand is a separate step, with the same result', () => {
    const steps = stepsOf((b) => {
      const n = b.rmsNorm(b.embed('token_embd'), 'n')
      const [gate, up] = [b.linear(n, 'gate', 16), b.linear(n, 'up', 16)]
      end(b, b.multiply(up, b.silu(gate)))
    })
    expect(steps).toEqual(['embed', 'project(norm gate up)', 'activation', 'multiply'])
  })

  it('is fused among other linear layers of the same input', () => {
    const steps = stepsOf((b) => {
      const n = b.rmsNorm(b.embed('token_embd'), 'n')
      const [first, gate, up] = ['first', 'gate', 'up'].map((name) => b.linear(n, name, 16))
      end(b, b.add(b.multiply(b.silu(gate), up), first))
    })
    expect(steps).toEqual(['embed', 'project(norm first gate up:swiglu)', 'add'])
  })
})

describe('a sum', () => {
  it('with a linear layer is computed in place, if the other operand is not needed later', () => {
    const steps = stepsOf((b) => {
      const x = b.embed('token_embd')
      end(b, b.add(b.linear(b.silu(x), 'a', 16), x))
    })
    expect(steps).toEqual(['embed', 'copy', 'activation', 'project(a:add)'])
  })

  it('of values that are both needed later overwrites neither', () => {
    const steps = stepsOf((b) => {
      const x = b.embed('token_embd')
      const y = b.linear(x, 'a', 16)
      const sum = b.add(x, y)
      end(b, b.multiply(b.multiply(sum, x), y))
    })
    expect(steps).toEqual(['embed', 'project(a)', 'copy', 'add', 'multiply', 'multiply'])
  })

  it('of a value with itself doubles it in place, or a copy', () => {
    expect(stepsOf((b) => end(b, ((x) => b.add(x, x))(b.embed('token_embd'))))).toEqual(['embed', 'add'])
    const steps = stepsOf((b) => {
      const x = b.embed('token_embd')
      end(b, b.multiply(b.add(x, x), x))
    })
    expect(steps).toEqual(['embed', 'copy', 'add', 'multiply'])
  })

  it('of a value and its own linear layer does not overwrite the layer’s input', () => {
    const steps = stepsOf((b) => {
      const x = b.embed('token_embd')
      end(b, b.add(x, b.linear(x, 'a', 16)))
    })
    expect(steps).toEqual(['embed', 'project(a)', 'add'])
  })

  it('of a value and a linear layer of its norm is fused: the norm has its own buffer', () => {
    const steps = stepsOf((b) => {
      const x = b.embed('token_embd')
      end(b, b.add(x, b.linear(b.rmsNorm(x, 'n'), 'a', 16)))
    })
    expect(steps).toEqual(['embed', 'project(norm a:add)'])
  })
})

describe('values that are used twice', () => {
  it('are copied before an in-place operation', () => {
    const steps = stepsOf((b) => {
      const x = b.embed('token_embd')
      const ways = [b.silu(x), b.gelu(x), b.scale(x, 2), b.rope(x, { dims: 8 })]
      end(
        b,
        ways.reduce((sum, way) => b.add(sum, way)),
      )
    })
    expect(steps.filter((step) => step === 'copy')).toHaveLength(3)
  })

  it('can be queries, keys and values at once', () => {
    const steps = stepsOf((b) => {
      const x = b.embed('token_embd')
      end(b, b.add(b.attention(x, x, x), x))
    })
    expect(steps).toEqual(['embed', 'attention', 'add'])
  })
})

describe('unused values', () => {
  it('do not share a buffer with a product that is computed with them', () => {
    stepsOf((b) => {
      const x = b.embed('token_embd')
      const n = b.rmsNorm(x, 'n')
      b.linear(n, 'unused', 16)
      end(b, b.add(x, b.linear(n, 'used', 16)))
    })
  })
})

describe('keys', () => {
  /** The key rope of an attention whose keys and values are made from the usual ones; rotary embedding 1 is the usual one. */
  const keyRope = (make: (b: Builder, k: Value) => Value, makeValue = (_: Builder, v: Value) => v) =>
    scheduled(
      record((b) => {
        const x = b.embed('token_embd')
        const { q, k, v } = b.qkv(x)
        b.rope(q, { theta: 5 })
        end(b, b.attention(b.rope(q), make(b, k), makeValue(b, v)))
      }),
    ).keyRopes
  const linear = (b: Builder, x: Value) => b.linear(x, 'other', 8)

  it.each<[string, (b: Builder, k: Value) => Value, number | undefined]>([
    ['are rotated', (b, k) => b.rope(k), 1],
    ['are rotated after a norm', (b, k) => b.rope(b.headNorm(k, 'k_norm')), 1],
    ['are rotated by another embedding than queries', (b, k) => b.rope(k, { theta: 5 }), 0],
    ['are scaled after their rotation, or before it', (b, k) => b.scale(b.rope(b.scale(k, 2)), 3), 1],
    ['are not rotated', (_, k) => k, undefined],
    ['have a norm but no rotation', (b, k) => b.headNorm(k, 'k_norm'), undefined],
  ])('that %s can be moved', (_, make, rope) => {
    expect(keyRope(make)).toEqual({ ropes: [usual(rope)], canShift: true })
  })

  it.each<[string, (b: Builder, k: Value) => Value]>([
    ['have a norm after their rotation', (b, k) => b.headNorm(b.rope(k), 'k_norm')],
    ['are rotated twice', (b, k) => b.rope(b.rope(k))],
    ['go through a linear layer after their rotation', (b, k) => b.rope(linear(b, b.rope(k)))],
    ['are a sum of rotated and other values', (b, k) => b.add(b.rope(k), k)],
    ['are gated by rotated ones', (b, k) => b.multiply(k, b.silu(b.rope(k)))],
  ])('that %s cannot be moved', (_, make) => {
    expect(keyRope(make).canShift).toBe(false)
  })

  it('cannot be moved if values, or the residual stream, are rotated', () => {
    expect(
      keyRope(
        (b, k) => b.rope(k),
        (b, v) => b.rope(v),
      ).canShift,
    ).toBe(false)
    const stream = scheduled(
      record((b) => {
        const x = b.rope(b.embed('token_embd'), { dims: 16 })
        const { q, k, v } = b.qkv(b.rmsNorm(x, 'n'))
        end(b, b.add(x, b.attention(b.rope(q), b.rope(k), v)))
      }),
    )
    expect(stream.keyRopes.canShift).toBe(false)
  })

  it('of deeper layers, whose input contains attention’s output, can be moved', () => {
    const config = { ...CONFIG, layers: 300 }
    const { keyRopes } = schedule(Builder.record(config, NAMES, (b) => llama.build(b, config)))
    expect(keyRopes).toEqual({ ropes: new Array(300).fill(usual(0)), canShift: true })
  })
})

it('has the meaning of the program, for any program', () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 999 }), { minLength: 4, maxLength: 160, size: 'max' }), (choices) => {
      const program = drawn(choices)
      const terms = new Terms()
      const plan = schedule(program)
      expect(meaningOfSchedule(plan, terms)).toEqual(meaningOfProgram(program, terms))
      // Never more buffers than values.
      expect(plan.buffers.length).toBeLessThanOrEqual(program.ops.length)
      expect(plan.buffers.map(({ index }) => index)).toEqual([...plan.buffers.keys()])
    }),
    { numRuns: 3000 },
  )
})
