/**
 * What can be asked of a format, each as a class that `select` of dispatch.ts calls with the classes of that format: `T` reads
 * its blocks, `Decode` is of decode.ts, `Tiles` of tiles.ts. All take the same arguments, of which `outStride` is in bytes for a
 * few tokens and in elements for `matmul`. They return a kind of activations, or nothing of interest.
 */
import { UNSUPPORTED } from '../activations'

@unmanaged
export class DecodeKind {
  @inline run<T, Decode, Tiles>(
    _weights: usize,
    _x: usize,
    _xStride: usize,
    _out: usize,
    _outStride: usize,
    _rows: i32,
    _columns: i32,
    _tokens: i32,
    _scratch: usize,
  ): i32 {
    return changetype<Decode>(0).kind
  }
}

@unmanaged
export class TileKind {
  @inline run<T, Decode, Tiles>(
    _weights: usize,
    _x: usize,
    _xStride: usize,
    _out: usize,
    _outStride: usize,
    _rows: i32,
    _columns: i32,
    _tokens: i32,
    _scratch: usize,
  ): i32 {
    return changetype<Tiles>(0).kind
  }
}

/** `columns` elements of the row at `weights`. */
@unmanaged
export class Dequantize {
  @inline run<T, Decode, Tiles>(
    weights: usize,
    _x: usize,
    _xStride: usize,
    out: usize,
    _outStride: usize,
    _rows: i32,
    columns: i32,
    _tokens: i32,
    _scratch: usize,
  ): i32 {
    changetype<T>(weights).dequantize(out, columns)
    return UNSUPPORTED
  }
}

@unmanaged
export class Matvec {
  @inline run<T, Decode, Tiles>(
    weights: usize,
    x: usize,
    _xStride: usize,
    out: usize,
    _outStride: usize,
    rows: i32,
    columns: i32,
    _tokens: i32,
    _scratch: usize,
  ): i32 {
    changetype<Decode>(0).matvec(weights, x, out, rows, columns)
    return UNSUPPORTED
  }
}

@unmanaged
export class MatvecTokens {
  @inline run<T, Decode, Tiles>(
    weights: usize,
    x: usize,
    xStride: usize,
    out: usize,
    outStride: usize,
    rows: i32,
    columns: i32,
    tokens: i32,
    scratch: usize,
  ): i32 {
    changetype<Decode>(0).tokens(weights, x, xStride, out, outStride, rows, columns, tokens, scratch)
    return UNSUPPORTED
  }
}

@unmanaged
export class Matmul {
  @inline run<T, Decode, Tiles>(
    weights: usize,
    x: usize,
    xStride: usize,
    out: usize,
    outStride: usize,
    rows: i32,
    columns: i32,
    tokens: i32,
    scratch: usize,
  ): i32 {
    changetype<Tiles>(0).tokens(weights, x, xStride, out, outStride, rows, columns, tokens, scratch)
    return UNSUPPORTED
  }
}
