/**
 * Rotary position embedding. Source: Su et al. 2021.
 * `table` holds the angles, f32[tokens][2][pairs]: a token's cosines, then its sines. The first 2·pairs dimensions of each
 * head are rotary; the others do not change. `x` is f32[tokens][heads][headDim].
 */

/** Rope type norm: pairs are (x0, x1), (x2, x3), … */
export function rope_norm(x: usize, table: usize, tokens: i32, heads: i32, headDim: i32, pairs: i32): void {
  const half = (<usize>pairs) << 2
  for (let token = 0; token < tokens; token++) {
    for (let head = 0; head < heads; head++) {
      let pair: usize = 0
      for (; pair + 8 <= half; pair += 8) {
        const cosines = v128.load64_zero(table + pair)
        const sines = v128.load64_zero(table + half + pair)
        const at = x + (pair << 1)
        const v = v128.load(at)
        // (a, b) → (a·cos − b·sin, b·cos + a·sin)
        const crossed = f32x4.mul(
          v128.shuffle<i32>(v, v, 1, 0, 3, 2),
          v128.shuffle<i32>(f32x4.neg(sines), sines, 0, 4, 1, 5),
        )
        v128.store(at, f32x4.add(f32x4.mul(v, v128.shuffle<i32>(cosines, cosines, 0, 0, 1, 1)), crossed))
      }
      for (; pair < half; pair += 4) rotate(x + (pair << 1), x + (pair << 1) + 4, table + pair, half)
      x += (<usize>headDim) << 2
    }
    table += half << 1
  }
}

/** Rope type neox (GPT-NeoX): pairs are (x0, x[pairs]), (x1, x[pairs + 1]), … */
export function rope_neox(x: usize, table: usize, tokens: i32, heads: i32, headDim: i32, pairs: i32): void {
  const half = (<usize>pairs) << 2
  for (let token = 0; token < tokens; token++) {
    for (let head = 0; head < heads; head++) {
      let pair: usize = 0
      for (; pair + 16 <= half; pair += 16) {
        const cosines = v128.load(table + pair)
        const sines = v128.load(table + half + pair)
        const a = v128.load(x + pair)
        const b = v128.load(x + half + pair)
        v128.store(x + pair, f32x4.sub(f32x4.mul(a, cosines), f32x4.mul(b, sines)))
        v128.store(x + half + pair, f32x4.add(f32x4.mul(b, cosines), f32x4.mul(a, sines)))
      }
      for (; pair < half; pair += 4) rotate(x + pair, x + half + pair, table + pair, half)
      x += (<usize>headDim) << 2
    }
    table += half << 1
  }
}

@inline
function rotate(first: usize, second: usize, cosine: usize, half: usize): void {
  const a = load<f32>(first)
  const b = load<f32>(second)
  const c = load<f32>(cosine)
  const s = load<f32>(cosine + half)
  store<f32>(first, a * c - b * s)
  store<f32>(second, b * c + a * s)
}
