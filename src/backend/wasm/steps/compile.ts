import type { Program } from '../../program.js'
import { EncoderAttentionStep } from '../encoder/attention-step.js'
import type { Engine } from '../engine.js'
import { expertsBytes, expertsStep } from '../experts/experts-step.js'
import { routeBytes, routeStep } from '../experts/route-step.js'
import type { Pointer, Projections } from '../kernels.js'
import { NormTable, normTableBytes } from '../norms.js'
import { ProjectionTable, projectionTableBytes } from '../projection.js'
import type { Buffer, Schedule, Scheduled } from '../scheduled.js'
import type { Scratch } from '../scratch.js'
import type { Weights } from '../weights.js'
import { AttentionStep } from './attention.js'
import { HeadProjectStep, ProjectStep } from './project.js'
import { RecurrentStep } from './recurrent.js'
import { recurrentBytes } from './recurrent-records.js'
import { affineStep, copyStep, elementwiseStep, embedStep, ropeStep, temperatureStep } from './rows.js'
import { type Pass, type Step, shortStep } from './step.js'
import { streamStep } from './streams.js'

/** Input of `compileSteps`. */
interface CompileInput {
  readonly program: Program
  readonly schedule: Schedule
  readonly weights: Weights
  readonly scratch: Scratch
}

/** A program's steps, and the linear layer from hidden states to logits. */
export interface CompiledProgram {
  readonly steps: readonly Step[]
  /** The last norm, a record for `norm_rows`; 0: none. */
  readonly norm: Pointer | 0
  /** Writes to `logits` of the scratch: see `outputPass`. `undefined`: an encoder has no logits. */
  readonly output: Projections | undefined
}

/** The records of a schedule's steps in the kernels' memory. */
function countRecords({ steps, head }: Schedule) {
  let [projections, norms, attentions, slopes] = [1, head.norm ? 1 : 0, 0, 0]
  for (const step of steps) {
    if (step.kind === 'project') projections += step.linears.length
    if ((step.kind === 'project' || step.kind === 'norm') && step.norm) norms++
    if (step.kind === 'attention' || step.kind === 'encoderAttention') attentions++
    if (step.kind === 'attention' && step.scores.bias) slopes += step.heads
  }
  return { projections, norms, attentions, slopes }
}

/** Bytes that `compileSteps` takes besides the scratch. */
export function compiledBytes(schedule: Schedule, engine: Engine): number {
  const { projections, norms, attentions, slopes } = countRecords(schedule)
  const shapes = Math.max(1, attentions) * engine.kernels.attention_shape_bytes() + 4 * slopes
  let records = 0
  for (const step of schedule.steps) {
    if (step.kind === 'route') records += routeBytes(step, engine)
    else if (step.kind === 'experts') records += expertsBytes()
    else if (step.kind === 'conv' || step.kind === 'deltaRule' || step.kind === 'stateScan') {
      records += recurrentBytes(step)
    }
  }
  return projectionTableBytes(projections) + normTableBytes(norms) + shapes + records + 256
}

/** Compiles a schedule to steps, and writes their records into the engine's memory. Throws `OUT_OF_MEMORY`. */
export function compileSteps(engine: Engine, input: CompileInput): CompiledProgram {
  const { program, schedule, weights, scratch } = input
  const { kernels, arena } = engine
  const counts = countRecords(schedule)
  const table = new ProjectionTable(arena, counts.projections)
  const norms = new NormTable(arena, weights, counts.norms)
  const shapeBytes = kernels.attention_shape_bytes()
  let shape: number = arena.allocate(Math.max(1, counts.attentions) * shapeBytes, 'the shapes of attention')
  let slopes: number = arena.allocate(Math.max(1, counts.slopes) * 4, 'the slopes of attention')
  const addressOf = ({ index }: Buffer) => scratch.buffers[index]

  const compileStep = (step: Scheduled): Step => {
    switch (step.kind) {
      case 'embed': {
        const { row, matrix, out } = step
        const whole = weights.matrix({ ...matrix, firstRow: 0 })
        const table = weights.table(matrix.tensor)
        const { firstRow } = matrix
        return embedStep(engine, { row, firstRow, matrix: whole, table, out: addressOf(out) })
      }
      case 'project': {
        const projections = step.linears.map(({ matrix, scale, bias, product, use, into }) => ({
          matrix: weights.matrix(matrix),
          scale: scale && weights.vector(scale),
          bias: bias && weights.vector(bias),
          product: addressOf(product),
          use,
          into: into && addressOf(into),
        }))
        const norm = step.norm && norms.add(step.norm)
        return new ProjectStep(engine, table.add(projections, norm), addressOf(step.x), scratch.workspace)
      }
      case 'headProject': {
        const matrix = weights.matrix(step.matrix)
        const [x, out] = [addressOf(step.x), addressOf(step.out)]
        return new HeadProjectStep(engine, { matrix, heads: step.heads, x, out }, scratch.workspace)
      }
      case 'norm': {
        const { groups, norm } = step
        const [x, out, record] = [addressOf(step.x), addressOf(step.out), norms.add(norm)]
        const width = step.x.width / groups
        // All groups share the weights, or each has its own.
        const own = norm.weight?.length === step.x.width ? groups : 1
        return shortStep(({ rows }) => kernels.norm_rows(record, x, out, rows * groups, width, own))
      }
      case 'rope':
        return ropeStep(engine, step, addressOf(step.x), program.ropes[step.rope], scratch.ropes[step.rope])
      case 'temperature':
        return temperatureStep(engine, step, addressOf(step.x))
      case 'attention': {
        const { sinks, bias } = step.scores
        const tables = {
          shape: shape as Pointer,
          slopes: slopes as Pointer,
          sinks: sinks ? weights.vector(sinks) : (0 as const),
        }
        shape += shapeBytes
        if (bias) slopes += step.heads * 4
        return new AttentionStep(engine, input, step, tables)
      }
      case 'route':
        return routeStep(engine, step, weights, addressOf)
      case 'experts':
        return expertsStep(engine, step, input, addressOf)
      case 'encoderAttention': {
        const at = shape as Pointer
        shape += shapeBytes
        return new EncoderAttentionStep(engine, step, { shape: at, scratch: scratch.attention })
      }
      case 'conv':
      case 'deltaRule':
      case 'stateScan':
        return new RecurrentStep(engine, input, step, addressOf)
      case 'length':
      case 'mixHeads':
      case 'gaussianTopK':
        return streamStep(engine, step, addressOf)
      case 'affine':
        return affineStep(engine, step, weights, addressOf(step.x))
      case 'activation':
      case 'scale':
      case 'scaleRows':
      case 'add':
      case 'multiply':
        return elementwiseStep(engine, step, addressOf)
      case 'copy':
      case 'slice':
      case 'concat':
        return copyStep(engine, step, addressOf)
    }
  }

  const steps = schedule.steps.map(compileStep)
  const norm = schedule.head.norm && norms.add(schedule.head.norm)
  const output =
    program.logits &&
    table.add(
      [
        {
          matrix: weights.matrix(program.logits.matrix),
          scale: undefined,
          bias: program.logits.bias && weights.vector(program.logits.bias),
          product: scratch.logits,
          use: 'store',
          into: undefined,
        },
      ],
      norm,
    )
  return { steps, norm: norm ?? 0, output }
}

/** A pass of `rows` output rows, in the decode phase. */
export function outputPass(rows: number): Pass {
  return { ids: [], positions: [], rows, runs: [], segments: [{ firstRow: 0, rows, phase: 'decode' }] }
}
