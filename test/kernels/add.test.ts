import { beforeAll, describe, expect, it } from 'vitest'
import { createWorkbench, randomFloats, type Workbench } from './workbench.js'

let bench: Workbench
beforeAll(async () => {
  bench = await createWorkbench()
})

describe('add', () => {
  it.each([0, 1, 2, 3, 4, 5, 7, 8, 9, 63, 100])('adds %i values, rounding each sum once', (n) => {
    const a = randomFloats(n, `a${n}`)
    const b = randomFloats(n, `b${n}`, 1e-3)
    const out = bench.floats(a)
    bench.kernels.add(bench.floats(b), out, n)
    expect(bench.result(out, n)).toEqual(a.map((value, i) => value + b[i]))
  })
})
