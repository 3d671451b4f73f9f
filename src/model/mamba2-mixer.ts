import type { Value } from '../backend/program.js'
import type { LayerBuilder } from './builder/builder.js'
import type { HyperparameterReader } from './hyperparameter-reader.js'
import { readStateSpace, type StateSpace, WIDEST_MIXER } from './state-space.js'

/** The mixer of Mamba-2: the states of a head share one decay. Source: Dao and Gu 2024. */
export interface Mamba2 extends StateSpace {
  readonly heads: number
  /** Groups of neighbouring heads that share `b` and `c`, and whose results are normed together. */
  readonly groups: number
}

/** Reads `ssm.*`. Throws `MISSING`, `BAD_FORMAT` or `UNSUPPORTED`, naming the key. */
export function readMamba2(reader: HyperparameterReader): Mamba2 {
  const space = readStateSpace(reader)
  const heads = reader.count('ssm.time_step_rank', { maximum: WIDEST_MIXER })
  const groups = reader.count('ssm.group_count', { maximum: WIDEST_MIXER })
  if (space.inner % heads !== 0) {
    throw reader.error(
      'BAD_FORMAT',
      `${space.inner} values ("${reader.key('ssm.inner_size')}") cannot be split into ${heads} heads ("${reader.key('ssm.time_step_rank')}")`,
    )
  }
  if (heads % groups !== 0) {
    throw reader.error(
      'BAD_FORMAT',
      `${heads} heads ("${reader.key('ssm.time_step_rank')}") cannot be split into ${groups} groups ("${reader.key('ssm.group_count')}")`,
    )
  }
  return { ...space, heads, groups }
}

/** The mixer of the normed `x`, its output projection included. `isNormed`: whether results have a norm; default true. */
export function mamba2Mixer(
  l: LayerBuilder,
  x: Value,
  { taps, inner, states, heads, groups }: Mamba2,
  { isNormed = true }: { readonly isNormed?: boolean } = {},
): Value {
  const shared = groups * states
  const [z, xbc, dt] = l.linearParts(x, 'ssm_in', [
    { rows: inner },
    { rows: inner + 2 * shared },
    { rows: heads, bias: 'ssm_dt.bias' },
  ])
  const mixed = l.silu(l.conv(xbc, 'ssm_conv1d', taps))
  const part = (first: number, length: number, parts: number) =>
    l.splitHeads(l.slice(mixed, first, length), parts)
  const y = l.stateScan(
    {
      x: part(0, inner, heads),
      b: part(inner, shared, groups),
      c: part(inner + shared, shared, groups),
      step: l.activation(dt, 'softplus'),
    },
    { a: 'ssm_a', d: 'ssm_d' },
  )
  const gated = l.multiply(l.silu(z), y)
  return l.linear(isNormed ? l.groupNorm(gated, 'ssm_norm', groups) : gated, 'ssm_out', x.width)
}
