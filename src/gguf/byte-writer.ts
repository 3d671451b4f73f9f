import type { ArrayItem, EncodedValue, TypedValue } from './typed-value.js'
import { type ValueType, valueTypeId } from './value-types.js'

const encoder = new TextEncoder()

/** Appends little-endian values of a GGUF header to a growing buffer. */
export class ByteWriter {
  #bytes = new Uint8Array(4096)
  #view = new DataView(this.#bytes.buffer)
  #length = 0

  get length(): number {
    return this.#length
  }

  /** A copy of the bytes written so far. */
  toBytes(): Uint8Array {
    return this.#bytes.slice(0, this.#length)
  }

  raw(bytes: ArrayLike<number>): this {
    const at = this.#reserve(bytes.length)
    this.#bytes.set(bytes, at)
    return this
  }

  u32(value: number): this {
    return this.#put(4, (view, at) => view.setUint32(at, value, true))
  }

  u64(value: number | bigint): this {
    return this.#put(8, (view, at) => view.setBigUint64(at, BigInt(value), true))
  }

  /** u64 length in bytes, then the bytes. */
  string(value: string | Uint8Array): this {
    const bytes = typeof value === 'string' ? encoder.encode(value) : value
    return this.u64(bytes.length).raw(bytes)
  }

  /** Type number, then the value. */
  typed(value: TypedValue | EncodedValue): this {
    if (value.type === 'encoded') return this.raw(value.bytes)
    this.u32(valueTypeId(value.type))
    return this.#item(value.type, value.type === 'array' ? value : value.value)
  }

  /** Zeros up to the next multiple of `alignment`. */
  align(alignment: number): this {
    const padding = (alignment - (this.#length % alignment)) % alignment
    this.#reserve(padding)
    return this
  }

  #item(type: ValueType, value: ArrayItem): this {
    switch (type) {
      case 'string':
        return this.string(value as string | Uint8Array)
      case 'array': {
        if (typeof value !== 'object' || value instanceof Uint8Array)
          throw new TypeError('not a typed array value')
        this.u32(valueTypeId(value.of)).u64(value.values.length)
        for (let i = 0; i < value.values.length; i++) this.#item(value.of, value.values[i])
        return this
      }
      case 'bool':
      case 'u8':
        return this.#put(1, (view, at) => view.setUint8(at, Number(value)))
      case 'i8':
        return this.#put(1, (view, at) => view.setInt8(at, Number(value)))
      case 'u16':
        return this.#put(2, (view, at) => view.setUint16(at, Number(value), true))
      case 'i16':
        return this.#put(2, (view, at) => view.setInt16(at, Number(value), true))
      case 'u32':
        return this.u32(Number(value))
      case 'i32':
        return this.#put(4, (view, at) => view.setInt32(at, Number(value), true))
      case 'f32':
        return this.#put(4, (view, at) => view.setFloat32(at, Number(value), true))
      case 'f64':
        return this.#put(8, (view, at) => view.setFloat64(at, Number(value), true))
      case 'u64':
        return this.u64(value as bigint)
      case 'i64':
        return this.#put(8, (view, at) => view.setBigInt64(at, BigInt(value as bigint), true))
    }
  }

  #put(count: number, write: (view: DataView, at: number) => void): this {
    const at = this.#reserve(count)
    write(this.#view, at)
    return this
  }

  /** Appends `count` zero bytes and returns their offset. */
  #reserve(count: number): number {
    const at = this.#length
    const needed = at + count
    if (needed > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(needed, 2 * this.#bytes.length))
      grown.set(this.#bytes.subarray(0, at))
      this.#bytes = grown
      this.#view = new DataView(grown.buffer)
    }
    this.#length = needed
    return at
  }
}
