import type { Op, Program, TensorSpec, Value } from '../../../src/backend/program.js'
import { DasllamaError } from '../../../src/errors.js'
import { blockFormat } from '../../../src/gguf/block-formats.js'
import { quantizeF32 } from '../../../src/gguf/quantize.js'
import type { TensorToWrite } from '../../../src/gguf/writer.js'
import { RandomBits } from './random-bits.js'
import { randomBlocks } from './random-blocks.js'

/**
 * Logits of a random model have about this standard deviation, as in trained models, so that the
 * best token is usually clearly ahead.
 */
const LOGIT_SPREAD = 3.5

/** Factors by which a stream gets parts of the others. */
const MIXED = 0.2

/** Biases and the norms' distance from 1. */
const SMALL = 0.1

/** Values of tensors of rope factors: of all, or of those of longrope. */
export type RopeFactors =
  | readonly number[]
  | { readonly short: readonly number[]; readonly long: readonly number[] }

interface TensorOptions {
  readonly seed: number
  readonly format: (tensorName: string) => string
  readonly ropeFactors: RopeFactors
}

/** Random tensors for a program, scaled like trained ones. Data is generated when it is written. */
export function randomTensors(program: Program, options: TensorOptions): TensorToWrite[] {
  const factors = new Set(program.ropes.flatMap((rope) => [rope.factors, rope.longFactors]))
  const tensors = inFileOrder(program.tensors.values(), factors).map((spec) => {
    if (spec.kind === 'matrix') return matrix(spec, deviationOf(spec, program), options)
    if (factors.has(spec.name)) return ropeFactors(spec, options)
    return vector(spec, rangeOf(spec, program), options)
  })
  const head = program.draftHead ? randomTensors(program.draftHead, options) : []
  return [...tensors, ...head.filter(({ name }) => !program.tensors.has(name))]
}

function matrix(
  { name, shape }: TensorSpec,
  standardDeviation: number,
  { seed, format: formatOf }: TensorOptions,
): TensorToWrite {
  const format = blockFormat(formatOf(name))
  const [columns] = shape
  if (columns % format.blockElements !== 0) {
    throw new DasllamaError(
      'INVALID_ARGUMENT',
      `${name}: a row of ${columns} is not a multiple of ${format.name}'s block of ${format.blockElements}`,
      { hint: 'change the shape, or give this tensor another format' },
    )
  }
  const data = () => randomBlocks(format, elementsOf(shape), new RandomBits(seed, name), standardDeviation)
  return { name, shape, format, data }
}

function elementsOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1)
}

/** Values are uniform within `spread` of `mean`. */
interface Range {
  readonly mean: number
  readonly spread: number
}

/**
 * Where a vector's values lie: those of norms and other factors around 1, biases around 0. Those of recurrent layers are such
 * that a state keeps a row for some to some hundred rows, as in trained models.
 */
function rangeOf({ name, shape }: TensorSpec, { ops }: Program): Range {
  const isKernel = ops.some((op) => op.kind === 'conv' && op.kernel.tensor === name)
  if (isKernel) return { mean: 0, spread: Math.sqrt(3 / shape[0]) }
  if (name.endsWith('.ssm_a')) return { mean: -0.525, spread: 0.475 }
  if (name.endsWith('.ssm_dt.bias')) return { mean: -2, spread: 2 }
  if (name.endsWith('.attn_rel_b.weight')) return { mean: 0, spread: 1 }
  if (/attn_[qk]_norm\.weight$/.test(name) && ops.some((op) => op.kind === 'attention' && op.scale === 1)) {
    // Scores that nothing else scales.
    return { mean: shape[0] ** -0.25, spread: SMALL }
  }
  return { mean: isBias(name) ? 0 : 1, spread: SMALL }
}

function vector(
  { name, shape }: TensorSpec,
  { mean, spread }: Range,
  { seed }: TensorOptions,
): TensorToWrite {
  const data = () => {
    const random = new RandomBits(seed, name)
    return quantizeF32(
      Float32Array.from({ length: elementsOf(shape) }, () => mean + (random.fraction() - 0.5) * 2 * spread),
    )
  }
  return { name, shape, format: 'F32', data }
}

function ropeFactors({ name, shape }: TensorSpec, { ropeFactors: given }: TensorOptions): TensorToWrite {
  const values = 'short' in given ? (name.includes('long') ? given.long : given.short) : given
  if (values.length !== shape[0]) {
    throw new DasllamaError(
      'INVALID_ARGUMENT',
      `ropeFactors has ${values.length} values, not headDim / 2 = ${shape[0]}`,
    )
  }
  return { name, shape, format: 'F32', data: quantizeF32(Float32Array.from(values)) }
}

/**
 * The deviation of a matrix's weights. A linear layer keeps the magnitude of its input, which is normalised to
 * about 1; embeddings, also of positions, have magnitude 1 after a program's scaling; logits, also of a tied matrix, have the
 * deviation above after theirs.
 */
function deviationOf({ name, shape }: TensorSpec, { logits, ops }: Program): number {
  const fromColumns = 1 / Math.sqrt(shape[0])
  if (name === logits?.matrix.tensor) {
    return (LOGIT_SPREAD * fromColumns) / (logits.scale ?? 1)
  }
  const linear = ops.find((op) => op.kind === 'linear' && op.matrix.tensor === name)
  if (linear?.kind === 'linear') {
    // Streams that are mixed stay apart; as strong as their own, the others would make each layer's rounding larger.
    const isMix = ops.some((op) => op.kind === 'mixHeads' && op.by.id === linear.out.id)
    return ((isMix ? MIXED : 1) * fromColumns) / normScale(linear.x, ops)
  }
  const embed = ops.find((op) => op.kind.startsWith('embed') && 'matrix' in op && op.matrix.tensor === name)
  if (!embed) return fromColumns
  const scaled = ops.find((op) => op.kind === 'scale' && op.x.id === embed.out.id)
  return scaled?.kind === 'scale' ? 1 / scaled.by : 1
}

/** The factor of a norm's result, if `x` is nothing but one with other weights; 1 otherwise. */
function normScale(x: Value, ops: readonly Op[]): number {
  const producerOf = ({ id }: Value) => ops.find((op) => op.out.id === id)
  const producer = producerOf(x)
  if (producer?.kind === 'affine') return normScale(producer.x, ops)
  if (producer?.kind !== 'scale') return 1
  return producerOf(producer.x)?.kind === 'rmsNorm' ? producer.by : 1
}

function isBias(name: string): boolean {
  return name.endsWith('.bias')
}

/** By first use, except that biases come after the matrices that follow the same norm, and factors, which are shared, at the end. */
function inFileOrder(specs: Iterable<TensorSpec>, factors: ReadonlySet<string | undefined>): TensorSpec[] {
  let norms = 0
  return Array.from(specs, (spec) => {
    const isFactors = factors.has(spec.name)
    if (spec.kind === 'vector' && !isFactors && !isBias(spec.name)) norms++
    return { spec, place: [Number(isFactors), norms, Number(isBias(spec.name))] }
  })
    .sort((a, b) => compare(a.place, b.place))
    .map(({ spec }) => spec)
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (const [i, value] of a.entries()) if (value !== b[i]) return value - b[i]
  return 0
}
