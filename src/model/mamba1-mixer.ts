import type { Value } from '../backend/program.js'
import type { LayerBuilder } from './builder/builder.js'
import type { HyperparameterReader } from './hyperparameter-reader.js'
import { readStateSpace, type StateSpace, WIDEST_MIXER } from './state-space.js'

/** The mixer of Mamba: each state has a decay of its own. Source: Gu and Dao 2023. */
export interface Mamba1 extends StateSpace {
  /** Width of `dt` before its projection. */
  readonly rank: number
  /** Whether `dt`, `b` and `c` are divided by their root mean square. Source: Zuo et al. 2024 (Falcon Mamba). */
  readonly isNormed: boolean
}

/** Reads `ssm.*`. Throws `MISSING`, `BAD_FORMAT` or `UNSUPPORTED`, naming the key. */
export function readMamba1(reader: HyperparameterReader): Mamba1 {
  return {
    ...readStateSpace(reader),
    rank: reader.count('ssm.time_step_rank', { maximum: WIDEST_MIXER }),
    isNormed: reader.flag('ssm.dt_b_c_rms', false),
  }
}

/** The mixer of the normed `x`, its output projection included. */
export function mamba1Mixer(
  l: LayerBuilder,
  x: Value,
  { taps, inner, states, rank, isNormed }: Mamba1,
): Value {
  const [raw, z] = l.linearParts(x, 'ssm_in', [{ rows: inner }, { rows: inner }])
  const mixed = l.silu(l.conv(raw, 'ssm_conv1d', taps))
  const [dt, b, c] = l
    .linearParts(mixed, 'ssm_x', [{ rows: rank }, { rows: states }, { rows: states }])
    .map((value) => (isNormed ? l.rmsNorm(value) : value))
  const step = l.activation(l.linear(dt, 'ssm_dt', inner), 'softplus')
  const y = l.stateScan(
    { x: l.splitHeads(mixed, inner), b, c, step },
    { a: 'ssm_a', perState: true, d: 'ssm_d' },
  )
  return l.linear(l.multiply(l.silu(z), y), 'ssm_out', x.width)
}
