import { describe, expect, it } from 'vitest'
import type { Op, Program, Value } from '../../src/backend/program.js'
import { Builder, type LayerBuilder } from '../../src/model/builder/builder.js'
import { CONFIG } from './invented-config.js'

/** The program of a model that computes `build` in each layer, from the embedding. `shapes`: tensors that the file has. */
function recorded(
  build: (l: LayerBuilder, x: Value) => unknown,
  shapes: Readonly<Record<string, readonly number[]>> = {},
): Program {
  const get = (name: string) => {
    const shape = shapes[name.replace(/^blk\.\d+\./, '')]
    return shape && { shape }
  }
  return Builder.record(CONFIG, { has: (name) => get(name) !== undefined, get }, (b) => {
    const x = b.embed('token_embd')
    for (const l of b.layers()) build(l, x)
    b.logits(x)
  })
}

function opsOf<K extends Op['kind']>({ ops }: Program, kind: K): (Op & { kind: K })[] {
  return ops.filter((op): op is Op & { kind: K } => op.kind === kind)
}

/** What a gated delta rule reads: two key heads of 4, four value heads of 8. */
function deltaInputs(l: LayerBuilder, x: Value) {
  const of = (name: string, rows: number, heads: number) => l.linear(x, name, rows, { heads })
  const [q, k, v] = [of('q', 8, 2), of('k', 8, 2), of('v', 32, 4)]
  return { q, k, v, decay: of('decay', 4, 1), beta: of('beta', 4, 1) }
}

/** What a state space reads: six heads of 4, three of b and c with 8 states each. */
function scanInputs(l: LayerBuilder, x: Value) {
  const of = (name: string, rows: number, heads: number) => l.linear(x, name, rows, { heads })
  return { x: of('x', 24, 6), b: of('b', 24, 3), c: of('c', 24, 3), step: of('step', 6, 1) }
}

describe('a convolution', () => {
  it('has a kernel with a row per channel, and remembers all rows but the newest', () => {
    const program = recorded((l, x) => l.conv(x, 'ssm_conv1d', 4))
    expect(program.tensors.get('blk.1.ssm_conv1d.weight')).toMatchObject({ kind: 'vector', shape: [4, 24] })
    expect(program.memories).toEqual([
      { kind: 'recurrent', values: 72 },
      { kind: 'recurrent', values: 72 },
    ])
    expect(opsOf(program, 'conv').map(({ memory, bias, taps }) => [memory, bias, taps])).toEqual([
      [0, undefined, 4],
      [1, undefined, 4],
    ])
  })

  it("has a bias if the file has one, and keeps its input's heads", () => {
    const program = recorded((l, x) => l.conv(l.splitHeads(x, 3), 'c', 2), { 'c.bias': [24] })
    const [conv] = opsOf(program, 'conv')
    expect(conv.bias).toEqual({ tensor: 'blk.0.c.bias', first: 0, length: 24 })
    expect(conv.out).toMatchObject({ width: 24, heads: 3 })
  })

  it.each([1, 0, 2.5, Number.NaN])('of %s taps is refused', (taps) => {
    expect(() => recorded((l, x) => l.conv(x, 'c', taps))).toThrow(/layer 0, conv "c": a kernel has 2 taps/)
  })
})

describe('a delta rule', () => {
  it('has a state of values times keys for each value head', () => {
    const program = recorded((l, x) => l.deltaRule(deltaInputs(l, x), { sharing: 'modulo' }))
    expect(program.memories[0]).toEqual({ kind: 'recurrent', values: 4 * 8 * 4 })
    const [rule] = opsOf(program, 'deltaRule')
    expect(rule).toMatchObject({ scale: 0.5, sharing: 'modulo', out: { width: 32, heads: 4 } })
  })

  it.each<[string, (l: LayerBuilder, x: Value) => unknown, RegExp]>([
    [
      'heads that cannot be shared',
      (l, x) =>
        l.deltaRule({ ...deltaInputs(l, x), v: l.linear(x, 'v3', 24, { heads: 3 }) }, { sharing: 'groups' }),
      /3 value heads cannot share/,
    ],
    [
      'a decay too few',
      (l, x) => l.deltaRule({ ...deltaInputs(l, x), decay: l.linear(x, 'd', 3) }, { sharing: 'groups' }),
      /3 decays and 4 betas for 4 value heads/,
    ],
    [
      'heads of 6',
      (l, x) =>
        l.deltaRule({ ...deltaInputs(l, x), v: l.linear(x, 'v6', 24, { heads: 4 }) }, { sharing: 'groups' }),
      /heads of 4 key and 6 value dimensions/,
    ],
    [
      'another way of sharing',
      (l, x) => l.deltaRule(deltaInputs(l, x), { sharing: 'evenly' as 'groups' }),
      /sharing "evenly" is unknown/,
    ],
    [
      'a scale that is no number',
      (l, x) => l.deltaRule(deltaInputs(l, x), { sharing: 'groups', scale: Number.NaN }),
      /the scale must be a finite f32/,
    ],
  ])('with %s is refused', (_, build, message) => {
    expect(() => recorded(build)).toThrow(message)
  })
})

