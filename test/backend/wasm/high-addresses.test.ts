import { beforeAll, describe, expect, it } from 'vitest'
import { ActivationKind, PAGE_BYTES, type Pointer } from '../../../src/backend/wasm/kernels.js'
import { blockFormat, bytesFor } from '../../../src/gguf/block-formats.js'
import { quantize } from '../../../src/gguf/quantize.js'
import type { BenchKernels } from '../../kernels/bench-kernels.js'
import { normRecord } from '../../kernels/norm-record.js'
import { pagedCache, shapeRecord } from '../../kernels/pages.js'
import { createInnerWorkbench, randomFloats, type Workbench } from '../../kernels/workbench.js'
import { RandomBits } from '../../support/random-model/random-bits.js'
import { randomBlocks } from '../../support/random-model/random-blocks.js'
import { FORMATS } from '../../support/random-models.js'

const HALF = 2 ** 31

/**
 * Each kernel's output, and whatever else it writes, as bytes. The same inputs must give the same bits at any address: a
 * pointer that is treated as signed would break that.
 */
const RUNS: Record<string, (bench: Workbench<BenchKernels>, kernels: BenchKernels) => Uint8Array> = {
  add(bench, { add }) {
    const out = bench.floats(randomFloats(101, 'out'))
    add(bench.floats(randomFloats(101, 'in')), out, 101)
    return bench.read(out, 404)
  },
  rmsnorm(bench, { rmsnorm }) {
    const out = bench.allocate(404)
    rmsnorm(bench.floats(randomFloats(101, 'x')), bench.floats(randomFloats(101, 'w')), out, 101, 1e-5)
    return bench.read(out, 404)
  },
  rope_norm(bench, { rope_norm }) {
    const x = bench.floats(randomFloats(2 * 3 * 16, 'x'))
    rope_norm(x, bench.floats(randomFloats(2 * 2 * 7, 'table')), 2, 3, 16, 7)
    return bench.read(x, 4 * 2 * 3 * 16)
  },
  rope_neox(bench, { rope_neox }) {
    const x = bench.floats(randomFloats(2 * 3 * 16, 'x'))
    rope_neox(x, bench.floats(randomFloats(2 * 2 * 7, 'table')), 2, 3, 16, 7)
    return bench.read(x, 4 * 2 * 3 * 16)
  },
  softmax(bench, { softmax }) {
    const x = bench.floats(randomFloats(36, 'x'))
    softmax(x, 35)
    return bench.read(x, 4 * 36)
  },
  swiglu(bench, { swiglu }) {
    const gate = bench.floats(randomFloats(36, 'gate'))
    swiglu(gate, bench.floats(randomFloats(36, 'up')), 36)
    return bench.read(gate, 4 * 36)
  },
  geglu(bench, { geglu }) {
    const gate = bench.floats(randomFloats(36, 'gate'))
    geglu(gate, bench.floats(randomFloats(36, 'up')), 36)
    return bench.read(gate, 4 * 36)
  },
  norm_rows(bench, { norm_rows }) {
    const x = bench.floats(randomFloats(3 * 33, 'x'))
    const norm = normRecord(bench, { weight: bench.floats(randomFloats(33, 'w')), epsilon: 1e-5 })
    norm_rows(norm, x, x, 3, 33, 1)
    return bench.read(x, 4 * 3 * 33)
  },
  layernorm(bench, { layernorm }) {
    const [x, bias] = [bench.floats(randomFloats(101, 'x')), bench.floats(randomFloats(101, 'bias'))]
    const out = bench.allocate(404)
    layernorm(x, bench.floats(randomFloats(101, 'w')), bias, out, 101, 1e-5)
    return bench.read(out, 404)
  },
  copy_heads(bench, { copy_heads }) {
    const out = bench.floats(new Float32Array(2 * 3 * 7))
    copy_heads(bench.floats(randomFloats(2 * 3 * 9, 'x')), 27, 9, out, 7, 2, 3, 5)
    return bench.read(out, 4 * 2 * 3 * 7)
  },
  scale_rows(bench, { scale_rows }) {
    const x = bench.floats(randomFloats(3 * 35, 'x'))
    scale_rows(x, bench.floats(randomFloats(3, 'by')), 3, 35)
    return bench.read(x, 4 * 3 * 35)
  },
  scale(bench, { scale }) {
    const x = bench.floats(randomFloats(35, 'x'))
    scale(x, 35, 0.3)
    return bench.read(x, 4 * 35)
  },
  multiply(bench, { multiply }) {
    const out = bench.floats(randomFloats(35, 'out'))
    multiply(bench.floats(randomFloats(35, 'in')), out, 35)
    return bench.read(out, 4 * 35)
  },
  softcap(bench, { softcap }) {
    const x = bench.floats(randomFloats(35, 'x'))
    softcap(x, 35, 2)
    return bench.read(x, 4 * 35)
  },
  silu(bench, { silu }) {
    const x = bench.floats(randomFloats(35, 'x'))
    silu(x, 35)
    return bench.read(x, 4 * 35)
  },
  gelu(bench, { gelu }) {
    const x = bench.floats(randomFloats(35, 'x'))
    gelu(x, 35)
    return bench.read(x, 4 * 35)
  },
  relu(bench, { relu }) {
    const x = bench.floats(randomFloats(35, 'x'))
    relu(x, 35)
    return bench.read(x, 4 * 35)
  },
  relu2(bench, { relu2 }) {
    const x = bench.floats(randomFloats(35, 'x'))
    relu2(x, 35)
    return bench.read(x, 4 * 35)
  },
  sigmoid(bench, { sigmoid }) {
    const x = bench.floats(randomFloats(35, 'x'))
    sigmoid(x, 35)
    return bench.read(x, 4 * 35)
  },
  tanh(bench, { tanh }) {
    const x = bench.floats(randomFloats(35, 'x'))
    tanh(x, 35)
    return bench.read(x, 4 * 35)
  },
  quantize_activations(bench, { activation_bytes, quantize_activations }) {
    const bytes = activation_bytes(ActivationKind.int16, 96)
    const out = bench.allocate(bytes)
    quantize_activations(ActivationKind.int16, bench.floats(randomFloats(96, 'x')), out, 96)
    return bench.read(out, bytes)
  },
}

