import type { MemorySpec } from './memory.js'
import type { RopeSpec } from './rope.js'

/**
 * What a model computes, as data: its tensors and the operations on them, in order. A family's `build` records it once; an
 * engine compiles it to calls of its kernels, and the tests' reference interprets it.
 */
export interface Program {
  /** By name, in order of first use. */
  readonly tensors: ReadonlyMap<string, TensorSpec>
  /** One per layer with a memory, in order. */
  readonly memories: readonly MemorySpec[]
  /** Rotary embeddings, which `rope` operations refer to by index. */
  readonly ropes: readonly RopeSpec[]
  readonly ops: readonly Op[]
  /** Computed only for output rows. */
  readonly logits: Logits
  readonly vocabSize: number
  /** Width of the hidden states. */
  readonly embeddingLength: number
}

/** A tensor of the model file. `shape` is in ggml's order: columns, rows. */
export interface TensorSpec {
  readonly name: string
  /** A `vector` (norm, bias, factors) is F32; a `matrix` may have any block format that the engine runs. */
  readonly kind: 'matrix' | 'vector'
  readonly shape: readonly number[]
}

/** The result of an operation, f32[rows][width]; a row consists of `heads` parts of equal width. */
export interface Value {
  readonly id: number
  readonly width: number
  readonly heads: number
}

/** Rows `firstRow` to `firstRow + rows` of a matrix: fused matrices are read in slices. */
export interface MatrixSlice {
  readonly tensor: string
  readonly firstRow: number
  readonly rows: number
  readonly columns: number
}

/** Elements `first` to `first + length` of a vector. */
export interface VectorSlice {
  readonly tensor: string
  readonly first: number
  readonly length: number
}

/** Elementwise functions. `gelu` is the tanh approximation. */
export type ActivationFunction = 'silu' | 'gelu'

/** Operations. All but attention work on each row separately. No operation changes its inputs. */
export type Op =
  /** The row of a matrix for each token. */
  | { readonly kind: 'embed'; readonly matrix: MatrixSlice; readonly out: Value }
  /** out = x / √(mean(x²) + epsilon) · weight, over each of `x.heads` parts. */
  | {
      readonly kind: 'rmsNorm'
      readonly x: Value
      readonly weight: VectorSlice
      readonly epsilon: number
      readonly out: Value
    }
  /** out = matrix · x + bias. */
  | {
      readonly kind: 'linear'
      readonly x: Value
      readonly matrix: MatrixSlice
      readonly bias: VectorSlice | undefined
      readonly out: Value
    }
  /** Rotates pairs of each head's values by the row's position; `rope` is an index into the program's `ropes`. */
  | { readonly kind: 'rope'; readonly x: Value; readonly rope: number; readonly out: Value }
  /**
   * Appends keys and values to memory number `memory`, then out = softmax(scale · q · keys) · values. Causal: each row sees
   * the positions up to its own, or the last `window` of them if the memory has a window.
   */
  | {
      readonly kind: 'attention'
      readonly q: Value
      readonly k: Value
      readonly v: Value
      readonly memory: number
      readonly scale: number
      readonly out: Value
    }
  | {
      readonly kind: 'activation'
      readonly function: ActivationFunction
      readonly x: Value
      readonly out: Value
    }
  | { readonly kind: 'add' | 'multiply'; readonly a: Value; readonly b: Value; readonly out: Value }
  | { readonly kind: 'scale'; readonly x: Value; readonly by: number; readonly out: Value }

/** logits = matrix · x + bias, then cap · tanh(logits / cap) if there is a `softcap`. */
export interface Logits {
  readonly x: Value
  readonly matrix: MatrixSlice
  readonly bias: VectorSlice | undefined
  readonly softcap: number | undefined
}

/** The values that an operation reads. */
export function inputsOf(op: Op): readonly Value[] {
  switch (op.kind) {
    case 'embed':
      return []
    case 'rmsNorm':
    case 'linear':
    case 'rope':
    case 'activation':
    case 'scale':
      return [op.x]
    case 'attention':
      return [op.q, op.k, op.v]
    case 'add':
    case 'multiply':
      return [op.a, op.b]
  }
}
