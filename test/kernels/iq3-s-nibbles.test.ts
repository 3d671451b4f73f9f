import { beforeAll, describe, expect, it } from 'vitest'
import { ActivationKind, type Pointer } from '../../src/backend/wasm/kernels.js'
import { IQ3_S_NIBBLES } from '../../src/backend/wasm/repack/iq3-s.js'
import { blockFormat, bytesFor } from '../../src/gguf/block-formats.js'
import { RandomBits } from '../support/random-model/random-bits.js'
import { randomBlocks } from '../support/random-model/random-blocks.js'
import type { BenchKernels } from './bench-kernels.js'
import { REFERENCE_FORMATS, terms } from './reference/blocks.js'
import { BUILDS, createInnerWorkbench, expectWithin, randomFloats, type Workbench } from './workbench.js'

const IQ3_S = blockFormat('IQ3_S')
const ROWS = 21
const COLUMNS = 768
const TOKENS = 9

let bench: Workbench<BenchKernels>

/** The rows, expanded in place: they are read to the end of the bytes that they take then. */
function expanded(rows: Uint8Array): Pointer {
  const blocks = rows.length / IQ3_S.blockBytes
  const bytes = blocks * IQ3_S_NIBBLES.blockBytes
  const gap = new Uint8Array(bytes - rows.length)
  const to = bench.bytes(Uint8Array.from([...gap, ...rows]))
  bench.kernels.expand_iq3_s((to + gap.length) as Pointer, to, blocks)
  bench.expectGuard(to, bytes)
  return to
}

function quantised(kind: number, xs: readonly Float32Array[]): { pointer: Pointer; stride: number } {
  const stride = bench.kernels.activation_bytes(kind, COLUMNS)
  const pointer = bench.allocate(stride * xs.length)
  for (const [token, x] of xs.entries()) {
    bench.kernels.quantize_activations(kind, bench.floats(x), (pointer + token * stride) as Pointer, COLUMNS)
  }
  return { pointer, stride }
}

describe.each(BUILDS)('IQ3_S expanded to nibbles, %s build', (build) => {
  const rows = randomBlocks(IQ3_S, ROWS * COLUMNS, new RandomBits(3), 0.1)
  const reference = REFERENCE_FORMATS.find(({ name }) => name === 'IQ3_S')!
  const weights = terms(reference, rows, IQ3_S.blockBytes, (value) => value).map(({ product }) => product)
  const xs = Array.from({ length: TOKENS }, (_, token) => randomFloats(COLUMNS, `nibbles ${token}`))
  const rowBytes = bytesFor(IQ3_S_NIBBLES, COLUMNS)
  let pointer: Pointer

  beforeAll(async () => {
    bench = await createInnerWorkbench(build)
    pointer = expanded(rows)
  })

  /** Fails unless `out` is Σ w·x per token and row, except for the rounding of activations to `kind`. */
  function expectProducts(out: Float32Array, tokens: number, kind: number): void {
    const relative = kind === ActivationKind.int8 ? 5e-3 : 5e-5
    for (let i = 0; i < tokens * ROWS; i++) {
      const products = xs[Math.floor(i / ROWS)].map((x, column) => x * weights[(i % ROWS) * COLUMNS + column])
      const size = products.reduce((sum, product) => sum + Math.abs(product), 0)
      expectWithin([out[i]], [products.reduce((sum, product) => sum + product, 0)], size * relative)
    }
  }

  it('has exactly the weights of the file', () => {
    const out = bench.allocate(4 * ROWS * COLUMNS)
    for (let row = 0; row < ROWS; row++) {
      const to = (out + 4 * row * COLUMNS) as Pointer
      bench.kernels.dequantize_row(IQ3_S_NIBBLES.id, pointer, rowBytes, row, to, COLUMNS)
    }
    expect(Array.from(bench.result(out, ROWS * COLUMNS))).toEqual(weights)
  })

  it('multiplies a token, and gives several tokens, or other rows, the same bits', () => {
    const { id } = IQ3_S_NIBBLES
    const kind = bench.kernels.activation_kind(id)
    const x = quantised(kind, xs)
    const alone = bench.allocate(4 * ROWS * TOKENS)
    for (let token = 0; token < TOKENS; token++) {
      const to = (alone + 4 * token * ROWS) as Pointer
      bench.kernels.matvec(id, pointer, (x.pointer + token * x.stride) as Pointer, to, ROWS, COLUMNS)
    }
    const expected = bench.result(alone, ROWS * TOKENS)
    expectProducts(expected, TOKENS, kind)
    const scratch = bench.allocate(bench.kernels.matmul_scratch(COLUMNS))
    for (const tokens of [1, 2, 3, 4, 6, 9]) {
      for (const first of [0, 5]) {
        const out = bench.allocate(4 * ROWS * TOKENS)
        const from = (pointer + first * rowBytes) as Pointer
        const count = ROWS - first
        const { matvec_tokens } = bench.kernels
        matvec_tokens(id, from, x.pointer, x.stride, out, 4 * ROWS, count, COLUMNS, tokens, scratch)
        for (let token = 0; token < tokens; token++) {
          const actual = bench.result((out + 4 * token * ROWS) as Pointer, count, ROWS * (TOKENS - token))
          expect(actual).toEqual(expected.slice(token * ROWS + first, (token + 1) * ROWS))
        }
      }
    }
  })

  it('multiplies prompts', () => {
    const { id } = IQ3_S_NIBBLES
    const kind = bench.kernels.tile_activation_kind(id)
    const x = quantised(kind, xs)
    const out = bench.allocate(4 * ROWS * TOKENS)
    const scratch = bench.allocate(bench.kernels.matmul_scratch(COLUMNS))
    bench.kernels.matmul(id, pointer, x.pointer, x.stride, out, ROWS, COLUMNS, TOKENS, ROWS, scratch)
    expectProducts(bench.result(out, ROWS * TOKENS), TOKENS, kind)
  })
})
