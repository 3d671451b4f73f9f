import { describeValue } from '../describe.js'
import { DasllamaError } from '../errors.js'
import { nearest } from '../nearest.js'

/** A file type: the block format of most matrices. Some tensors get more bits, see `tensor-formats.ts`. */
export interface FileType {
  /** llama.cpp's name. */
  readonly name: string
  /** The value of `general.file_type`. */
  readonly id: number
  /** The block format of most matrices. */
  readonly format: string
  /** For lists of types. */
  readonly summary: string
}

function type(id: number, name: string, format: string, summary: string): FileType {
  return { id, name, format, summary }
}

/** The file types that can be written, smallest first. Source: `llama_ftype` of llama.h in llama.cpp. */
export const FILE_TYPES: readonly FileType[] = [
  type(30, 'IQ4_XS', 'IQ4_XS', '4.25 bits, levels denser around zero'),
  type(2, 'Q4_0', 'Q4_0', '4.5 bits, the simplest'),
  type(25, 'IQ4_NL', 'IQ4_NL', '4.5 bits, as IQ4_XS for rows of any multiple of 32'),
  type(14, 'Q4_K_S', 'Q4_K', '4.5 bits, more for few tensors'),
  type(15, 'Q4_K_M', 'Q4_K', '4.8 bits, more for half of the sensitive tensors; the usual choice'),
  type(3, 'Q4_1', 'Q4_1', '5 bits, with a minimum per block'),
  type(8, 'Q5_0', 'Q5_0', '5.5 bits'),
  type(16, 'Q5_K_S', 'Q5_K', '5.5 bits'),
  type(17, 'Q5_K_M', 'Q5_K', '5.7 bits, more for half of the sensitive tensors'),
  type(9, 'Q5_1', 'Q5_1', '6 bits, with a minimum per block'),
  type(18, 'Q6_K', 'Q6_K', '6.6 bits, close to the original'),
  type(7, 'Q8_0', 'Q8_0', '8.5 bits, hardly distinguishable from the original'),
  type(1, 'F16', 'F16', '16-bit floats'),
  type(32, 'BF16', 'BF16', '16-bit floats with the range of 32-bit ones'),
  type(0, 'F32', 'F32', '32-bit floats'),
]

/** Short names that llama-quantize accepts. */
const SHORT: Readonly<Record<string, string>> = { Q4_K: 'Q4_K_M', Q5_K: 'Q5_K_M' }

/** The file type with a name in any case. Throws `INVALID_ARGUMENT`, naming the nearest one. */
export function fileType(name: string): FileType {
  const wanted = name.toUpperCase().replaceAll('-', '_')
  const found = FILE_TYPES.find((each) => each.name === (SHORT[wanted] ?? wanted))
  if (found) return found
  const names = FILE_TYPES.map((each) => each.name)
  const meant = nearest(wanted, names)
  throw new DasllamaError('INVALID_ARGUMENT', `there is no file type ${describeValue(name)} to write`, {
    hint: `${meant === undefined ? '' : `did you mean ${meant}? `}Types: ${names.join(', ')}`,
  })
}