for (const name of ['F32', 'F16', 'Q8_0']) {
  const format = blockFormat(name)
  RUNS[`store ${name}`] = (bench, { store }) => {
    const bytes = bytesFor(format, 64)
    const out = bench.allocate(bytes)
    store(format.id, bench.floats(randomFloats(64, 'x')), out, 64)
    return bench.read(out, bytes)
  }
  for (const tokens of [1, 4]) {
    RUNS[`attention ${name}, tokens: ${tokens}`] = (bench, { attention, attention_scratch }) => {
      const cached = (label: string) => quantize(format, randomFloats(9 * 2 * 32, label))
      const q = bench.floats(randomFloats(tokens * 4 * 32, 'q'))
      const out = bench.allocate(tokens * 4 * 4 * 32)
      const scratch = bench.allocate(attention_scratch(1, 4, 2, 32, 32))
      const { pages, keysOffset, valuesOffset } = pagedCache(
        bench,
        cached('k'),
        cached('v'),
        bytesFor(format, 2 * 32),
      )
      const shape = bench.bytes(shapeRecord({ heads: 4, kvHeads: 2, headDim: 32, scale: 0.25, scratch }))
      attention(shape, format.id, q, pages, keysOffset, valuesOffset, out, tokens, 5)
      return bench.read(out, tokens * 4 * 4 * 32)
    }
  }
}

const ROWS = 21
const COLUMNS = 768

