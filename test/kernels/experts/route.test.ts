import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Op, Program, Routing } from '../../../src/backend/program.js'
import type { Engine } from '../../../src/backend/wasm/engine.js'
import { ROUTING_BYTES, writeRouting } from '../../../src/backend/wasm/experts/expert-records.js'
import type { Pointer } from '../../../src/backend/wasm/kernels.js'
import { engineOf } from '../../backend/wasm/load.js'
import { computeRow } from '../../model/reference-ops.js'
import { expectWithin } from '../workbench.js'

let engine: Engine
beforeAll(async () => {
  engine = await engineOf()
})

const PLAIN: Routing = {
  used: 2,
  gating: 'softmax',
  selectionBias: undefined,
  groups: undefined,
  normalize: false,
  scale: 1,
}

/** The routes of rows of logits, f32[2][used] each. */
function routesOf(rows: readonly (readonly number[])[], routing: Routing, bias?: readonly number[]) {
  const { arena, kernels, pool } = engine
  const experts = rows[0].length
  const place = (values: readonly number[]): Pointer => {
    const at = arena.allocate(4 * values.length, 'a test')
    arena.floats(at, values.length).set(values)
    return at
  }
  const scratch = arena.allocate(kernels.route_scratch(pool.size, experts), 'a test')
  const record = arena.allocate(ROUTING_BYTES, 'a test')
  const [logits, selectionBias] = [place(rows.flat()), bias ? place(bias) : (0 as const)]
  const out = arena.allocate(8 * routing.used * rows.length, 'a test')
  writeRouting(engine, record, routing, { experts, selectionBias, scratch })
  kernels.route(record, logits, out, rows.length)
  const width = 2 * routing.used
  const found = rows.map((_, row) => Array.from(arena.floats((out + 4 * width * row) as Pointer, width)))
  for (const pointer of [scratch, record, logits, out, ...(selectionBias ? [selectionBias] : [])]) {
    arena.free(pointer)
  }
  return found
}

function expectedRoute(row: readonly number[], routing: Routing, bias: readonly number[]): Float64Array {
  const selectionBias = bias.length > 0 ? { tensor: 'b', first: 0, length: bias.length } : undefined
  const value = { id: 0, width: row.length, heads: 1 }
  const op: Op = {
    kind: 'route',
    logits: value,
    routing: { ...routing, selectionBias },
    out: { id: 1, width: 2 * routing.used, heads: 1 },
  }
  const weights = { program: {} as Program, tensor: () => Float64Array.from(bias) }
  return computeRow(op, weights, { id: 0, position: 0, contextLength: 0, of: () => Float64Array.from(row) })
}

describe('a router', () => {
  it('chooses experts and weights as the reference does, the lower index of equal scores', () => {
    // Few values, so there are ties; never negative ones, because σ(x) + σ(-x) would tie but for rounding.
    const logit = fc.integer({ min: 0, max: 48 }).map((eighths) => eighths / 8)
    const drawn = fc
      .record({ groups: fc.constantFrom(0, 2, 4), size: fc.integer({ min: 1, max: 9 }) })
      .chain(({ groups, size }) => {
        const experts = size * Math.max(1, groups)
        return fc.record({
          rows: fc.array(fc.array(logit, { minLength: experts, maxLength: experts }), {
            minLength: 1,
            maxLength: 4,
          }),
          groupsUsed: fc.integer({ min: 1, max: Math.max(1, groups) }),
          groups: fc.constant(groups),
          share: fc.double({ min: 0, max: 1, noNaN: true }),
          gating: fc.constantFrom('softmax' as const, 'sigmoid' as const, 'softmaxOfChosen' as const),
          normalize: fc.boolean(),
          scale: fc.constantFrom(1, 2.5),
          hasBias: fc.boolean(),
        })
      })
    fc.assert(
      fc.property(drawn, ({ rows, groups, groupsUsed, share, gating, normalize, scale, hasBias }) => {
        const experts = rows[0].length
        const available = groups > 0 ? (experts / groups) * groupsUsed : experts
        const used = 1 + Math.floor(share * (available - 1))
        const routing: Routing = {
          ...PLAIN,
          ...{ used, gating, normalize, scale },
          groups: groups > 0 ? { count: groups, used: groupsUsed } : undefined,
        }
        const bias = hasBias ? rows[0].map((_, i) => Math.fround(Math.sqrt(((i * 7) % 5) + 1) / 8)) : []
        const found = routesOf(rows, routing, hasBias ? bias : undefined)
        for (const [i, row] of rows.entries()) {
          const expected = expectedRoute(row, routing, bias)
          expect(found[i].slice(0, used)).toEqual(Array.from(expected.slice(0, used)))
          expectWithin(
            found[i].slice(used),
            expected.slice(used),
            (at) => 2e-6 * (1 + Math.abs(expected[used + at])),
          )
        }
      }),
      { numRuns: 300, seed: 1 },
    )
  })

  it('divides tiny weights by no less than 2^-14', () => {
    const [route] = routesOf([[-30, -30, -31]], { ...PLAIN, gating: 'sigmoid', normalize: true })
    expect(route.slice(0, 2)).toEqual([0, 1])
    expectWithin(route.slice(2), [Math.exp(-30) * 2 ** 14, Math.exp(-30) * 2 ** 14], 1e-14)
  })

  it.each(['softmax', 'sigmoid', 'softmaxOfChosen'] as const)(
    'with %s chooses experts that exist whatever the logits are',
    (gating) => {
      const odd = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e38, 0]
      const rows = Array.from({ length: 40 }, (_, row) =>
        Array.from({ length: 8 }, (_, i) => odd[(row * (i + 3)) % 5]),
      )
      for (const groups of [undefined, { count: 4, used: 2 }]) {
        for (const route of routesOf(rows, { ...PLAIN, used: 3, gating, groups })) {
          const experts = route.slice(0, 3)
          expect(experts.every((expert) => Number.isInteger(expert) && expert >= 0 && expert < 8)).toBe(true)
          expect(new Set(experts).size).toBe(3)
        }
      }
    },
  )

  it('gives the same bits on several threads', async () => {
    const rows = Array.from({ length: 128 }, (_, row) =>
      Array.from({ length: 64 }, (_, i) => Math.sin(row * 64 + i) * 5),
    )
    const routing = { ...PLAIN, used: 8, normalize: true }
    const alone = routesOf(rows, routing)
    const single = engine
    engine = await engineOf({ threads: 3 })
    try {
      expect(routesOf(rows, routing)).toEqual(alone)
    } finally {
      await engine.pool.shutDown()
      engine = single
    }
  })
})
