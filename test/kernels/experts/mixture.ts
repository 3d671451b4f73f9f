import type { ExpertFunction, ExpertMatrix, Op, Program, Value } from '../../../src/backend/program.js'
import type { Engine } from '../../../src/backend/wasm/engine.js'
import { EXPERTS_BYTES, writeExperts } from '../../../src/backend/wasm/experts/expert-records.js'
import { expertScratchBytes, writeExpertScratch } from '../../../src/backend/wasm/experts/expert-scratch.js'
import { ActivationKind, type Pointer } from '../../../src/backend/wasm/kernels.js'
import { blockFormat, bytesFor } from '../../../src/gguf/block-formats.js'
import { computeRow } from '../../model/reference-ops.js'
import { RandomBits } from '../../support/random-model/random-bits.js'
import { randomBlocks } from '../../support/random-model/random-blocks.js'
import { randomFloats } from '../workbench.js'

export interface MixtureShape {
  readonly format: string
  readonly experts: number
  readonly used: number
  /** Widths of x, of an expert, and of the result. */
  readonly columns: number
  readonly rows: number
  readonly out: number
  readonly function?: ExpertFunction
  /** Whether matrices have biases and scales. Default no. */
  readonly extras?: boolean
  /** Whether gate and up are one tensor. Default no. */
  readonly fused?: boolean
  /** Of up and down, if it is another one. */
  readonly otherFormat?: string
}

/** A token's experts, ascending, and their weights. */
export interface Route {
  readonly experts: readonly number[]
  readonly weights: readonly number[]
}

export interface Token {
  readonly x: Float32Array
  readonly route: Route
}

const TOKENS = 128

/** A mixture with random weights in an engine's memory. */
export class Mixture {
  readonly shape: MixtureShape
  readonly #engine: Engine
  readonly #op: Op & { kind: 'experts' }
  readonly #placed = new Map<string, { format: string; pointer: Pointer; values: Float64Array }>()
  readonly #x: Pointer
  readonly #routes: Pointer
  readonly #out: Pointer
  readonly #record: Pointer

