import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DasllamaError, type ErrorCode } from '../../src/errors.js'
import { ByteWriter } from '../../src/gguf/byte-writer.js'
import { LIMITS } from '../../src/gguf/limits.js'
import { openGguf } from '../../src/gguf/reader.js'
import { array, bool, f32, str, type TypedArrayValue, u8, u32, u64 } from '../../src/gguf/typed-value.js'
import { valueTypeId } from '../../src/gguf/value-types.js'
import { writeGguf } from '../../src/gguf/writer.js'
import { bytesSource } from '../../src/storage/bytes.js'
import { type RawGguf, rawGguf } from '../support/raw-gguf.js'

const HUGE = 2n ** 64n - 1n

/** A key with an array of `type` that claims `length` elements but has none. */
function emptyArray(type: number, length: number | bigint): Uint8Array {
  return new ByteWriter().string('k').u32(valueTypeId('array')).u32(type).u64(length).toBytes()
}

function nested(depth: number): TypedArrayValue {
  return depth === 1 ? array('u8', [1]) : array('array', [nested(depth - 1)])
}

function key(type: number, ...bytes: number[]): Uint8Array {
  return new ByteWriter().string('k').u32(type).raw(bytes).toBytes()
}

const CASES: [what: string, file: RawGguf, code: ErrorCode, message: RegExp][] = [
  ['another magic', { magic: 'GGUX' }, 'BAD_FORMAT', /does not begin with "GGUF"/],
  ['a swapped magic', { magic: 'FUGG' }, 'UNSUPPORTED', /big-endian/],
  ['a swapped version', { version: 0x03000000 }, 'UNSUPPORTED', /big-endian/],
  ['version 0', { version: 0 }, 'UNSUPPORTED', /version 0/],
  ['version 1', { version: 1 }, 'UNSUPPORTED', /version 1/],
  ['version 4', { version: 4 }, 'UNSUPPORTED', /version 4/],

  ['too many keys', { metadataCount: HUGE }, 'LIMIT', /18446744073709551615 keys; the limit is 65536/],
  ['more keys than there is room for', { metadataCount: 60_000 }, 'TRUNCATED', /the metadata/],
  ['fewer keys than there are', { metadata: [['a', u8(1)]], metadataCount: 0 }, 'BAD_FORMAT', /tensor "/],
  ['too many tensors', { tensorCount: HUGE }, 'LIMIT', /tensors; the limit/],
  ['more tensors than there is room for', { tensorCount: 200_000 }, 'TRUNCATED', /tensor directory/],
  ['an empty key', { metadata: [['', u8(1)]] }, 'BAD_FORMAT', /key is empty/],
  ['a long key', { metadata: [['k'.repeat(LIMITS.keyBytes + 1), u8(1)]] }, 'LIMIT', /key has 65536 bytes/],
  [
    'a key twice',
    {
      metadata: [
        ['a.b', u8(1)],
        ['a.b', u8(2)],
      ],
    },
    'BAD_FORMAT',
    /"a.b" occurs twice/,
  ],
  ['a value of type 13', { rawMetadata: key(13, 0) }, 'BAD_FORMAT', /"k" has an unknown type 13/],
  ['a value of type 2^32 - 1', { rawMetadata: key(0xffffffff, 0) }, 'BAD_FORMAT', /type 4294967295/],
  ['a boolean of 2', { rawMetadata: key(valueTypeId('bool'), 2) }, 'BAD_FORMAT', /boolean with value 2/],
  [
    'an array of booleans with a 255',
    { rawMetadata: new ByteWriter().raw(emptyArray(7, 2)).raw([1, 255]).toBytes() },
    'BAD_FORMAT',
    /boolean with value 255/,
  ],
  [
    'a huge string',
    { rawMetadata: new ByteWriter().string('k').u32(8).u64(HUGE).toBytes() },
    'LIMIT',
    /"k" has 18446744073709551615 bytes/,
  ],
  [
    'a string beyond the end',
    { rawMetadata: new ByteWriter().string('k').u32(8).u64(10_000).toBytes() },
    'TRUNCATED',
    /"k"/,
  ],
  ['a huge array', { rawMetadata: emptyArray(0, HUGE) }, 'LIMIT', /"k" has 18446744073709551615 elements/],
  ['an array of f64 beyond the end', { rawMetadata: emptyArray(12, 1000) }, 'TRUNCATED', /"k"/],
  ['an array of strings beyond the end', { rawMetadata: emptyArray(8, 10_000) }, 'TRUNCATED', /"k"/],
  [
    'an array with a huge string',
    { rawMetadata: new ByteWriter().raw(emptyArray(8, 1)).u64(HUGE).toBytes() },
    'LIMIT',
    /"k", element 0/,
  ],
  [
    'an array with a string beyond the end',
    { rawMetadata: new ByteWriter().raw(emptyArray(8, 1)).u64(5000).toBytes() },
    'TRUNCATED',
    /"k", element 0/,
  ],
  ['an array of type 99', { rawMetadata: emptyArray(99, 1) }, 'BAD_FORMAT', /type 99/],
  ['arrays nested too deep', { metadata: [['k', nested(5)]] }, 'LIMIT', /deeper than 4/],
  [
    'too many arrays in arrays',
    { rawMetadata: emptyArray(9, LIMITS.nestedArrays + 1), data: 1_000_000 },
    'LIMIT',
    /65536/,
  ],

  ['an alignment of 0', { metadata: [['general.alignment', u32(0)]] }, 'BAD_FORMAT', /alignment 0 is not/],
  ['an alignment of 48', { metadata: [['general.alignment', u32(48)]] }, 'BAD_FORMAT', /alignment 48 is not/],
  ['a u64 alignment', { metadata: [['general.alignment', u64(64)]] }, 'BAD_FORMAT', /type u64, not u32/],
  [
    'a huge alignment',
    { metadata: [['general.alignment', u32(2 ** 31)]] },
    'TRUNCATED',
    /takes bytes 2147483648/,
  ],

  ['a long tensor name', { tensors: [{ name: 'x'.repeat(65) }] }, 'LIMIT', /65 bytes; the limit is 64/],
  ['a tensor twice', { tensors: [{}, { offset: 128 }], data: 256 }, 'BAD_FORMAT', /"a" is listed twice/],
  ['no dimension', { tensors: [{ shape: [] }] }, 'BAD_FORMAT', /0 dimensions/],
  ['five dimensions', { tensors: [{ shape: [1, 1, 1, 1, 1] }] }, 'BAD_FORMAT', /5 dimensions/],
  ['a dimension of 0', { tensors: [{ shape: [32, 0] }] }, 'BAD_FORMAT', /dimension of 0/],
  [
    'a dimension of 2^63',
    { tensors: [{ shape: [2n ** 63n] }] },
    'BAD_FORMAT',
    /dimension of 9223372036854775808/,
  ],
  ['a product beyond 2^53', { tensors: [{ shape: [2 ** 30, 2 ** 30] }] }, 'BAD_FORMAT', /more elements/],
  [
    'a product that would wrap to 0',
    { tensors: [{ shape: [2 ** 32, 2 ** 32, 2] }] },
    'BAD_FORMAT',
    /more elements/,
  ],
  ['bytes beyond 2^53', { tensors: [{ shape: [2 ** 52] }] }, 'BAD_FORMAT', /more elements/],
  ['an unknown tensor type', { tensors: [{ type: 999 }] }, 'UNSUPPORTED', /"a" has an unknown type 999/],
  ['a removed tensor type', { tensors: [{ type: 4 }] }, 'UNSUPPORTED', /type 4 \(Q4_2\)/],
  [
    'a broken block',
    { tensors: [{ shape: [33], type: 8 }] },
    'BAD_FORMAT',
    /rows of 33, not a multiple of Q8_0's block size 32/,
  ],
  ['a misaligned offset', { tensors: [{ offset: 4 }] }, 'BAD_FORMAT', /offset 4, not a multiple/],
  ['a huge offset', { tensors: [{ offset: HUGE - 31n }] }, 'BAD_FORMAT', /offset 18446744073709551584/],
  ['an offset beyond the end', { tensors: [{ offset: 4096 }] }, 'TRUNCATED', /"a" takes bytes/],
  ['data that ends early', { data: 127 }, 'TRUNCATED', /"a" takes bytes/],
  [
    'tensors that overlap',
    { tensors: [{}, { name: 'b', offset: 96 }], data: 256 },
    'BAD_FORMAT',
    /"a" and "b" overlap/,
  ],
  [
    'tensors on top of each other',
    { tensors: [{ offset: 32 }, { name: 'b', offset: 32 }], data: 256 },
    'BAD_FORMAT',
    /overlap/,
  ],
]

describe('a damaged file', () => {
  it('is a valid one before the damage', async () => {
    const file = await openGguf(bytesSource(rawGguf({ metadata: [['k', nested(4)]] })))
    expect([...file.tensors.keys()]).toEqual(['a'])
  })

  it.each(CASES)('with %s is rejected', async (_, file, code, message) => {
    const held = process.memoryUsage().arrayBuffers
    const error = await openGguf(bytesSource(rawGguf(file), 'bad.gguf')).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(DasllamaError)
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) })
    expect((error as Error).message).toMatch(/^bad\.gguf: /)
    // No more is allocated than the small file warrants, whatever its counts.
    expect(process.memoryUsage().arrayBuffers - held).toBeLessThan(16 * 1024 * 1024)
  })

  it('may have tensors out of order and gaps between them', async () => {
    const file = await openGguf(
      bytesSource(rawGguf({ tensors: [{ offset: 512 }, { name: 'b', offset: 32 }], data: 640 })),
    )
    expect(file.tensors.get('b')?.offset).toBeLessThan(file.tensors.get('a')?.offset ?? 0)
  })
})