describe('a state scan', () => {
  it('has a state per value of its heads, and vectors with or without a leading 1', () => {
    const shapes = { ssm_a: [1, 6], ssm_d: [6] }
    const program = recorded((l, x) => l.stateScan(scanInputs(l, x), { a: 'ssm_a', d: 'ssm_d' }), shapes)
    expect(program.memories[1]).toEqual({ kind: 'recurrent', values: 24 * 8 })
    expect(program.tensors.get('blk.0.ssm_a')?.shape).toEqual([1, 6])
    expect(program.tensors.get('blk.0.ssm_d')?.shape).toEqual([6])
    expect(opsOf(program, 'stateScan')[0].out).toMatchObject({ width: 24, heads: 6 })
  })

  it('may have decays of its own for every state', () => {
    const program = recorded((l, x) => l.stateScan(scanInputs(l, x), { a: 'ssm_a', perState: true }))
    expect(program.tensors.get('blk.0.ssm_a')?.shape).toEqual([8, 6])
    expect(opsOf(program, 'stateScan')[0]).toMatchObject({ a: { length: 48 }, d: undefined })
  })

  it.each<[string, (l: LayerBuilder, x: Value) => unknown, RegExp]>([
    [
      'groups that do not divide the heads',
      (l, x) => l.stateScan({ ...scanInputs(l, x), x: l.linear(x, 'x4', 16, { heads: 4 }) }, { a: 'a' }),
      /4 heads cannot share 3 heads of b with 8 states/,
    ],
    [
      '6 states',
      (l, x) => {
        const narrow = (name: string) => l.linear(x, name, 18, { heads: 3 })
        return l.stateScan({ ...scanInputs(l, x), b: narrow('b6'), c: narrow('c6') }, { a: 'a' })
      },
      /6 states; a multiple of 4/,
    ],
    [
      'a step too many',
      (l, x) => l.stateScan({ ...scanInputs(l, x), step: l.linear(x, 's', 7) }, { a: 'a' }),
      /7 steps for 6 heads/,
    ],
  ])('with %s is refused', (_, build, message) => {
    expect(() => recorded(build)).toThrow(message)
  })
})

describe('vectors of factors and offsets', () => {
  it.each<[string, readonly number[], number]>([
    ['a row', [24], 24],
    ['a head', [8], 8],
    ['all', [1], 1],
  ])('may be of %s', (_, shape, length) => {
    const program = recorded((l, x) => l.affine(l.splitHeads(x, 3), { weight: 'w', bias: 'b' }), {
      w: shape,
      b: [24],
    })
    expect(opsOf(program, 'affine')[0]).toMatchObject({ weight: { length }, bias: { length: 24 } })
  })

  it('of groups are weights of a norm', () => {
    const program = recorded((l, x) => l.groupNorm(x, 'ssm_norm', 3))
    expect(program.tensors.get('blk.0.ssm_norm.weight')?.shape).toEqual([8, 3])
    expect(opsOf(program, 'rmsNorm')[0]).toMatchObject({
      x: { heads: 3 },
      weight: { length: 24 },
      out: { heads: 1 },
    })
  })

  it('may be missing: a head divided by its length', () => {
    const program = recorded((l, x) => l.unitNorm(l.splitHeads(x, 3)))
    expect(opsOf(program, 'rmsNorm')[0]).toMatchObject({ weight: undefined, epsilon: 1e-6 / 8 })
    expect(opsOf(program, 'scale')[0].by).toBe(1 / Math.sqrt(8))
  })

  it.each([5, 0, 1.5])('of %s groups are refused', (groups) => {
    expect(() => recorded((l, x) => l.groupNorm(x, 'n', groups))).toThrow(/cannot be split into/)
    expect(() => recorded((l, x) => l.splitHeads(x, groups))).toThrow(/cannot be split into/)
  })
})
