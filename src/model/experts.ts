import type { Routing, Value } from '../backend/program.js'
import { describeValue } from '../describe.js'
import type { LayerBuilder, MixtureOptions } from './builder/builder.js'
import type { HyperparameterReader } from './hyperparameter-reader.js'

/** Which layers have a mixture of experts instead of a dense feed-forward network, and what it is like. */
export interface Experts {
  /** Layers before this one are dense. */
  readonly leadingDense: number
  readonly mixture: MixtureOptions
  /** Width of the expert that every token uses; 0: none. */
  readonly sharedRows: number
  /** Whether the shared expert's result is weighted by the sigmoid of `ffn_gate_inp_shexp`. */
  readonly sharedGate: boolean
}

/** How a family mixes experts, where its files do not say. */
export interface ExpertTraits {
  /** How files without `expert_gating_func` choose. */
  readonly gating: Routing['gating']
  /** Whether weights are divided by their sum; `file`: the key `expert_weights_norm` says so, default no. */
  readonly normalize: boolean | 'file'
  /** Default `swiglu`. */
  readonly function?: MixtureOptions['function']
  /** Width of an expert in files without `expert_feed_forward_length`. */
  readonly rows?: number
  /** Whether files may say how they choose (`expert_gating_func`) and scale weights (`expert_weights_scale`). Default no. */
  readonly choice?: 'file'
  /**
   * The width of shared experts: `length` of the file's key `expert_shared_feed_forward_length`, default `fallback`; or
   * `count`: as many experts as `expert_shared_count` says. Default: none.
   */
  readonly shared?: { readonly by: 'length'; readonly fallback: number } | { readonly by: 'count' }
  readonly sharedGate?: boolean
}

/** Largest number of experts, as in llama.cpp. */
const MOST_EXPERTS = 512
/** Largest width of an expert. */
const WIDEST = 2 ** 20

/** `expert_gating_func` by number: ggml's `llama_expert_gating_func_type`. */
const GATINGS: Readonly<Record<number, Routing['gating']>> = {
  1: 'softmax',
  2: 'sigmoid',
  3: 'softmaxOfChosen',
}

/** Whether a file has experts; in some families it may have none. Not noted: it would change the identity of dense models. */
export function hasExperts(reader: HyperparameterReader): boolean {
  return reader.metadata.number(reader.key('expert_count'), 0) > 1
}

/** Reads and checks `expert_*`. Throws `MISSING`, `BAD_FORMAT` or `UNSUPPORTED`, naming the key. */
export function readExperts(reader: HyperparameterReader, traits: ExpertTraits): Experts {
  const experts = reader.count('expert_count', { maximum: MOST_EXPERTS })
  const used = reader.count('expert_used_count', { maximum: MOST_EXPERTS })
  if (used > experts) {
    throw reader.error(
      'BAD_FORMAT',
      `"${reader.key('expert_used_count')}" is ${used}, but there are ${experts} experts`,
    )
  }
  rejectSeparateExperts(reader)
  const byFile = traits.choice === 'file'
  const rows = reader.count('expert_feed_forward_length', { fallback: traits.rows, maximum: WIDEST })
  return {
    leadingDense: reader.count('leading_dense_block_count', { fallback: 0, minimum: 0 }),
    mixture: {
      experts,
      rows,
      function: traits.function ?? 'swiglu',
      routing: {
        used,
        gating: byFile ? readGating(reader, traits.gating) : traits.gating,
        groups: readGroups(reader, experts, used),
        normalize: traits.normalize === 'file' ? reader.flag('expert_weights_norm', false) : traits.normalize,
        // 0 is written for "not scaled".
        scale: (byFile && reader.real('expert_weights_scale', 0)) || 1,
      },
    },
    sharedRows: readSharedRows(reader, traits.shared, rows),
    sharedGate: traits.sharedGate ?? false,
  }
}

/** The feed-forward network of a layer: dense, or a mixture, with what all tokens use added. */
export function feedForward(l: LayerBuilder, x: Value, experts: Experts | undefined): Value {
  if (!experts || l.layer < experts.leadingDense) return l.swiglu(x)
  const routed = l.mixture(x, experts.mixture)
  const { sharedRows, sharedGate } = experts
  if (sharedRows === 0) return routed
  const shared = l.swiglu(x, { rows: sharedRows, suffix: '_shexp' })
  if (!sharedGate) return l.add(routed, shared)
  const weight = l.activation(l.linear(x, 'ffn_gate_inp_shexp', 1), 'sigmoid')
  return l.add(routed, l.scaleRows(shared, weight))
}

function readGating(reader: HyperparameterReader, fallback: Routing['gating']): Routing['gating'] {
  const number = reader.count('expert_gating_func', { fallback: 0, minimum: 0 })
  if (number === 0) return fallback
  const gating = GATINGS[number]
  if (gating) return gating
  throw reader.error(
    'UNSUPPORTED',
    `"${reader.key('expert_gating_func')}" is ${number}, which is not supported`,
    'supported: 1 (softmax), 2 (sigmoid), 3 (softmax of the chosen)',
  )
}

function readGroups(reader: HyperparameterReader, experts: number, used: number): Routing['groups'] {
  const count = reader.count('expert_group_count', { fallback: 0, minimum: 0, maximum: MOST_EXPERTS })
  if (count <= 1) return undefined
  const best = reader.count('expert_group_used_count', { maximum: MOST_EXPERTS })
  if (experts % count !== 0) {
    throw reader.error(
      'BAD_FORMAT',
      `"${reader.key('expert_group_count')}" is ${count}; ${experts} experts cannot be divided into as many groups`,
    )
  }
  if (best > count || used > (experts / count) * best) {
    throw reader.error(
      'BAD_FORMAT',
      `"${reader.key('expert_group_used_count')}" is ${best}; ${used} experts cannot come from ${best} of ${count} groups of ${experts / count}`,
    )
  }
  return { count, used: best }
}

function readSharedRows(reader: HyperparameterReader, shared: ExpertTraits['shared'], rows: number): number {
  if (!shared) return 0
  if (shared.by === 'count') {
    return rows * reader.count('expert_shared_count', { minimum: 0, maximum: MOST_EXPERTS })
  }
  const key = 'expert_shared_feed_forward_length'
  return reader.count(key, { fallback: 0, minimum: 0, maximum: WIDEST }) || shared.fallback
}

/** Files from before 2024 store each expert as tensors of its own. */
function rejectSeparateExperts(reader: HyperparameterReader): void {
  for (const name of reader.file.tensors.keys()) {
    if (!SEPARATE.test(name)) continue
    throw reader.error(
      'UNSUPPORTED',
      `tensor ${describeValue(name)} holds a single expert; all experts of a layer must be one tensor`,
      'the file is from an early converter: convert the model again',
    )
  }
}

const SEPARATE = /^blk\.\d+\.ffn_(?:gate|up|down)\.\d+\.weight$/
