/** How `tile` makes products, and where it finds quants: vectors of rows 0 … 3 and, behind 16 bytes, of rows 4 … 7, column by column. */
import { QUANTS } from '../formats/q4_0x8'
import { dotAdd } from '../math/byte_dots'
import { constant, ONES_I16 } from '../math/constants'
import { HEAD } from './tile'

/** Quants are in the panel, behind the head of their block. */
@unmanaged
class InPanel {
  @inline get isTwice(): bool {
    return false
  }
  @inline mask(_head: usize, _isSecond: bool): v128 {
    return i32x4.splat(0)
  }
  @inline place(head: usize): usize {
    return head + HEAD
  }
  @inline quants(at: usize, _mask: v128): v128 {
    return v128.load(at)
  }
  @inline before(start: v128): v128 {
    return start
  }
}

/** Activations of 8 bits, quants of at most 4 (of more: `tile6`): a block's sums fit into 16 bits, 15 × 127 × 2 × 8 < 2^15. */
@unmanaged
export class Pairs extends InPanel {
  /** Bytes of an activation. */
  @inline get width(): usize {
    return 1
  }
  /** Bytes of a block's quants, in the panel and in all. */
  @inline get panelBytes(): usize {
    return 256
  }
  @inline get bytes(): usize {
    return 256
  }
  @inline get inPairs(): bool {
    return true
  }
  @inline add(x: v128, w: v128, sum: v128): v128 {
    return i16x8.add(sum, i16x8.relaxed_dot_i8x16_i7x16_s(x, w))
  }
  /** From the sums of a block to its products. */
  @inline total(sum: v128): v128 {
    return i32x4.dot_i16x8_s(sum, constant(ONES_I16))
  }
}

/** Activations of 8 bits, quants of at most 8, where `BYTE_DOTS` says that it can be done. */
@unmanaged
class BytesInPanel extends InPanel {
  @inline get width(): usize {
    return 1
  }
  @inline get inPairs(): bool {
    return false
  }
  @inline add(x: v128, w: v128, sum: v128): v128 {
    return dotAdd(x, w, sum)
  }
  @inline total(sum: v128): v128 {
    return sum
  }
}

@unmanaged
export class Bytes extends BytesInPanel {
  @inline get panelBytes(): usize {
    return 256
  }
  @inline get bytes(): usize {
    return 256
  }
}

/** Blocks of sixteen columns. */
@unmanaged
export class HalfBytes extends BytesInPanel {
  @inline get panelBytes(): usize {
    return 128
  }
  @inline get bytes(): usize {
    return 128
  }
}

/** Activations and quants of 16 bits. */
@unmanaged
export class Words extends InPanel {
  @inline get width(): usize {
    return 2
  }
  @inline get panelBytes(): usize {
    return 512
  }
  @inline get bytes(): usize {
    return 512
  }
  @inline get inPairs(): bool {
    return false
  }
  @inline add(x: v128, w: v128, sum: v128): v128 {
    return i32x4.add(sum, i32x4.dot_i16x8_s(x, w))
  }
  @inline total(sum: v128): v128 {
    return sum
  }
}

/** Of the low and of the high nibbles. */
const MASKS = memory.data<u32>([0x0f0f0f0f, 0xf0f0f0f0])

@inline
function nibbles(isHigh: bool): v128 {
  return v128.load32_splat(MASKS + ((<usize>isHigh) << 2))
}

/** Nibbles of x8 formats where they are in memory, where `BYTE_DOTS` holds. */
@unmanaged
class NibblesInMemory {
  @inline get width(): usize {
    return 1
  }
  @inline get panelBytes(): usize {
    return 0
  }
  @inline get inPairs(): bool {
    return false
  }
  @inline quants(at: usize, mask: v128): v128 {
    return v128.and(v128.load(at), mask)
  }
  @inline add(x: v128, w: v128, sum: v128): v128 {
    return dotAdd(x, w, sum)
  }
  @inline total(sum: v128): v128 {
    return sum
  }
}

/** Of Q4_0x8: high nibbles, the last sixteen columns, come first, because they count 16 times until sums are shifted. */
@unmanaged
export class Nibbles extends NibblesInMemory {
  @inline get bytes(): usize {
    return 128
  }
  @inline get isTwice(): bool {
    return true
  }
  @inline mask(_head: usize, isSecond: bool): v128 {
    return nibbles(!isSecond)
  }
  @inline place(head: usize): usize {
    return head / HEAD * 144 + QUANTS
  }
  @inline before(start: v128): v128 {
    return i32x4.shl(start, 4)
  }
}

/**
 * Of Q4_Kx8: low nibbles of a sub-block, then high nibbles of the next one, which count 16 times. Of each the head has `HEAD`
 * bytes.
 */
@unmanaged
export class PairedNibbles extends NibblesInMemory {
  @inline get bytes(): usize {
    return 256
  }
  @inline get isTwice(): bool {
    return false
  }
  @inline mask(head: usize, _isSecond: bool): v128 {
    return nibbles((head & HEAD) != 0)
  }
  @inline place(head: usize): usize {
    return (head & ~(2 * HEAD - 1)) << 1
  }
  @inline before(start: v128): v128 {
    return start
  }
}
