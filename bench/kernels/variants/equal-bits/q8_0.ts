/** Q8_0 with 16-bit activations, its sums in the tiles' order; `addBlock` is what row_dots.ts asks of a format. */
import { halves4, sumsI32x4 } from '../../../../assembly/formats/rows'
import { madd } from '../../../../assembly/math/lanes'

@inline
function dot16(w: usize, x0: v128, x1: v128): v128 {
  return i32x4.add(i32x4.dot_i16x8_s(v128.load8x8_s(w), x0), i32x4.dot_i16x8_s(v128.load8x8_s(w, 8), x1))
}

/** As the shipped tile: 16 columns are an integer, and the scales' product is made first. */
@unmanaged
export class Q8_0Sixteens {
  @inline get elements(): i32 {
    return 32
  }
  @inline get bytes(): i32 {
    return 34
  }
  @inline get width(): usize {
    return 2
  }

  @inline addBlock(w1: usize, w2: usize, w3: usize, x: usize, scale: usize, _sums: usize, _total: usize, sum: v128): v128 {
    const w0 = changetype<usize>(this)
    const factors = f32x4.mul(halves4(w0, w1, w2, w3), v128.load32_splat(scale))
    let x0 = v128.load(x)
    let x1 = v128.load(x, 16)
    let dots = sumsI32x4(
      dot16(w0 + 2, x0, x1),
      dot16(w1 + 2, x0, x1),
      dot16(w2 + 2, x0, x1),
      dot16(w3 + 2, x0, x1),
    )
    sum = madd(f32x4.convert_i32x4_s(dots), factors, sum)
    x0 = v128.load(x, 32)
    x1 = v128.load(x, 48)
    dots = sumsI32x4(
      dot16(w0 + 18, x0, x1),
      dot16(w1 + 18, x0, x1),
      dot16(w2 + 18, x0, x1),
      dot16(w3 + 18, x0, x1),
    )
    return madd(f32x4.convert_i32x4_s(dots), factors, sum)
  }
}
