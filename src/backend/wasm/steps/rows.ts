/** Steps that compute each row separately and take next to no time. */
import { DasllamaError } from '../../../errors.js'
import { log } from '../../../math/elementary.js'
import type { RopeSpec } from '../../rope.js'
import type { Engine } from '../engine.js'
import type { Pointer, Rope } from '../kernels.js'
import type { Buffer, Scheduled } from '../scheduled.js'
import type { FileTable } from '../tables/file-table.js'
import type { PlacedMatrix, Weights } from '../weights.js'
import { type Pass, type Step, shortStep } from './step.js'

/** The kernel for a rope type. */
export function ropeKernel({ kernels }: Engine, type: 'norm' | 'neox'): Rope {
  return type === 'neox' ? kernels.rope_neox : kernels.rope_norm
}

/** Writes the rows of `matrix` that `row` says to `out`. With a `table`, they are in its cache, and `matrix` is that. */
export function embedStep(
  { kernels }: Engine,
  {
    row,
    firstRow,
    matrix,
    table,
    out,
  }: {
    row: 'token' | 'position' | 'first'
    firstRow: number
    matrix: PlacedMatrix
    table?: FileTable | undefined
    out: Pointer
  },
): Step {
  const { format, pointer, rows, columns, rowBytes } = matrix
  const embed = ({ rows }: Pass, rowAt: (index: number) => number) => {
    for (let i = 0; i < rows; i++) {
      const to = (out + i * columns * 4) as Pointer
      kernels.dequantize_row(format.id, pointer, rowBytes, rowAt(i), to, columns)
    }
  }
  switch (row) {
    case 'token':
      if (table) return shortStep((pass) => embed(pass, (i) => table.slotOf(pass.ids[i])))
      return shortStep((pass) => embed(pass, (i) => pass.ids[i]))
    case 'position':
      return shortStep((pass) => embed(pass, (i) => learnedPosition(pass.positions[i], rows)))
    case 'first':
      return shortStep((pass) => embed(pass, () => firstRow))
  }
}

function learnedPosition(position: number, positions: number): number {
  if (position < positions) return position
  throw new DasllamaError('CONTEXT_FULL', `the model has learned ${positions} positions, and no more`, {
    hint: `load it with a contextLength of at most ${positions}`,
  })
}

/** `angles`: the table of the rotary embedding `spec`. */
export function ropeStep(
  engine: Engine,
  { heads, first, x: { width } }: Scheduled & { kind: 'rope' },
  x: Pointer,
  { type, dims }: RopeSpec,
  angles: Pointer,
): Step {
  const rope = ropeKernel(engine, type)
  const from = (x + first * 4) as Pointer
  return shortStep(({ rows }) => rope(from, angles, rows, heads, width / heads, dims / 2))
}

/** x · (1 + beta · ln(1 + ⌊position / interval⌋)). */
export function temperatureStep(
  { kernels }: Engine,
  { beta, interval, x: { width } }: Scheduled & { kind: 'temperature' },
  x: Pointer,
): Step {
  return shortStep(({ rows, positions }) => {
    for (let row = 0; row < rows; row++) {
      const intervals = Math.floor(positions[row] / interval)
      if (intervals === 0) continue
      kernels.scale((x + row * width * 4) as Pointer, width, 1 + beta * log(1 + intervals))
    }
  })
}

/** Elementwise functions, sums and products, in place. */
export function elementwiseStep(
  { kernels }: Engine,
  step: Scheduled & { kind: 'activation' | 'scale' | 'scaleRows' | 'add' | 'multiply' },
  addressOf: (buffer: Buffer) => Pointer,
): Step {
  const [x, { width }] = [addressOf(step.x), step.x]
  switch (step.kind) {
    case 'activation': {
      const activate = kernels[step.function]
      return shortStep(({ rows }) => activate(x, rows * width))
    }
    case 'scale':
      return shortStep(({ rows }) => kernels.scale(x, rows * width, step.by))
    case 'scaleRows': {
      const by = addressOf(step.by)
      return shortStep(({ rows }) => kernels.scale_rows(x, by, rows, width))
    }
    case 'add':
    case 'multiply': {
      const into = addressOf(step.into)
      const combine = kernels[step.kind]
      return shortStep(({ rows }) => combine(x, into, rows * width))
    }
  }
}

/** x · weight + bias, in place. */
export function affineStep(
  { kernels }: Engine,
  { x: { width }, weight, bias }: Scheduled & { kind: 'affine' },
  weights: Weights,
  x: Pointer,
): Step {
  const [w, b] = [weight, bias].map((slice) => (slice ? weights.vector(slice) : 0))
  const [weightLength, biasLength] = [weight?.length ?? 0, bias?.length ?? 0]
  return shortStep(({ rows }) => kernels.affine(x, w, weightLength, b, biasLength, rows, width))
}

/** Copies of rows, or of parts of their heads. */
export function copyStep(
  { kernels }: Engine,
  step: Scheduled & { kind: 'copy' | 'slice' | 'concat' },
  addressOf: (buffer: Buffer) => Pointer,
): Step {
  const [out, { width }] = [addressOf(step.out), step.out]
  switch (step.kind) {
    case 'copy': {
      const x = addressOf(step.x)
      return shortStep(({ rows }) => kernels.copy_heads(x, width, width, out, width, rows, 1, width))
    }
    case 'slice': {
      const { heads, first } = step
      const [from, length] = [(addressOf(step.x) + first * 4) as Pointer, width / heads]
      const headDim = step.x.width / heads
      return shortStep(({ rows }) =>
        kernels.copy_heads(from, step.x.width, headDim, out, length, rows, heads, length),
      )
    }
    case 'concat': {
      const { heads, isShared } = step
      const [a, b] = [addressOf(step.a), addressOf(step.b)]
      const [aWidth, bWidth] = [step.a.width, step.b.width]
      const [aDim, bDim] = [aWidth / heads, isShared ? bWidth : bWidth / heads]
      const joined = width / heads
      const afterA = (out + aDim * 4) as Pointer
      return shortStep(({ rows }) => {
        kernels.copy_heads(a, aWidth, aDim, out, joined, rows, heads, aDim)
        kernels.copy_heads(b, bWidth, isShared ? 0 : bDim, afterA, joined, rows, heads, bDim)
      })
    }
  }
}
