import type { MemorySpec } from './memory.js'
import type { RopeSpec } from './rope.js'

/**
 * What a model computes, as data: its tensors and the operations on them, in order. A family's `build` records it once; an
 * engine compiles it to calls of its kernels, and the tests' reference interprets it.
 */
export interface Program {
  /** By name, in order of first use. */
  readonly tensors: ReadonlyMap<string, TensorSpec>
  /** Tensors that a file may have besides, which are not loaded. */
  readonly unusedTensors?: ReadonlySet<string> | undefined
  /** One per operation that remembers earlier rows, in order; other attention operations may read it. */
  readonly memories: readonly MemorySpec[]
  /** Rotary embeddings, which `rope` operations refer to by index. */
  readonly ropes: readonly RopeSpec[]
  readonly ops: readonly Op[]
  /**
   * The index of each layer's first operation, in order, and of the first one after the layers: where a program may be divided.
   * Default: nowhere.
   */
  readonly layerStarts?: readonly number[] | undefined
  /** The hidden states, after the last norm. */
  readonly hidden: Value
  /** Computed only for output rows; `undefined`: an encoder, which has hidden states only. */
  readonly logits: Logits | undefined
  /** What follows pooling: a ranking head, or dense layers. Default: nothing. */
  readonly afterPooling?: PooledHead | undefined
  readonly vocabSize: number
  /** Width of the hidden states. */
  readonly embeddingLength: number
  /** What guesses tokens after the next one, where it is to be loaded. */
  readonly draftHead?: DraftHead | undefined
}

/**
 * A program of its own beside a model's, which guesses a token from the two before it: a row's token, and `state`, the model's
 * hidden state of the token before that, or, where the model has not seen that token, the head's own. Sources: DeepSeek-AI 2024
 * (multi-token prediction), Li et al. 2024 (EAGLE).
 */
export interface DraftHead extends Program {
  readonly state: Value
}

/** The tensors of a program and of its draft head. */
export function allTensors({ tensors, draftHead }: Program): ReadonlyMap<string, TensorSpec> {
  return draftHead ? new Map([...tensors, ...draftHead.tensors]) : tensors
}

/** A tensor of the model file. `shape` is in ggml's order: columns, rows, and the number of experts or heads. */
export interface TensorSpec {
  readonly name: string
  /** A `vector` (norm, bias, factors) is F32; a `matrix` may have any block format that the engine runs. */
  readonly kind: 'matrix' | 'vector'
  readonly shape: readonly number[]
}

