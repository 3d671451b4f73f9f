/** Files of any size that are not held in memory, so that the measured memory is the reader's. */
import { ByteWriter } from '../../../src/gguf/byte-writer.js'
import { type ValueType, valueTypeId } from '../../../src/gguf/value-types.js'
import type { ByteSource } from '../../../src/index.js'

/** `count` times the same bytes. */
export interface Stretch {
  readonly bytes: Uint8Array
  readonly count: number
}

const once = (bytes: Uint8Array): Stretch => ({ bytes, count: 1 })

/** A key whose value is `of` repeated. */
export function arrayKey(key: string, type: ValueType, length: number, of: Uint8Array): Stretch[] {
  const head = new ByteWriter().string(key).u32(valueTypeId('array')).u32(valueTypeId(type)).u64(length)
  return [once(head.toBytes()), { bytes: of, count: length }]
}

/** A key whose value is a text of `length` bytes, `of` repeated. */
export function textKey(key: string, length: number, of: Uint8Array): Stretch[] {
  const head = new ByteWriter().string(key).u32(valueTypeId('string')).u64(length)
  return [once(head.toBytes()), { bytes: of, count: length / of.length }]
}

/** Short text with its length, as an element of an array. */
export function shortText(text: string): Uint8Array {
  return new ByteWriter().string(text).toBytes()
}

/** A GGUF file of these keys and no tensor. */
export function virtualGguf(keys: readonly (readonly Stretch[])[], name = 'virtual.gguf'): ByteSource {
  const head = new ByteWriter().raw(new TextEncoder().encode('GGUF')).u32(3).u64(0).u64(keys.length)
  return virtualFile([once(head.toBytes()), ...keys.flat(), once(new Uint8Array(64))], name)
}

export function virtualFile(stretches: readonly Stretch[], name: string): ByteSource {
  const starts: number[] = []
  let size = 0
  const tiles = stretches.map(({ bytes, count }) => {
    starts.push(size)
    size += bytes.length * count
    return tiled(bytes, count)
  })
  return {
    name,
    size,
    async read(offset, target) {
      let index = starts.findLastIndex((start) => start <= offset)
      for (let filled = 0; filled < target.length; index++) {
        const bytes = tiles[index]
        const end = Math.min(target.length, (starts[index + 1] ?? size) - offset)
        let at = (offset + filled - starts[index]) % bytes.length
        while (filled < end) {
          const length = Math.min(bytes.length - at, end - filled)
          target.set(bytes.subarray(at, at + length), filled)
          filled += length
          at = 0
        }
      }
    },
    async close() {},
  }
}

/** The same bytes several times, so that copies are long ones. */
function tiled(bytes: Uint8Array, count: number): Uint8Array {
  const times = Math.max(1, Math.min(count, Math.floor(65_536 / bytes.length)))
  const tile = new Uint8Array(bytes.length * times)
  for (let i = 0; i < times; i++) tile.set(bytes, i * bytes.length)
  return tile
}
