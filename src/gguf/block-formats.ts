/**
 * ggml's block formats: elements and bytes per block.
 * Source: ggml.h (`ggml_type`) and ggml-common.h (the block structs) of llama.cpp.
 */
export interface BlockFormat {
  /** ggml's name, as `dasllama inspect` prints it. */
  readonly name: string
  /** The type's number in files. */
  readonly id: number
  /** Elements per block; a row's length must be a multiple of it. */
  readonly blockElements: number
  /** Bytes per block. */
  readonly blockBytes: number
}

function format(id: number, name: string, blockElements: number, blockBytes: number): BlockFormat {
  return { id, name, blockElements, blockBytes }
}

/** Every type that a GGUF file may use. `src/backend/wasm` decides which of them the kernels support. */
export const BLOCK_FORMATS: readonly BlockFormat[] = [
  format(0, 'F32', 1, 4),
  format(1, 'F16', 1, 2),
  format(2, 'Q4_0', 32, 18),
  format(3, 'Q4_1', 32, 20),
  format(6, 'Q5_0', 32, 22),
  format(7, 'Q5_1', 32, 24),
  format(8, 'Q8_0', 32, 34),
  format(9, 'Q8_1', 32, 36),
  format(10, 'Q2_K', 256, 84),
  format(11, 'Q3_K', 256, 110),
  format(12, 'Q4_K', 256, 144),
  format(13, 'Q5_K', 256, 176),
  format(14, 'Q6_K', 256, 210),
  format(15, 'Q8_K', 256, 292),
  format(16, 'IQ2_XXS', 256, 66),
  format(17, 'IQ2_XS', 256, 74),
  format(18, 'IQ3_XXS', 256, 98),
  format(19, 'IQ1_S', 256, 50),
  format(20, 'IQ4_NL', 32, 18),
  format(21, 'IQ3_S', 256, 110),
  format(22, 'IQ2_S', 256, 82),
  format(23, 'IQ4_XS', 256, 136),
  format(24, 'I8', 1, 1),
  format(25, 'I16', 1, 2),
  format(26, 'I32', 1, 4),
  format(27, 'I64', 1, 8),
  format(28, 'F64', 1, 8),
  format(29, 'IQ1_M', 256, 56),
  format(30, 'BF16', 1, 2),
  format(34, 'TQ1_0', 256, 54),
  format(35, 'TQ2_0', 256, 66),
  format(39, 'MXFP4', 32, 17),
  format(40, 'NVFP4', 64, 36),
  format(41, 'Q1_0', 128, 18),
  format(42, 'Q2_0', 64, 18),
]

const byId = new Map(BLOCK_FORMATS.map((f) => [f.id, f]))
const byName = new Map(BLOCK_FORMATS.map((f) => [f.name, f]))

export function blockFormatById(id: number): BlockFormat | undefined {
  return byId.get(id)
}

/** The format with ggml's name. Throws a plain `Error` for an unknown name, which would be a bug in this package. */
export function blockFormat(name: string): BlockFormat {
  const found = byName.get(name)
  if (!found) throw new Error(`no block format ${name}`)
  return found
}

/** Size of `elements` in bytes; `elements` must be a multiple of the block size. */
export function bytesFor(format: BlockFormat, elements: number): number {
  return (elements / format.blockElements) * format.blockBytes
}
