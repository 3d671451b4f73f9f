/**
 * Interprets a program in f64, one token and one scalar at a time, simple and slow: the reference for the engine's
 * logits, for all families. It shares the file reader and the program with the engine, and nothing
 * that computes.
 */
import type {
  ActivationFunction,
  Logits,
  MatrixSlice,
  Op,
  Program,
  Value,
  VectorSlice,
} from '../../src/backend/program.js'
import { f16ToF32, f32ToF16 } from '../../src/gguf/half.js'
import type { ModelFile } from '../../src/gguf/model-file.js'
import { planModel } from '../../src/model/plan.js'
import { REFERENCE_FORMATS } from '../kernels/reference/blocks.js'
import { tensorBytes } from '../support/model-files.js'
import { rotated } from './reference-rope.js'

type Vector = Float64Array

/** What keys and values are rounded to when they are cached. */
export type Rounding = 'f16' | 'f32' | 'f64'

const ROUND: Record<Rounding, (value: number) => number> = {
  f16: (value) => f16ToF32(f32ToF16(value)),
  f32: Math.fround,
  f64: (value) => value,
}

const ACTIVATION: Record<ActivationFunction, (value: number) => number> = {
  silu: (x) => x / (1 + Math.exp(-x)),
  // Hendrycks and Gimpel 2016, the form with tanh.
  gelu: (x) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))),
}

/** A program and its weights in f64. */
export class ReferenceModel {
  readonly program: Program
  readonly #tensors: ReadonlyMap<string, Vector>

  private constructor(program: Program, tensors: ReadonlyMap<string, Vector>) {
    this.program = program
    this.#tensors = tensors
  }

  /** Plans the model, and reads and dequantizes every tensor. */
  static async read(file: ModelFile): Promise<ReferenceModel> {
    const { program } = planModel(file)
    const tensors = new Map<string, Vector>()
    for (const name of program.tensors.keys()) tensors.set(name, await dequantized(file, name))
    return new ReferenceModel(program, tensors)
  }

  vector({ tensor, first, length }: VectorSlice): Vector {
    return this.tensor(tensor).subarray(first, first + length)
  }

  row({ tensor, firstRow, columns }: MatrixSlice, row: number): Vector {
    return this.tensor(tensor).subarray((firstRow + row) * columns, (firstRow + row + 1) * columns)
  }

  tensor(name: string): Vector {
    const found = this.#tensors.get(name)
    if (!found) throw new Error(`the reference misses ${name}`)
    return found
  }
}

async function dequantized(file: ModelFile, name: string): Promise<Vector> {
  const tensor = file.tensors.get(name)!
  const format = REFERENCE_FORMATS.find((each) => each.name === tensor.format.name)
  if (!format) throw new Error(`the reference knows no ${tensor.format.name}`)
  const blocks = new DataView((await tensorBytes(file, name)).buffer)
  const values = new Float64Array(tensor.elements)
  let element = 0
  for (let at = 0; at < blocks.byteLength; at += tensor.format.blockBytes) {
    for (const { product, offset } of format.block(blocks, at, ROUND.f64)) {
      values[element++] = product + offset
    }
  }
  return values
}

/** What one layer remembers: a vector of all heads per position. */
interface Memory {
  readonly window: number
  readonly keys: Vector[]
  readonly values: Vector[]
}

/** One sequence of tokens on a reference model. */
export class ReferenceSequence {
  readonly #model: ReferenceModel
  readonly #round: (value: number) => number
  readonly #memories: readonly Memory[]
  /** What the last token's operations have yielded, by the value's id. */
  readonly #results: Vector[] = []
  #position = 0