  constructor(engine: Engine, shape: MixtureShape) {
    this.#engine = engine
    this.shape = shape
    const { arena } = engine
    const allocate = (bytes: number) => arena.allocate(bytes, 'a test')
    const { used, columns, rows, out, fused = false, format, otherFormat = format } = shape
    const value = (id: number, width: number): Value => ({ id, width, heads: 1 })
    const isGated = !['gelu', 'relu2'].includes(shape.function ?? 'swiglu')
    const gate = isGated
      ? fused
        ? { ...this.#matrix('gate_up', format, columns, 2 * rows), rows }
        : this.#matrix('gate', format, columns, rows)
      : undefined
    const up =
      fused && gate ? { ...gate, firstRow: rows, rows } : this.#matrix('up', otherFormat, columns, rows)
    this.#op = {
      kind: 'experts',
      x: value(0, columns),
      routes: value(1, 2 * used),
      gate,
      up,
      down: this.#matrix('down', otherFormat, rows, out),
      function: shape.function ?? 'swiglu',
      out: value(2, out),
    }
    this.#x = allocate(TOKENS * columns * 4)
    this.#routes = allocate(TOKENS * 2 * used * 4)
    this.#out = allocate(TOKENS * out * 4)
    this.#record = allocate(EXPERTS_BYTES)
    const program = { ops: [this.#op] } as unknown as Program
    const scratch = allocate(expertScratchBytes(program, engine))
    writeExpertScratch(scratch, program, this.#workspace(Math.max(columns, rows)), engine)
    const find = ({ tensor }: { tensor: string }) => this.#placed.get(tensor)!
    const weights = {
      matrix: (slice: ExpertMatrix) => {
        const { format, pointer } = find(slice)
        const block = blockFormat(format)
        const rowBytes = bytesFor(block, slice.columns)
        return {
          ...slice,
          format: block,
          pointer: (pointer + slice.firstRow * rowBytes) as Pointer,
          rowBytes,
        }
      },
      vector: (slice: { tensor: string }) => find(slice).pointer,
    }
    const addresses = { x: this.#x, routes: this.#routes, out: this.#out, scratch }
    writeExperts(engine, this.#record, weights, { ...this.#op, used, ...addresses })
  }

  /** Computes tokens at once, in `slices` slices of each half, from row `firstRow` of the batch on. */
  run(tokens: readonly Token[], batched: boolean, { slices = 1, firstRow = 0 } = {}): Float32Array[] {
    const { arena, kernels, pool } = this.#engine
    const { columns, used, out } = this.shape
    const floats = (at: Pointer, width: number, row: number) =>
      arena.floats((at + (firstRow + row) * width * 4) as Pointer, width)
    for (const [row, { x, route }] of tokens.entries()) {
      floats(this.#x, columns, row).set(x)
      floats(this.#routes, 2 * used, row).set([...route.experts, ...route.weights])
    }
    pool.run(() => {
      for (const half of [kernels.experts_inner, kernels.experts_sum]) {
        for (let slice = 0; slice < slices; slice++) {
          half(this.#record, firstRow, tokens.length, batched, slice, slices)
        }
      }
    })
    return tokens.map((_, row) => floats(this.#out, out, row).slice())
  }

  /** What a token's result is in f64. */
  expected({ x, route }: Token): Float64Array {
    const values = [Float64Array.from(x), Float64Array.of(...route.experts, ...route.weights)]
    const weights = {
      program: {} as Program,
      tensor: (name: string) => this.#placed.get(name)!.values,
    }
    return computeRow(this.#op, weights, { id: 0, position: 0, contextLength: 0, of: ({ id }) => values[id] })
  }

  #matrix(name: string, format: string, columns: number, rows: number): ExpertMatrix {
    const { arena, kernels } = this.#engine
    const { experts, extras } = this.shape
    const block = blockFormat(format)
    const elements = experts * rows * columns
    const bytes = randomBlocks(block, elements, new RandomBits(1, name), 1 / Math.sqrt(columns))
    const pointer = arena.allocate(bytes.length, 'a test')
    arena.bytes(pointer, bytes.length).set(bytes)
    const dequantized = arena.allocate(4 * elements, 'a test')
    kernels.dequantize(block.id, pointer, dequantized, elements)
    const values = Float64Array.from(arena.floats(dequantized, elements))
    arena.free(dequantized)
    this.#placed.set(name, { format, pointer, values })
    const vector = (suffix: string, length: number, mean: number) => {
      const floats = randomFloats(length, name + suffix, 0.3).map((value) => mean + value)
      const at = arena.allocate(4 * length, 'a test')
      arena.floats(at, length).set(floats)
      this.#placed.set(name + suffix, { format: 'F32', pointer: at, values: Float64Array.from(floats) })
      return { tensor: name + suffix, first: 0, length }
    }
    return {
      ...{ tensor: name, firstRow: 0, rows, columns, experts, rowsPerExpert: rows },
      bias: extras ? vector('.bias', experts * rows, 0) : undefined,
      scale: extras ? vector('.scale', experts, 1) : undefined,
    }
  }

  /** The scratch of linear layers, see assembly/workspace.ts. */
  #workspace(widest: number): Pointer {
    const { arena, kernels, pool } = this.#engine
    const record = arena.allocate(28, 'a test')
    const strides = [
      kernels.activation_bytes(ActivationKind.int16, widest),
      kernels.activation_bytes(ActivationKind.int8, widest),
      kernels.matmul_scratch(widest),
    ].map((bytes) => (bytes + 63) & ~63)
    const counts = [TOKENS, TOKENS, pool.size]
    const words = strides.flatMap((stride, i) => [arena.allocate(stride * counts[i], 'a test'), stride])
    new Uint32Array(arena.memory.buffer, record, 7).set([...words, 0])
    return record
  }
}

/** A random token that uses `used` of the experts `among`. */
export function randomToken({ columns, used }: MixtureShape, label: string, among: readonly number[]): Token {
  const random = new RandomBits(3, label)
  const rest = [...among]
  const experts = Array.from({ length: used }, () => rest.splice(random.next() % rest.length, 1)[0])
  return {
    x: randomFloats(columns, label),
    route: {
      experts: experts.sort((a, b) => a - b),
      weights: experts.map(() => Math.fround(random.fraction())),
    },
  }
}
