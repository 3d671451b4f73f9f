import { describe, expect, it, vi } from 'vitest'
import { DasllamaError } from '../../src/errors.js'
import { openGguf } from '../../src/gguf/reader.js'
import { str, type TypedValue, u16, u32 } from '../../src/gguf/typed-value.js'
import { type TensorToWrite, writeGguf } from '../../src/gguf/writer.js'
import { bytesSource } from '../../src/storage/bytes.js'
import type { ByteSource } from '../../src/storage/source.js'
import { folderOfSources, tensorBytes } from '../support/model-files.js'

interface Part {
  readonly no?: number
  readonly count?: number
  readonly total?: number
  readonly tensors: readonly string[]
}

/** A part whose tensors hold, all over, their name's first character code. */
function part({ no = 0, count = 3, total = 4, tensors }: Part): Uint8Array {
  return writeGguf({
    metadata: [
      ['split.no', u16(no)] as [string, TypedValue],
      ['split.count', u16(count)] as [string, TypedValue],
      ['split.tensors.count', u32(total)] as [string, TypedValue],
      ['only.in', str(`part ${no}`)] as [string, TypedValue],
    ],
    tensors: tensors.map(
      (name): TensorToWrite => ({
        name,
        shape: [8],
        format: 'F32',
        data: new Uint8Array(32).fill(name.charCodeAt(0)),
      }),
    ),
  })
}

const FIRST = 'm-00001-of-00003.gguf'
const SECOND = 'm-00002-of-00003.gguf'
const THIRD = 'm-00003-of-00003.gguf'

const GOOD = {
  [FIRST]: part({ no: 0, tensors: ['a', 'b'] }),
  [SECOND]: part({ no: 1, tensors: [] }),
  [THIRD]: part({ no: 2, tensors: ['c', 'd'] }),
}

function folder(files: Readonly<Record<string, Uint8Array>>) {
  return folderOfSources(files, bytesSource, (name) => new DasllamaError('NOT_FOUND', `${name} is not there`))
}