  constructor(model: ReferenceModel, cache: Rounding) {
    this.#model = model
    this.#round = ROUND[cache]
    this.#memories = model.program.memories.map((spec) => {
      if (spec.kind !== 'kv') throw new Error(`the reference knows no memory of kind ${spec.kind}`)
      return { window: spec.window ?? Number.POSITIVE_INFINITY, keys: [], values: [] }
    })
  }

  /** Appends one token. */
  push(id: number): void {
    for (const op of this.#model.program.ops) this.#results[op.out.id] = this.#compute(op, id)
    this.#position++
  }

  /** The hidden state of the last token, from which logits are made, f64[embedding length]. */
  hiddenState(): Vector {
    return this.#of(this.#model.program.logits.x)
  }

  /** The logits after the last token, f64[vocabulary]. */
  logits(): Vector {
    const { x, matrix, bias, softcap }: Logits = this.#model.program.logits
    const logits = this.#linear(this.#of(x), matrix, bias)
    return softcap === undefined ? logits : logits.map((logit) => softcap * Math.tanh(logit / softcap))
  }

  #of({ id, width }: Value): Vector {
    const found = this.#results[id]
    if (found?.length !== width) throw new Error(`value ${id} of width ${width} was not computed`)
    return found
  }

  #compute(op: Op, id: number): Vector {
    switch (op.kind) {
      case 'embed':
        return this.#model.row(op.matrix, id)
      case 'rmsNorm':
        return byHead(this.#of(op.x), op.x.heads, (part) =>
          rmsNorm(part, this.#model.vector(op.weight), op.epsilon),
        )
      case 'linear':
        return this.#linear(this.#of(op.x), op.matrix, op.bias)
      case 'rope': {
        const spec = this.#model.program.ropes[op.rope]
        const factors = spec.factors === undefined ? undefined : this.#model.tensor(spec.factors)
        const where = { heads: op.x.heads, position: this.#position, factors }
        return rotated(this.#of(op.x), where, spec)
      }
      case 'attention':
        return this.#attention(op)
      case 'activation':
        return this.#of(op.x).map(ACTIVATION[op.function])
      case 'add': {
        const b = this.#of(op.b)
        return this.#of(op.a).map((value, i) => value + b[i])
      }
      case 'multiply': {
        const b = this.#of(op.b)
        return this.#of(op.a).map((value, i) => value * b[i])
      }
      case 'scale':
        return this.#of(op.x).map((value) => value * op.by)
    }
  }

  #linear(x: Vector, matrix: MatrixSlice, bias: VectorSlice | undefined): Vector {
    const offsets = bias && this.#model.vector(bias)
    const weights = this.#model.tensor(matrix.tensor)
    const { columns, rows } = matrix
    const out = new Float64Array(rows)
    for (let row = 0, at = matrix.firstRow * columns; row < rows; row++) {
      let sum = 0
      for (let i = 0; i < columns; i++) sum += weights[at++] * x[i]
      out[row] = sum + (offsets?.[row] ?? 0)
    }
    return out
  }

  #attention({ q, k, v, memory, scale }: Op & { kind: 'attention' }): Vector {
    const { window, keys, values } = this.#memories[memory]
    keys.push(this.#of(k).map(this.#round))
    values.push(this.#of(v).map(this.#round))
    const first = Math.max(0, keys.length - window)
    const [keyDim, valueDim] = [k.width / k.heads, v.width / v.heads]
    const queriesPerKey = q.heads / k.heads
    const out = new Float64Array(q.heads * valueDim)
    for (let head = 0; head < q.heads; head++) {
      const shared = Math.floor(head / queriesPerKey)
      const query = headOf(this.#of(q), head, keyDim)
      const weights = softmax(keys.slice(first).map((key) => scale * dot(query, headOf(key, shared, keyDim))))
      for (const [i, weight] of weights.entries()) {
        const value = values[first + i]
        for (let d = 0; d < valueDim; d++) out[head * valueDim + d] += weight * value[shared * valueDim + d]
      }
    }
    return out
  }
}

/** A view of one of the parts of equal width that lie side by side. */
function headOf(x: Vector, head: number, width: number): Vector {
  return x.subarray(head * width, (head + 1) * width)
}

function byHead(x: Vector, heads: number, compute: (part: Vector) => Vector): Vector {
  const out = new Float64Array(x.length)
  const width = x.length / heads
  for (let head = 0; head < heads; head++) out.set(compute(headOf(x, head, width)), head * width)
  return out
}

function dot(a: Vector, b: Vector): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i]
  return sum
}

function rmsNorm(x: Vector, weight: Vector, epsilon: number): Vector {
  const size = Math.sqrt(dot(x, x) / x.length + epsilon)
  return x.map((value, i) => (value / size) * weight[i])
}

function softmax(scores: readonly number[]): number[] {
  const largest = Math.max(...scores)
  const weights = scores.map((score) => Math.exp(score - largest))
  const sum = weights.reduce((a, b) => a + b)
  return weights.map((weight) => weight / sum)
}
