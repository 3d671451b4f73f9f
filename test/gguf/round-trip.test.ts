import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BLOCK_FORMATS, blockFormat, bytesFor } from '../../src/gguf/block-formats.js'
import type { MetadataValue } from '../../src/gguf/metadata.js'
import { openGguf } from '../../src/gguf/reader.js'
import type { ArrayItem, TypedValue } from '../../src/gguf/typed-value.js'
import * as typed from '../../src/gguf/typed-value.js'
import type { ScalarType } from '../../src/gguf/value-types.js'
import { type GgufParts, ggufChunks, type TensorToWrite, writeGguf } from '../../src/gguf/writer.js'
import { bytesSource } from '../../src/storage/bytes.js'
import { tensorBytes } from '../support/model-files.js'

/** A value to write and the value expected when it is read. */
interface Case {
  readonly written: TypedValue
  readonly read: MetadataValue
}

const signed = (bits: number) => fc.integer({ min: -(2 ** (bits - 1)), max: 2 ** (bits - 1) - 1 })
const unsigned = (bits: number) => fc.integer({ min: 0, max: 2 ** bits - 1 })
const narrow = (value: bigint) =>
  value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value

// Any code points but surrogates, which UTF-8 cannot encode.
const text = fc.string({ unit: 'binary' })

/** Type, values of it, the typed array that an array of it is read as, and what one value is read as. */
const NUMBERS: readonly [
  ScalarType,
  fc.Arbitrary<number | bigint>,
  (values: (number | bigint)[]) => MetadataValue,
][] = [
  ['u8', unsigned(8), (v) => Uint8Array.from(v as number[])],
  ['i8', signed(8), (v) => Int8Array.from(v as number[])],
  ['u16', unsigned(16), (v) => Uint16Array.from(v as number[])],
  ['i16', signed(16), (v) => Int16Array.from(v as number[])],
  ['u32', unsigned(32), (v) => Uint32Array.from(v as number[])],
  ['i32', signed(32), (v) => Int32Array.from(v as number[])],
  ['f32', fc.float(), (v) => Float32Array.from(v as number[])],
  ['f64', fc.double(), (v) => Float64Array.from(v as number[])],
  ['u64', fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (v) => BigUint64Array.from(v as bigint[])],
  ['i64', fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (v) => BigInt64Array.from(v as bigint[])],
]

const scalarCase: fc.Arbitrary<Case> = fc.oneof(
  ...NUMBERS.map(([type, values]) =>
    values.map((value) => ({
      written: { type, value } as TypedValue,
      read: typeof value === 'bigint' ? narrow(value) : value,
    })),
  ),
  fc.boolean().map((value) => ({ written: typed.bool(value), read: value })),
  text.map((value) => ({ written: typed.str(value), read: value })),
)

const flatArrayCase: fc.Arbitrary<Case> = fc.oneof(
  ...NUMBERS.map(([type, values, read]) =>
    fc.array(values).map((list) => ({ written: typed.array(type, list), read: read(list) })),
  ),
  fc.array(fc.boolean()).map((list) => ({ written: typed.array('bool', list), read: list })),
  fc.array(text).map((list) => ({ written: typed.array('string', list), read: list })),
)

const nestedArrayCase: fc.Arbitrary<Case> = fc.array(flatArrayCase, { maxLength: 4 }).map((cases) => ({
  written: typed.array(
    'array',
    cases.map(({ written }) => written as ArrayItem),
  ),
  read: cases.map(({ read }) => read) as MetadataValue,
}))

const metadataCases = fc.uniqueArray(
  fc.tuple(
    text.filter((key) => key !== '' && key !== 'general.alignment'),
    fc.oneof(scalarCase, flatArrayCase, nestedArrayCase),
  ),
  { selector: ([key]) => key, maxLength: 12 },
)

const tensorCases = fc.uniqueArray(
  fc.record({
    name: fc.string({ maxLength: 64 }),
    format: fc.constantFrom(...BLOCK_FORMATS),
    blocks: fc.integer({ min: 1, max: 3 }),
    rest: fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 3 }),
    fill: fc.integer({ min: 0, max: 255 }),
  }),
  { selector: ({ name }) => name, maxLength: 6 },
)

