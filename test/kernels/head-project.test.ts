import { afterAll, beforeAll, expect, it } from 'vitest'
import { ActivationKind, type Pointer } from '../../src/backend/wasm/kernels.js'
import { blockFormat, bytesFor } from '../../src/gguf/block-formats.js'
import { quantize } from '../../src/gguf/quantize.js'
import type { BenchKernels } from './bench-kernels.js'
import { createInnerWorkbench, createThreadedWorkbench, randomFloats, type Workbench } from './workbench.js'

let bench: Workbench<BenchKernels>
let threaded: Awaited<ReturnType<typeof createThreadedWorkbench>>
beforeAll(async () => {
  bench = await createInnerWorkbench()
  threaded = await createThreadedWorkbench(3)
})
afterAll(() => threaded.shutDown())

interface Sizes {
  readonly heads: number
  readonly rows: number
  readonly columns: number
}

/** A record of the workspace (assembly/workspace.ts) for `tokens` inputs of `width` values. */
function workspace(on: Workbench, tokens: number, width: number): Pointer {
  const parts = (['int16', 'int8'] as const).flatMap((kind) => {
    const bytes = on.kernels.activation_bytes(ActivationKind[kind], width)
    return [on.allocate(tokens * bytes), bytes]
  })
  const panel = on.kernels.matmul_scratch(width)
  const words = Uint32Array.of(...parts, on.allocate(3 * panel), panel, 0)
  return on.bytes(new Uint8Array(words.buffer))
}

function headProject(
  on: Workbench,
  format: string,
  { heads, rows, columns }: Sizes,
  { tokens, batched, slices = 1 }: { tokens: number; batched: boolean; slices?: number },
): Float32Array {
  const { id } = blockFormat(format)
  const weights = quantize(blockFormat(format), randomFloats(heads * rows * columns, 'weights'))
  const x = randomFloats(tokens * heads * columns, 'x')
  const out = on.allocate(4 * tokens * heads * rows)
  const [at, from] = [on.bytes(weights), on.floats(x)]
  const scratch = workspace(on, tokens, heads * columns)
  const rowBytes = bytesFor(blockFormat(format), columns)
  for (let slice = 0; slice < slices; slice++) {
    on.kernels.head_project(
      ...([
        id,
        at,
        rowBytes,
        heads,
        rows,
        columns,
        from,
        out,
        0,
        tokens,
        batched,
        scratch,
        slice,
        slices,
      ] as const),
    )
  }
  return on.result(out, tokens * heads * rows)
}

const SIZES: readonly Sizes[] = [
  { heads: 3, rows: 8, columns: 32 },
  { heads: 5, rows: 12, columns: 64 },
  { heads: 1, rows: 7, columns: 96 },
]

it.each(['F32', 'F16', 'Q8_0'])('multiplies each head with its own matrix of %s', (format) => {
  for (const { heads, rows, columns } of SIZES) {
    const actual = headProject(bench, format, { heads, rows, columns }, { tokens: 3, batched: true })
    const weights = randomFloats(heads * rows * columns, 'weights')
    const x = randomFloats(3 * heads * columns, 'x')
    for (let i = 0; i < actual.length; i++) {
      const [row, head, token] = [i % rows, Math.floor(i / rows) % heads, Math.floor(i / rows / heads)]
      let sum = 0
      for (let c = 0; c < columns; c++) {
        sum += weights[(head * rows + row) * columns + c] * x[(token * heads + head) * columns + c]
      }
      const tolerance = format === 'Q8_0' ? 0.15 : format === 'F16' ? 0.02 : 1e-4
      expect(Math.abs(actual[i] - sum), `${i}`).toBeLessThan(tolerance)
    }
  }
})

it.each(['F32', 'Q8_0', 'Q4_0'])(
  'gives the same bits in slices, on threads, and in company, %s',
  (format) => {
    for (const sizes of SIZES) {
      const width = sizes.heads * sizes.rows
      for (const batched of [true, false]) {
        const whole = headProject(bench, format, sizes, { tokens: 5, batched })
        expect(headProject(bench, format, sizes, { tokens: 5, batched, slices: sizes.heads })).toEqual(whole)
        expect(headProject(threaded, format, sizes, { tokens: 5, batched })).toEqual(whole)
        const alone = headProject(bench, format, sizes, { tokens: 1, batched })
        expect(alone).toEqual(whole.subarray(0, width))
      }
    }
  },
)