/** The result of an operation, f32[rows][width]; a row consists of `heads` parts of equal width. */
export interface Value {
  /** Counts the values of a program. */
  readonly id: number
  /** Elements of a row. */
  readonly width: number
  /** Parts of a row; 1 for values without heads. */
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

/** Elementwise functions. `gelu` is the tanh approximation, `relu2` the square of `relu`, `softplus` is ln(1 + e^x). */
export type ActivationFunction = 'silu' | 'gelu' | 'relu' | 'relu2' | 'sigmoid' | 'tanh' | 'softplus'

/**
 * What an expert does between its first and last matrix: a gate's function times `up`, or, without a gate, a function of `up`.
 * `swigluOai`: with g = min(gate, 7) and u = clamp(up, -7, 7), g · sigmoid(1.702 · g) · (u + 1). Source: gpt-oss.
 */
export type ExpertFunction = 'swiglu' | 'geglu' | 'swigluOai' | 'gelu' | 'relu2'

/** Experts' matrices in one tensor, [columns, rowsPerExpert, experts]: of each expert, rows `firstRow` to `firstRow + rows`. */
export interface ExpertMatrix extends MatrixSlice {
  readonly experts: number
  readonly rowsPerExpert: number
  /** f32[experts][rowsPerExpert]. */
  readonly bias: VectorSlice | undefined
  /** f32[experts], factors of the products before their bias. */
  readonly scale: VectorSlice | undefined
}

/** How a router chooses experts. Source: Shazeer et al. 2017; DeepSeek-AI 2024 (groups, selection bias). */
export interface Routing {
  /** Experts per token. */
  readonly used: number
  /**
   * Probabilities of the router's logits: over all experts (`softmax`), each for itself (`sigmoid`), or, once the largest
   * logits are chosen, over those (`softmaxOfChosen`).
   */
  readonly gating: 'softmax' | 'sigmoid' | 'softmaxOfChosen'
  /** f32[experts], added to probabilities for the choice only. */
  readonly selectionBias: VectorSlice | undefined
  /** Only experts of the `used` best of `count` equal groups are chosen; a group's score is the sum of its two best. */
  readonly groups: { readonly count: number; readonly used: number } | undefined
  /** Divide the chosen probabilities by their sum, at least 2^-14 (llama.cpp's guard, the least normal f16). */
  readonly normalize: boolean
  /** Factor of the weights. */
  readonly scale: number
}

/** What is added to scaled scores by the distance of key and query. */
export type PositionBias =
  /** -slope · |distance|, with a slope per head. Source: Press et al. 2022. */
  | { readonly kind: 'alibi'; readonly maxBias: number }
  /** A learned value per head and bucket of distances, f32[buckets][heads]. Source: Raffel et al. 2020 (T5, bidirectional). */
  | { readonly kind: 'relative'; readonly table: VectorSlice; readonly buckets: number }

/** Which key head a value head reads: its index modulo the number of key heads, or by equal groups of neighbours. */
export type HeadSharing = 'modulo' | 'groups'

/**
 * Operations. All but attention and the recurrent ones (`conv`, `deltaRule`, `stateScan`) work on each row separately. No
 * operation changes its inputs.
 */
export type Op =
  /** The row of a matrix for each token. */
  | { readonly kind: 'embed'; readonly matrix: MatrixSlice; readonly out: Value }
  /** The row of a matrix for each token's position (learned positions). */
  | { readonly kind: 'embedPosition'; readonly matrix: MatrixSlice; readonly out: Value }
  /** One row of a matrix, `matrix.firstRow`, for every token. */
  | { readonly kind: 'embedRow'; readonly matrix: MatrixSlice; readonly out: Value }
  /**
   * out = x / √(mean(x²) + epsilon) · weight, over each of `x.heads` parts. All heads share the weights, or each has its own:
   * then there are `x.width` of them. Without a weight, only the quotient.
   */
  | {
      readonly kind: 'rmsNorm'
      readonly x: Value
      readonly weight: VectorSlice | undefined
      /** Added to the result; it has as many values as the weights. Default: none. */
      readonly bias?: VectorSlice | undefined
      readonly epsilon: number
      readonly out: Value
    }
  /** out = (x - mean) / √(variance + epsilon) · weight + bias, over each of `x.heads` parts; weights as in `rmsNorm`. */
  | {
      readonly kind: 'layerNorm'
      readonly x: Value
      readonly weight: VectorSlice
      readonly bias: VectorSlice | undefined
      readonly epsilon: number
      readonly out: Value
    }
  /** out = scale · (matrix · x) + bias; `scale` is f32[1]. */
  | {
      readonly kind: 'linear'
      readonly x: Value
      readonly matrix: MatrixSlice
      readonly scale: VectorSlice | undefined
      readonly bias: VectorSlice | undefined
      readonly out: Value
    }
  /** A matrix for each head: tensor [columns, rows, heads]; `columns` is the width of a head of x, `rows` of one of out. */
  | {
      readonly kind: 'headLinear'
      readonly x: Value
      readonly matrix: MatrixSlice
      readonly out: Value
    }
  /**
   * Rotates pairs of each head's values by the row's position, those from value `first` of a head on; `rope` is an index into
   * the program's `ropes`.
   */
  | {
      readonly kind: 'rope'
      readonly x: Value
      readonly rope: number
      readonly first: number
      readonly out: Value
    }
  /** out = x · (1 + beta · ln(1 + ⌊position / interval⌋)). Source: Mistral 3's attention temperature. */
  | {
      readonly kind: 'temperature'
      readonly x: Value
      readonly beta: number
      readonly interval: number
      readonly out: Value
    }
  /**
   * Appends keys and values to memory number `memory`, then out = softmax(scale · q · keys) · values. Causal: each row sees
   * the positions up to its own, or the last `window` of them if the memory has a window. With a `softcap`, scaled scores
   * become cap · tanh(score / cap). `sinks`, f32[heads], are further scores without values. Without `k` and `v` it appends
   * nothing, and reads what an earlier operation of the same pass has appended (cross-layer sharing).
   */
  | {
      readonly kind: 'attention'
      readonly q: Value
      readonly k: Value | undefined
      readonly v: Value | undefined
      readonly memory: number
      readonly scale: number
      readonly softcap: number | undefined
      readonly sinks: VectorSlice | undefined
      readonly bias: PositionBias | undefined
      readonly out: Value
    }
  /** Attention in both directions, over all rows of a text, or those at a distance of at most `window` / 2. No memory. */
  | {
      readonly kind: 'encoderAttention'
      readonly q: Value
      readonly k: Value
      readonly v: Value
      readonly scale: number
      readonly window: number | undefined
      readonly bias: PositionBias | undefined
      readonly out: Value
    }
  /**
   * Causal convolution over the rows of a sequence, each channel for itself: out[t] = Σ over j < taps of
   * kernel[j] · x[t - taps + 1 + j], plus bias. `kernel` is f32[channels][taps], the newest row's tap last; rows before the
   * first are zeros. Memory number `memory` holds the last taps - 1 rows of x, f32[taps - 1][channels], oldest first.
   */
  | {
      readonly kind: 'conv'
      readonly x: Value
      readonly kernel: VectorSlice
      readonly taps: number
      readonly bias: VectorSlice | undefined
      readonly memory: number
      readonly out: Value
    }
  /**
   * The gated delta rule. Each head of v has a state S, f32[valueDim][keyDim], in memory number `memory`, and reads the head of
   * q and k that `sharing` names. Per row: S ← e^decay · S; u = beta · (v - S·k); S ← S + u·kᵀ; out = scale · S·q. `decay` (0 or
   * less) and `beta` have a value per head of v. Source: Yang et al. 2024 (Gated DeltaNet).
   */
  | {
      readonly kind: 'deltaRule'
      readonly q: Value
      readonly k: Value
      readonly v: Value
      readonly decay: Value
      readonly beta: Value
      readonly scale: number
      readonly sharing: HeadSharing
      readonly memory: number
      readonly out: Value
    }
  /**
   * A selective state space. Each head of x has a state H, f32[width of a head][states], in memory number `memory`, and reads
   * one head of b and c, [states] each: equal groups of neighbouring heads share one. Per row, with `step` a value per head of
   * x: H ← e^(step · a) · H + step · x·bᵀ; out = H·c + d · x. `a` (less than 0) has a value per head, or f32[heads][states]; `d`
   * one per head. Sources: Gu and Dao 2023 (Mamba: heads of one value, `a` per state), Dao and Gu 2024 (Mamba-2).
   */
  | {
      readonly kind: 'stateScan'
      readonly x: Value
      readonly b: Value
      readonly c: Value
      readonly step: Value
      readonly a: VectorSlice
      readonly d: VectorSlice | undefined
      readonly memory: number
      readonly out: Value
    }
  /** out = x · weight + bias, element by element; each has x.width values, those of a head for all heads, or one for all. */
  | {
      readonly kind: 'affine'
      readonly x: Value
      readonly weight: VectorSlice | undefined
      readonly bias: VectorSlice | undefined
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
  /** Each row of x times its value of `by`, whose width is 1. */
  | { readonly kind: 'scaleRows'; readonly x: Value; readonly by: Value; readonly out: Value }
  /** The length of each head: √(Σ x²). */
  | { readonly kind: 'length'; readonly x: Value; readonly out: Value }
  /**
   * Linear combinations of the heads of x: head t of out is Σ over s of (by[t][s] + plus) · head s of x. `by` has a value per
   * row for each pair, [out.heads][x.heads].
   */
  | {
      readonly kind: 'mixHeads'
      readonly x: Value
      readonly by: Value
      readonly plus: number
      readonly out: Value
    }
  /**
   * out = max(0, x - mean - deviations · s) with the mean and the sample standard deviation s (divisor n - 1) of a row: keeps
   * the largest values. Source: You et al. 2025 (Spark Transformer, statistical top-k).
   */
  | {
      readonly kind: 'gaussianTopK'
      readonly x: Value
      readonly deviations: number
      readonly out: Value
    }
  /** Values `first` to `first + out.width / out.heads` of each head. */
  | { readonly kind: 'slice'; readonly x: Value; readonly first: number; readonly out: Value }
  /** Each head of a, followed by that of b; if b has one head, it follows every head of a. */
  | { readonly kind: 'concat'; readonly a: Value; readonly b: Value; readonly out: Value }
  /**
   * The experts of each token and their weights, from the router's `logits`: out is f32[rows][2][used], indices in ascending
   * order, then weights. Of equal scores, the lower index is chosen.
   */
  | {
      readonly kind: 'route'
      readonly logits: Value
      readonly routing: Routing
      readonly out: Value
    }
  /** Σ weight · down(function(gate(x), up(x))) over the experts of each row, in ascending order of their indices. */
  | {
      readonly kind: 'experts'
      readonly x: Value
      readonly routes: Value
      readonly gate: ExpertMatrix | undefined
      readonly up: ExpertMatrix
      readonly down: ExpertMatrix
      readonly function: ExpertFunction
      readonly out: Value
    }

/** logits = scale · (matrix · hidden + bias), then cap · tanh(logits / cap) if there is a `softcap`. */
export interface Logits {
  readonly matrix: MatrixSlice
  readonly bias: VectorSlice | undefined
  /** Default 1. */
  readonly scale: number | undefined
  readonly softcap: number | undefined
}

/** Operations on one row, a pooled hidden state: `input`, whose width is `embeddingLength`. */
export interface PooledHead {
  readonly input: Value
  readonly ops: readonly Op[]
  readonly output: Value
}

/** Whether a program runs whole texts, with attention in both directions. */
export function isEncoder({ ops }: Program): boolean {
  return ops.some(({ kind }) => kind === 'encoderAttention')
}

/** The values that an operation reads. */
export function inputsOf(op: Op): readonly Value[] {
  switch (op.kind) {
    case 'embed':
    case 'embedPosition':
    case 'embedRow':
      return []
    case 'rmsNorm':
    case 'layerNorm':
    case 'linear':
    case 'headLinear':
    case 'rope':
    case 'temperature':
    case 'activation':
    case 'scale':
    case 'slice':
    case 'conv':
    case 'affine':
    case 'length':
    case 'gaussianTopK':
      return [op.x]
    case 'deltaRule':
      return [op.q, op.k, op.v, op.decay, op.beta]
    case 'stateScan':
      return [op.x, op.b, op.c, op.step]
    case 'scaleRows':
    case 'mixHeads':
      return [op.x, op.by]
    case 'attention':
      return op.k && op.v ? [op.q, op.k, op.v] : [op.q]
    case 'encoderAttention':
      return [op.q, op.k, op.v]
    case 'add':
    case 'multiply':
    case 'concat':
      return [op.a, op.b]
    case 'route':
      return [op.logits]
    case 'experts':
      return [op.x, op.routes]
  }
}
