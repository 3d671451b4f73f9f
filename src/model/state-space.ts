import type { HyperparameterReader } from './hyperparameter-reader.js'

/** What the mixers of Mamba and Mamba-2 have in common. */
export interface StateSpace {
  /** Rows that the convolution sees, the current one included. */
  readonly taps: number
  /** Width of the mixer: values per row that have a state each. */
  readonly inner: number
  /** Size of each of these states. */
  readonly states: number
}

/** Largest accepted width of a mixer. */
export const WIDEST_MIXER = 2 ** 17
/** A layer's memory is inner · (states + taps - 1) values, whatever the size of its tensors. */
const MOST_STATES = 1024
const MOST_TAPS = 64

/** Reads `ssm.*`. Throws `MISSING`, `BAD_FORMAT` or `UNSUPPORTED`, naming the key. */
export function readStateSpace(reader: HyperparameterReader): StateSpace {
  const taps = reader.count('ssm.conv_kernel', { minimum: 2, maximum: MOST_TAPS })
  const inner = reader.count('ssm.inner_size', { maximum: WIDEST_MIXER })
  const states = reader.count('ssm.state_size', { maximum: MOST_STATES })
  if (states % 4 === 0) return { taps, inner, states }
  throw reader.error(
    'UNSUPPORTED',
    `"${reader.key('ssm.state_size')}" is ${states}; a multiple of 4 is needed`,
  )
}
