import type { ScalarType, ValueType } from './value-types.js'

/** A metadata value with its type in the file. Created by the functions below. */
export type TypedValue =
  | { readonly type: Exclude<ScalarType, 'u64' | 'i64' | 'bool'>; readonly value: number }
  | { readonly type: 'u64' | 'i64'; readonly value: bigint }
  | { readonly type: 'bool'; readonly value: boolean }
  | { readonly type: 'string'; readonly value: string | Uint8Array }
  | TypedArrayValue

/** A value as a file has it: its type and its content. */
export interface EncodedValue {
  readonly type: 'encoded'
  readonly bytes: Uint8Array
}

export interface TypedArrayValue {
  readonly type: 'array'
  readonly of: ValueType
  /** Values of type `of`: numbers, bigints, booleans, strings (or their bytes), or arrays. */
  readonly values: ArrayLike<ArrayItem>
}

export type ArrayItem = number | bigint | boolean | string | Uint8Array | TypedArrayValue

export const u8 = (value: number): TypedValue => ({ type: 'u8', value })
export const i8 = (value: number): TypedValue => ({ type: 'i8', value })
export const u16 = (value: number): TypedValue => ({ type: 'u16', value })
export const i16 = (value: number): TypedValue => ({ type: 'i16', value })
export const u32 = (value: number): TypedValue => ({ type: 'u32', value })
export const i32 = (value: number): TypedValue => ({ type: 'i32', value })
export const f32 = (value: number): TypedValue => ({ type: 'f32', value })
export const f64 = (value: number): TypedValue => ({ type: 'f64', value })
export const u64 = (value: number | bigint): TypedValue => ({ type: 'u64', value: BigInt(value) })
export const i64 = (value: number | bigint): TypedValue => ({ type: 'i64', value: BigInt(value) })
export const bool = (value: boolean): TypedValue => ({ type: 'bool', value })
/** A string, or bytes that need not be UTF-8. */
export const str = (value: string | Uint8Array): TypedValue => ({ type: 'string', value })
/** `array('u32', [1, 2])`, `array('string', ['a'])`, `array('array', [array('u8', [])])`. */
export const array = (of: ValueType, values: ArrayLike<ArrayItem>): TypedArrayValue => ({
  type: 'array',
  of,
  values,
})