describe('a written file', () => {
  it('is read again', async () => {
    const parts = fc.record({
      metadata: metadataCases,
      tensors: tensorCases,
      alignment: fc.constantFrom(8, 32, 64, 4096),
      version: fc.constantFrom(2 as const, 3 as const),
    })
    await fc.assert(
      fc.asyncProperty(parts, async ({ metadata, tensors, alignment, version }) => {
        const written = tensors.map(({ name, format, blocks, rest, fill }): TensorToWrite => {
          const shape = [blocks * format.blockElements, ...rest]
          const byteLength = bytesFor(
            format,
            shape.reduce((a, b) => a * b, 1),
          )
          return { name, shape, format, data: new Uint8Array(byteLength).fill(fill) }
        })
        const bytes = writeGguf({
          metadata: metadata.map(([key, { written }]) => [key, written] as const),
          tensors: written,
          alignment,
          version,
        })
        const file = await openGguf(bytesSource(bytes))
        expect(file.version).toBe(version)
        const read = new Map(file.metadata.entries())
        expect(read.get('general.alignment')).toBe(alignment === 32 ? undefined : alignment)
        read.delete('general.alignment')
        expect(read).toEqual(new Map(metadata.map(([key, { read }]) => [key, read])))
        expect([...file.tensors.keys()]).toEqual(written.map(({ name }) => name))
        for (const { name, shape, format, data } of written) {
          const tensor = file.tensors.get(name)
          expect(tensor).toMatchObject({ name, shape, format, elements: shape.reduce((a, b) => a * b, 1) })
          expect((tensor?.offset ?? 1) % alignment).toBe(0)
          expect(await tensorBytes(file, name)).toEqual(data)
        }
        expect(file.tensorBytes).toBe(written.reduce((sum, { data }) => sum + data.length, 0))
      }),
      { numRuns: 150 },
    )
  })

  it('is the same in one piece and in chunks', () => {
    const parts: GgufParts = {
      metadata: [['a', typed.u8(1)]],
      tensors: [
        { name: 'x', shape: [3], format: 'F32', data: () => new Uint8Array(12).fill(1) },
        { name: 'y', shape: [32, 2], format: 'Q8_0', data: new Uint8Array(68).fill(2) },
      ],
    }
    const chunks = [...ggufChunks(parts)]
    expect(Buffer.concat(chunks)).toEqual(Buffer.from(writeGguf(parts)))
    expect(chunks.length).toBeGreaterThan(3)
  })

  it('creates one tensor at a time', () => {
    const made: string[] = []
    const tensor = (name: string): TensorToWrite => ({
      name,
      shape: [8],
      format: 'F32',
      data: () => {
        made.push(name)
        return new Uint8Array(32)
      },
    })
    const chunks = ggufChunks({ metadata: [], tensors: [tensor('a'), tensor('b')] })
    chunks.next()
    expect(made).toEqual([])
    chunks.next()
    expect(made).toEqual(['a'])
    chunks.next()
    expect(made).toEqual(['a', 'b'])
  })

  it('may hold strings that are not UTF-8', async () => {
    const bytes = writeGguf({
      metadata: [
        ['t', typed.array('string', [new Uint8Array([0xff, 0x61]), new Uint8Array([0xef, 0xbb, 0xbf])])],
      ],
      tensors: [],
    })
    const file = await openGguf(bytesSource(bytes))
    expect(file.metadata.strings('t')).toEqual(['\ufffda', '\ufeff'])
  })

  const F32 = { name: 'x', format: 'F32', data: new Uint8Array(4) }
  it.each<[string, Partial<GgufParts>, RegExp]>([
    ['an alignment that is not a power of two', { alignment: 24 }, /alignment 24/],
    ['an alignment of 0', { alignment: 0 }, /alignment 0/],
    [
      'an alignment among the metadata',
      { metadata: [['general.alignment', typed.u32(64)]] },
      /general\.alignment/,
    ],
    ['no dimension', { tensors: [{ ...F32, shape: [] }] }, /1 to 4 dimensions/],
    ['five dimensions', { tensors: [{ ...F32, shape: [1, 1, 1, 1, 1] }] }, /1 to 4 dimensions/],
    ['a dimension of 0', { tensors: [{ ...F32, shape: [0] }] }, /positive integer/],
    ['a broken block', { tensors: [{ ...F32, shape: [33], format: 'Q8_0' }] }, /block size 32/],
    ['data of another length', { tensors: [{ ...F32, shape: [2] }] }, /needs 8 bytes of data, but 4/],
    [
      'a name twice',
      {
        tensors: [
          { ...F32, shape: [1] },
          { ...F32, shape: [1] },
        ],
      },
      /given twice/,
    ],
  ])('cannot have %s', (_, parts, message) => {
    expect(() => writeGguf({ metadata: [], tensors: [], ...parts })).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', message: expect.stringMatching(message) }),
    )
  })

  it('has the bytes required by the specification', () => {
    const bytes = writeGguf({
      metadata: [['k', typed.u16(0x1234)]],
      tensors: [{ name: 't', shape: [1], format: blockFormat('F32'), data: new Uint8Array([1, 2, 3, 4]) }],
    })
    const header = [
      ...[0x47, 0x47, 0x55, 0x46, 3, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0],
      ...[1, 0, 0, 0, 0, 0, 0, 0, 0x6b, 2, 0, 0, 0, 0x34, 0x12],
      ...[
        1, 0, 0, 0, 0, 0, 0, 0, 0x74, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
      ],
    ]
    expect([...bytes.subarray(0, header.length)]).toEqual(header)
    const padded = Math.ceil(header.length / 32) * 32
    expect([...bytes.subarray(padded)]).toEqual([1, 2, 3, 4, ...new Array(28).fill(0)])
  })
})
