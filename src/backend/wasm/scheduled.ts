import type {
  ActivationFunction,
  ExpertFunction,
  ExpertMatrix,
  HeadSharing,
  MatrixSlice,
  PositionBias,
  Routing,
  VectorSlice,
} from '../program.js'
import type { KeyRopes } from './key-ropes.js'

/** A buffer f32[MAX_ROWS][width], used by one value after another. */
export interface Buffer {
  readonly index: number
  readonly width: number
}

/** A norm, alone or fused with the linear layers that read it. Without weights only an RMS norm. */
export interface ScheduledNorm {
  readonly kind: 'rms' | 'layer'
  readonly weight: VectorSlice | undefined
  readonly bias: VectorSlice | undefined
  readonly epsilon: number
}

/** A linear layer of a group, and the use of its product. */
export interface ScheduledLinear {
  readonly matrix: MatrixSlice
  readonly scale: VectorSlice | undefined
  readonly bias: VectorSlice | undefined
  readonly product: Buffer
  /** `add`: the product is added to `into`. A gate: `into`, the previous product, becomes gate(into) · product. */
  readonly use: 'store' | 'add' | 'swiglu' | 'geglu'
  readonly into: Buffer | undefined
}

/** What scores of attention go through before and in the softmax. */
export interface ScoreOptions {
  readonly scale: number
  readonly softcap: number | undefined
  readonly sinks: VectorSlice | undefined
  readonly bias: (PositionBias & { kind: 'alibi' }) | undefined
}

/** Steps of kernel calls. Elementwise steps work in place. */
export type Scheduled =
  /** Rows of a matrix: the token's, its position's, or `matrix.firstRow` for every token. */
  | {
      readonly kind: 'embed'
      readonly row: 'token' | 'position' | 'first'
      readonly matrix: MatrixSlice
      readonly out: Buffer
    }
  /** Linear layers of one input, or of its norm. */
  | {
      readonly kind: 'project'
      readonly norm: ScheduledNorm | undefined
      readonly x: Buffer
      readonly linears: readonly ScheduledLinear[]
    }
  /** A matrix for each head. */
  | {
      readonly kind: 'headProject'
      readonly x: Buffer
      readonly heads: number
      readonly matrix: MatrixSlice
      readonly out: Buffer
    }
  /** Over each of `groups` parts of a row. */
  | {
      readonly kind: 'norm'
      readonly x: Buffer
      readonly norm: ScheduledNorm
      readonly groups: number
      readonly out: Buffer
    }
  /** From value `first` of each head on. */
  | {
      readonly kind: 'rope'
      readonly x: Buffer
      readonly heads: number
      readonly rope: number
      readonly first: number
    }
  | { readonly kind: 'temperature'; readonly x: Buffer; readonly beta: number; readonly interval: number }
  /** Without `k` and `v`, attention to what an earlier step has stored. */
  | {
      readonly kind: 'attention'
      readonly q: Buffer
      readonly k: Buffer | undefined
      readonly v: Buffer | undefined
      readonly out: Buffer
      readonly heads: number
      readonly memory: number
      readonly scores: ScoreOptions
    }
  /** Attention over a whole text. `carried`: buffers whose values are read after it, besides its own. */
  | {
      readonly kind: 'encoderAttention'
      readonly q: Buffer
      readonly k: Buffer
      readonly v: Buffer
      readonly out: Buffer
      readonly heads: number
      readonly kvHeads: number
      readonly scale: number
      readonly window: number | undefined
      readonly bias: PositionBias | undefined
      readonly carried: readonly Buffer[]
    }
  /** `silu`: of each result. */
  | {
      readonly kind: 'conv'
      readonly x: Buffer
      readonly kernel: VectorSlice
      readonly taps: number
      readonly bias: VectorSlice | undefined
      readonly silu: boolean
      readonly memory: number
      readonly out: Buffer
    }
  | {
      readonly kind: 'deltaRule'
      readonly q: Buffer
      readonly k: Buffer
      readonly v: Buffer
      readonly decay: Buffer
      readonly beta: Buffer
      readonly heads: number
      readonly keyHeads: number
      readonly scale: number
      readonly sharing: HeadSharing
      readonly memory: number
      readonly out: Buffer
    }
  | {
      readonly kind: 'stateScan'
      readonly x: Buffer
      readonly b: Buffer
      readonly c: Buffer
      readonly step: Buffer
      readonly heads: number
      /** Heads of b and c. */
      readonly groups: number
      readonly a: VectorSlice
      readonly d: VectorSlice | undefined
      readonly memory: number
      readonly out: Buffer
    }
  | {
      readonly kind: 'affine'
      readonly x: Buffer
      readonly weight: VectorSlice | undefined
      readonly bias: VectorSlice | undefined
    }
  | { readonly kind: 'activation'; readonly function: ActivationFunction; readonly x: Buffer }
  | { readonly kind: 'scale'; readonly x: Buffer; readonly by: number }
  | { readonly kind: 'scaleRows'; readonly x: Buffer; readonly by: Buffer }
  | { readonly kind: 'gaussianTopK'; readonly x: Buffer; readonly deviations: number }
  /** Of each of `heads` heads. */
  | { readonly kind: 'length'; readonly x: Buffer; readonly heads: number; readonly out: Buffer }
  /** `heads` heads become `out.width / x.width · heads` combinations. */
  | {
      readonly kind: 'mixHeads'
      readonly x: Buffer
      readonly heads: number
      readonly by: Buffer
      readonly plus: number
      readonly out: Buffer
    }
  | { readonly kind: 'add' | 'multiply'; readonly x: Buffer; readonly into: Buffer }
  | { readonly kind: 'copy'; readonly x: Buffer; readonly out: Buffer }
  | {
      readonly kind: 'slice'
      readonly x: Buffer
      readonly heads: number
      readonly first: number
      readonly out: Buffer
    }
  /** `heads` heads of a, each followed by that of b, or by the only one. */
  | {
      readonly kind: 'concat'
      readonly a: Buffer
      readonly b: Buffer
      readonly heads: number
      readonly isShared: boolean
      readonly out: Buffer
    }
  | { readonly kind: 'route'; readonly logits: Buffer; readonly routing: Routing; readonly out: Buffer }
  | {
      readonly kind: 'experts'
      readonly x: Buffer
      readonly routes: Buffer
      /** Experts per token. */
      readonly used: number
      readonly gate: ExpertMatrix | undefined
      readonly up: ExpertMatrix
      readonly down: ExpertMatrix
      readonly function: ExpertFunction
      readonly out: Buffer
    }

/** A program in the order in which the kernels run it, with a buffer for each value. */
export interface Schedule {
  readonly steps: readonly Scheduled[]
  readonly buffers: readonly Buffer[]
  /** Where the inputs and outputs of a part of a program are, in the order of its `Boundary`. */
  readonly inputs: readonly Buffer[]
  readonly outputs: readonly Buffer[]
  /** Input of hidden states and logits: the norm of `x`, or `x` itself. */
  readonly head: { readonly x: Buffer; readonly norm: ScheduledNorm | undefined }
  readonly keyRopes: KeyRopes
}
