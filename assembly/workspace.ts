/** Scratch of all linear layers of a model, in 32-bit words; JavaScript writes it (src/backend/wasm/scratch.ts). */
@unmanaged
export class Workspace {
  /** 16-bit activations, one row per token, and the bytes per row. */
  int16: usize
  int16Stride: usize
  /** 8-bit activations, likewise. */
  int8: usize
  int8Stride: usize
  /** Scratch of the matrix product per thread, and its bytes. */
  panels: usize
  panelBytes: usize
  /** f32[tokens][columns]: normed inputs. */
  normed: usize
}