/** A small file with a bit of everything. */
const SMALL = writeGguf({
  metadata: [
    ['general.architecture', str('llama')],
    ['b', bool(true)],
    ['f', f32(0.5)],
    ['n', u64(5)],
    ['tokens', array('string', ['a', 'bc', '', '\u2581d'])],
    ['scores', array('f32', [0, -1, -2])],
    ['flags', array('bool', [true, false])],
    ['deep', array('array', [array('u16', [1, 2]), array('string', ['x'])])],
  ],
  tensors: [
    { name: 'token_embd.weight', shape: [32, 4], format: 'Q8_0', data: new Uint8Array(136).fill(3) },
    { name: 'output_norm.weight', shape: [3], format: 'F32', data: new Uint8Array(12).fill(1) },
  ],
})
const PADDING = 20

/** Opens and gives the error; anything but a DasllamaError fails the test. */
async function openOrRefuse(bytes: Uint8Array): Promise<DasllamaError | undefined> {
  try {
    await openGguf(bytesSource(bytes))
    return undefined
  } catch (error) {
    if (error instanceof DasllamaError) return error
    throw error
  }
}

describe('a small file', () => {
  it('is rejected if truncated anywhere but in the final padding', async () => {
    for (let length = 0; length < SMALL.length; length++) {
      const error = await openOrRefuse(SMALL.slice(0, length))
      expect(error?.code, `cut at ${length}`).toBe(length < SMALL.length - PADDING ? 'TRUNCATED' : undefined)
    }
  })

  it('opens or is rejected with any bytes changed', async () => {
    const change = fc.tuple(fc.nat(SMALL.length - 1), fc.integer({ min: 0, max: 255 }))
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), async (changes) => {
        const bytes = SMALL.slice()
        for (const [at, value] of changes) bytes[at] = value
        await openOrRefuse(bytes)
      }),
      { numRuns: 3000 },
    )
  })

  it('opens or is rejected with any single bit flipped in its header', async () => {
    let refused = 0
    for (let bit = 0; bit < (SMALL.length - 160) * 8; bit++) {
      const bytes = SMALL.slice()
      bytes[bit >> 3] ^= 1 << (bit & 7)
      if (await openOrRefuse(bytes)) refused++
    }
    expect(refused).toBeGreaterThan(1000)
  })

  it('is rejected if random bytes follow the magic', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 60, maxLength: 300 }), async (noise) => {
        const bytes = new Uint8Array([...SMALL.subarray(0, 8), ...noise])
        await openOrRefuse(bytes)
      }),
      { numRuns: 1000 },
    )
  })
})