for (const name of FORMATS) {
  const format = blockFormat(name)
  const weights = (bench: Workbench<BenchKernels>) =>
    bench.bytes(randomBlocks(format, ROWS * COLUMNS, new RandomBits(1, name), 0.1))
  /** Activations of a kind, and the bytes per token. */
  const x = (bench: Workbench<BenchKernels>, kind: number, tokens: number): [Pointer, number] => {
    const floats = bench.floats(randomFloats(tokens * COLUMNS, 'x'))
    if (kind === ActivationKind.f32) return [floats, 4 * COLUMNS]
    const stride = bench.kernels.activation_bytes(kind, COLUMNS)
    const quantised = bench.allocate(stride * tokens)
    for (let t = 0; t < tokens; t++) {
      const row = (floats + t * 4 * COLUMNS) as Pointer
      bench.kernels.quantize_activations(kind, row, (quantised + t * stride) as Pointer, COLUMNS)
    }
    return [quantised, stride]
  }

  RUNS[`dequantize ${name}`] = (bench, { dequantize }) => {
    const out = bench.allocate(4 * COLUMNS)
    dequantize(format.id, weights(bench), out, COLUMNS)
    return bench.read(out, 4 * COLUMNS)
  }
  RUNS[`matvec ${name}`] = (bench, { activation_kind, matvec }) => {
    const [input] = x(bench, activation_kind(format.id), 1)
    const out = bench.allocate(4 * ROWS)
    matvec(format.id, weights(bench), input, out, ROWS, COLUMNS)
    return bench.read(out, 4 * ROWS)
  }
  RUNS[`matmul ${name}`] = (bench, { matmul, matmul_scratch, tile_activation_kind }) => {
    const [input, stride] = x(bench, tile_activation_kind(format.id), 6)
    const out = bench.allocate(4 * 6 * ROWS)
    const scratch = bench.allocate(matmul_scratch(COLUMNS))
    matmul(format.id, weights(bench), input, stride, out, ROWS, COLUMNS, 6, ROWS, scratch)
    return bench.read(out, 4 * 6 * ROWS)
  }
}

function expectSameBytes(actual: Uint8Array, expected: Uint8Array): void {
  expect(Buffer.from(actual).toString('hex')).toBe(Buffer.from(expected).toString('hex'))
}

describe('addresses above 2 GiB', () => {
  let low: Workbench<BenchKernels>
  /** Its next buffer is above 2 GiB. */
  let high: Workbench<BenchKernels>

  beforeAll(async () => {
    low = await createInnerWorkbench()
    high = await createInnerWorkbench()
    // Untouched memory is not backed by physical pages.
    high.skip(HALF)
    expect(high.allocate(1)).toBeGreaterThan(HALF)
  })

  it.each(Object.keys(RUNS))('%s gives the same bits', (name) => {
    const expected = RUNS[name](low, low.kernels)
    expect(new Set(expected).size, 'different bytes in the output').toBeGreaterThan(2)
    expectSameBytes(RUNS[name](high, high.kernels), expected)
  })

  it('a matrix across the 2 GiB boundary gives the same bits', async () => {
    const straddling = await createInnerWorkbench()
    const start = straddling.skip(64)
    // The rows begin slightly below the boundary, which cuts the fourth one.
    const format = blockFormat('Q8_0')
    const rowBytes = (COLUMNS / 32) * format.blockBytes
    straddling.skip(HALF - start - 64 - Math.ceil((3.5 * rowBytes) / 64) * 64)
    const blocks = randomBlocks(format, ROWS * COLUMNS, new RandomBits(1, 'across'), 0.1)
    const matvecOf = (bench: Workbench<BenchKernels>): [Pointer, Uint8Array] => {
      const weights = bench.bytes(blocks)
      const input = bench.allocate(bench.kernels.activation_bytes(ActivationKind.int16, COLUMNS))
      bench.kernels.quantize_activations(
        ActivationKind.int16,
        bench.floats(randomFloats(COLUMNS, 'x')),
        input,
        COLUMNS,
      )
      const out = bench.allocate(4 * ROWS)
      bench.kernels.matvec(format.id, weights, input, out, ROWS, COLUMNS)
      return [weights, bench.read(out, 4 * ROWS)]
    }
    const [weights, result] = matvecOf(straddling)
    expect(weights).toBeLessThan(HALF)
    expect(weights + blocks.length).toBeGreaterThan(HALF)
    expectSameBytes(result, matvecOf(low)[1])
  })

  it('buffers just below 4 GiB give the same bits', async () => {
    const last = await createInnerWorkbench()
    // Enough pages for all of them.
    last.skip(2 ** 32 - 600 * PAGE_BYTES)
    for (const name of Object.keys(RUNS)) {
      expectSameBytes(RUNS[name](last, last.kernels), RUNS[name](low, low.kernels))
    }
  })
})
