import { call } from './call'

/**
 * Biases of scores by the distance of key and query: for each head, f32[2 · positions - 1], of which the middle one is that
 * of distance 0. They are exponents of two, as scores are.
 */

/**
 * Writes to `out`, u32[height], where the biases of a tile's rows begin: those of the scores of positions from `start` on.
 * The tile begins with row `row` of kv head `kvHead`, whose first token is at `position`.
 */
export function locateBiases(out: usize, kvHead: i32, row: i32, height: i32, position: i32, start: i32): void {
  const group = call.group
  const stride = 2 * call.positions - 1
  for (let lane = 0; lane < height; lane++) {
    const token = position + (row + lane) / group
    const head = kvHead * group + ((row + lane) % group)
    const index = <usize>head * <usize>stride + <usize>(start - token + call.positions - 1)
    store<u32>(out + ((<usize>lane) << 2), <u32>(call.bias + (index << 2)))
  }
}
