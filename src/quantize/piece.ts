import { describeValue, displayName } from '../describe.js'
import { DasllamaError } from '../errors.js'
import { type BlockFormat, blockFormatById } from '../gguf/block-formats.js'
import { quantize } from '../gguf/quantize.js'
import type { Dequantizer } from './dequantizer.js'

/** What happens to a tensor's values besides their format. */
export interface Changes {
  /** Added to each value. */
  readonly add?: number
  /**
   * Rows of a head. Within each head, the rows of its two halves are interleaved: rotary embeddings of Hugging Face's llama
   * rotate pairs half a head apart, those of GGUF neighbours.
   */
  readonly interleaveRows?: number
  /** Values per row, where that is not the row length of the tensor: a bias has one per row. */
  readonly columns?: number
}

/** Whole blocks of a tensor that change their format. Plain data, so that it can be posted to a thread. */
export interface Piece extends Changes {
  /** The tensor and its file, for messages. */
  readonly what: string
  /** Numbers of block formats. */
  readonly from: number
  readonly to: number
  readonly bytes: Uint8Array<ArrayBuffer>
  /** Values per row. */
  readonly columns: number
}

/** The largest finite f16: scales and F16 values beyond become infinite. */
const LARGEST_HALF = 65504

/**
 * The piece in its new format. Rejects with `NOT_A_NUMBER` for a value that is infinite, NaN or beyond the new format's range, and
 * with `UNSUPPORTED` for a format that cannot be read or written.
 */
export async function convertPiece(piece: Piece, dequantizer: Dequantizer): Promise<Uint8Array<ArrayBuffer>> {
  const { what, bytes, columns, add, interleaveRows } = piece
  const [from, to] = [formatOf(piece.from), formatOf(piece.to)]
  const read = await dequantizer.values(from, bytes, what)
  const values = interleaveRows === undefined ? read : interleaved(read, columns, interleaveRows)
  if (add !== undefined) for (let i = 0; i < values.length; i++) values[i] += add
  checkRange(values, to, what)
  return quantize(to, values)
}

function formatOf(id: number): BlockFormat {
  const format = blockFormatById(id)
  if (!format) throw new Error(`no block format ${id}`)
  return format
}

function interleaved(values: Float32Array, columns: number, headRows: number): Float32Array {
  const result = new Float32Array(values.length)
  const rows = values.length / columns
  const half = headRows / 2
  for (let row = 0; row < rows; row++) {
    const inHead = row % headRows
    const from = row - inHead + (inHead % 2) * half + (inHead >> 1)
    result.set(values.subarray(from * columns, (from + 1) * columns), row * columns)
  }
  return result
}

function checkRange(values: Float32Array, { name }: BlockFormat, what: string): void {
  const limit = name === 'F32' || name === 'BF16' ? Number.MAX_VALUE : LARGEST_HALF
  for (let i = 0; i < values.length; i++) {
    if (Math.abs(values[i]) <= limit) continue
    if (!Number.isFinite(values[i])) {
      throw new DasllamaError(
        'NOT_A_NUMBER',
        `${what} has ${describeNumber(values[i])}; weights must be finite`,
        {
          hint: 'the file may be damaged',
        },
      )
    }
    throw new DasllamaError(
      'NOT_A_NUMBER',
      `${what} has the value ${values[i]}, which is too large for ${name}`,
      {
        hint: 'BF16 and F32 have a larger range',
      },
    )
  }
}

function describeNumber(value: number): string {
  return Number.isNaN(value) ? 'NaN' : 'an infinite value'
}

/** How messages name a tensor of a file. */
export function tensorOf(fileName: string, tensor: string): string {
  return `${displayName(fileName)}: tensor ${describeValue(tensor)}`
}