describe('a split model', () => {
  it('opens as one', async () => {
    const { state, openFile } = folder(GOOD)
    const file = await openGguf(await openFile(FIRST))
    expect([...file.tensors.keys()]).toEqual(['a', 'b', 'c', 'd'])
    expect(file.metadata.string('only.in')).toBe('part 0')
    expect(file.tensorBytes).toBe(128)
    for (const name of ['a', 'b', 'c', 'd']) {
      expect(await tensorBytes(file, name)).toEqual(new Uint8Array(32).fill(name.charCodeAt(0)))
    }
    expect(state.open).toBe(3)
    await file.close()
    expect(state.open).toBe(0)
  })

  it('may be a single part, under any name', async () => {
    const bytes = part({ count: 1, total: 1, tensors: ['a'] })
    expect((await openGguf(bytesSource(bytes))).tensors.size).toBe(1)
  })

  it.each<[string, Readonly<Record<string, Uint8Array | undefined>>, string, string, RegExp]>([
    [
      'has a missing part',
      { [SECOND]: undefined },
      FIRST,
      'NOT_FOUND',
      /part 2 of 3 is missing: m-00002-of-00003\.gguf/,
    ],
    ['has a part twice', { [THIRD]: GOOD[SECOND] }, FIRST, 'BAD_FORMAT', /this is part 2, not 3/],
    [
      'has its parts in the wrong order',
      { [SECOND]: GOOD[THIRD], [THIRD]: GOOD[SECOND] },
      FIRST,
      'BAD_FORMAT',
      /this is part 3, not 2/,
    ],
    [
      'has a tensor in two parts',
      { [THIRD]: part({ no: 2, tensors: ['a', 'd'] }) },
      FIRST,
      'BAD_FORMAT',
      /"a" is also in an earlier part/,
    ],
    [
      'has too few tensors',
      { [THIRD]: part({ no: 2, tensors: ['c'] }) },
      FIRST,
      'BAD_FORMAT',
      /have 3 tensors in total, but split.tensors.count is 4/,
    ],
    [
      'has a part of another model',
      { [THIRD]: part({ no: 2, count: 4, tensors: ['c', 'd'] }) },
      FIRST,
      'BAD_FORMAT',
      /another number of parts/,
    ],
    [
      'has a damaged part',
      { [THIRD]: GOOD[THIRD].slice(0, 100) },
      FIRST,
      'TRUNCATED',
      /m-00003-of-00003\.gguf/,
    ],
    [
      'has a part that is no GGUF file',
      { [THIRD]: new Uint8Array(100) },
      FIRST,
      'BAD_FORMAT',
      /m-00003.*does not begin/,
    ],
    ['is opened by a later part', {}, SECOND, 'INVALID_ARGUMENT', /this is part 2 of a split model/],
    [
      'has a name of another count',
      { 'm-00001-of-00002.gguf': GOOD[FIRST] },
      'm-00001-of-00002.gguf',
      'BAD_FORMAT',
      /3 parts, but its name is not that of a part/,
    ],
    [
      'has a name without numbers',
      { 'm.gguf': GOOD[FIRST] },
      'm.gguf',
      'BAD_FORMAT',
      /3 parts, but its name is not that of a part/,
    ],
    [
      'has too many parts',
      { [FIRST]: part({ count: 60_000, tensors: [] }) },
      FIRST,
      'LIMIT',
      /60000 parts; the limit is 1024/,
    ],
  ])('that %s is rejected and leaves nothing open', async (_, changes, name, code, message) => {
    const files = Object.entries({ ...GOOD, ...changes }).filter(
      (entry): entry is [string, Uint8Array] => !!entry[1],
    )
    const { state, openFile } = folder(Object.fromEntries(files))
    const source = await openFile(name)
    await expect(openGguf(source)).rejects.toMatchObject({
      name: 'DasllamaError',
      code,
      message: expect.stringMatching(message),
    })
    await source.close()
    expect(state.open).toBe(0)
  })

  it('names the file to open', async () => {
    const { openFile } = folder(GOOD)
    await expect(openGguf(await openFile(THIRD))).rejects.toMatchObject({
      hint: `open the first part: ${FIRST}`,
    })
  })

  it('cannot be opened from bytes alone', async () => {
    await expect(openGguf(bytesSource(GOOD[FIRST], FIRST))).rejects.toMatchObject({ code: 'UNSUPPORTED' })
  })

  it('finds its parts by the last component of a path or URL', async () => {
    const asked: string[] = []
    const source = {
      ...bytesSource(
        GOOD[FIRST],
        'https://x.org/a%20b-00001-of-00009.gguf/m-00001-of-00003.gguf?download=true',
      ),
      sibling: async (name: string) => {
        asked.push(name)
        return bytesSource(GOOD[name as keyof typeof GOOD], name)
      },
    }
    await openGguf(source)
    expect(asked).toEqual([SECOND, THIRD])
  })

  it('does not wait for a part when aborted, and closes one that opens too late', async () => {
    const controller = new AbortController()
    let open: (late: ByteSource) => void = () => {}
    let closed = 0
    const siblings = {
      // One that never closes, and one that opens when it is too late.
      [SECOND]: async () => ({
        ...bytesSource(GOOD[SECOND], SECOND),
        close: () => new Promise<never>(() => {}),
      }),
      [THIRD]() {
        setTimeout(() => controller.abort('enough'), 5)
        return new Promise<ByteSource>((resolve) => {
          open = resolve
        })
      },
    }
    const source = {
      ...bytesSource(GOOD[FIRST], FIRST),
      sibling: (name: string) => siblings[name as keyof typeof siblings](),
    }
    await expect(openGguf(source, { signal: controller.signal })).rejects.toBe('enough')
    open({ ...bytesSource(GOOD[THIRD], THIRD), close: async () => void closed++ })
    await vi.waitFor(() => expect(closed).toBe(1))
  })
})
