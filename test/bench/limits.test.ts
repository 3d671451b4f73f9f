import { describe, expect, it } from 'vitest'
import { LOOPS, limitSource } from '../../bench/limits/kernels.js'
import type { LimitRecord } from '../../bench/limits/record.js'
import { renderDistances, renderLimits } from '../../bench/limits/table.js'
import { compileKernels } from '../kernels/compile.js'
import { RECORD } from './record-fixture.js'

const limit = (where: string, unit: LimitRecord['unit'], what: string, samples: number[]): LimitRecord => ({
  where,
  what,
  unit,
  threads: 1,
  samples,
})

const LIMITS = [
  limit('WebAssembly in Node 24.0.0', 'GB/s', 'read', [0.5, 0.4, 0.3]),
  limit('WebAssembly in Node 24.0.0', 'GMAC/s', 'slow', [2.4]),
  limit('WebAssembly in Node 24.0.0', 'GMAC/s', 'fast', [4.8]),
  limit('native', 'GB/s', 'read', [0.8]),
]

describe('the tables of limits', () => {
  it('show medians', () => {
    const lines = renderLimits([...LIMITS, { ...LIMITS[3], threads: 2, samples: [1.5] }]).split('\n')
    expect(lines).toContain('| where | limit | unit | 1 thread | 2 threads |')
    expect(lines).toContain('| WebAssembly in Node 24.0.0 | read | GB/s | 0.40 | – |')
    expect(lines).toContain('| native | read | GB/s | 0.80 | 1.50 |')
    expect(renderLimits([])).toBe('')
  })

  it('show the share of the highest limit of its kind and engine that a figure reaches', () => {
    const lines = renderDistances({ ...RECORD, limits: LIMITS }).split('\n')
    // 100 tokens per second, of 2 MB each; 500 tokens per second, of 2.4M multiplications each.
    expect(lines).toContain('| first | tg10 | dasllama | 1 | 0.20 GB/s | 50 % | 25 % |')
    expect(lines).toContain('| first | pp100 | dasllama | 1 | 1.20 GMAC/s | 25 % | – |')
    expect(lines).toContain('| first | pp100 | rival | 1 | 4.80 GMAC/s | – | – |')
    expect(renderDistances(RECORD)).toBe('')
  })
})

describe('the loops', () => {
  const memory = () => new WebAssembly.Memory({ initial: 2, maximum: 65536 })

  it('read every word of a span, and nothing after it', async () => {
    const bytes = await compileKernels(limitSource('baseline'))
    const shared = memory()
    const { instance } = await WebAssembly.instantiate(bytes, { env: { memory: shared, abort() {} } })
    const { read } = instance.exports as { read(p: number, bytes: number): void }
    const words = new Uint32Array(shared.buffer, 65536, 257)
    for (let i = 0; i <= 256; i++) words[i] = Math.imul(i + 1, 0x9e3779b1)
    const wanted = Array.from(words.subarray(0, 256)).reduce((x, y) => x ^ y)
    read(65536, 1024)
    expect(words[0] ^ words[1] ^ words[2] ^ words[3]).toBe(wanted)
  })

  it('multiply and add in every lane of every chain as often as reported', async () => {
    const bytes = await compileKernels(limitSource('baseline'))
    const shared = memory()
    const { instance } = await WebAssembly.instantiate(bytes, { env: { memory: shared, abort() {} } })
    const { mulAdd } = instance.exports as { mulAdd(p: number, steps: number): void }
    // x ← 2 x + 1, ten times from x = 3.
    const lanes = new Float32Array(shared.buffer, 65536, LOOPS.baseline[0].macs + 8)
    lanes.fill(3).fill(2, 0, 4).fill(1, 4, 8)
    mulAdd(65536, 10)
    expect([...new Set(lanes.subarray(8))]).toEqual([4 * 2 ** 10 - 1])
  })
})
