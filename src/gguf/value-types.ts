/** Types of metadata values, by short name. */
export type ScalarType = 'u8' | 'i8' | 'u16' | 'i16' | 'u32' | 'i32' | 'u64' | 'i64' | 'f32' | 'f64' | 'bool'
export type ValueType = ScalarType | 'string' | 'array'

/** The index is the type's number in files. Source: `gguf_type` of gguf.h in llama.cpp. */
const NAMES: readonly ValueType[] = [
  'u8',
  'i8',
  'u16',
  'i16',
  'u32',
  'i32',
  'f32',
  'bool',
  'string',
  'array',
  'u64',
  'i64',
  'f64',
]

const SCALAR_BYTES: Readonly<Record<ScalarType, number>> = {
  u8: 1,
  i8: 1,
  bool: 1,
  u16: 2,
  i16: 2,
  u32: 4,
  i32: 4,
  f32: 4,
  u64: 8,
  i64: 8,
  f64: 8,
}

export function valueTypeName(id: number): ValueType | undefined {
  return NAMES[id]
}

export function valueTypeId(type: ValueType): number {
  return NAMES.indexOf(type)
}

export function scalarBytes(type: ScalarType): number {
  return SCALAR_BYTES[type]
}
