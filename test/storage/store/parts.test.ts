import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { ChunkedFolder } from '../../../src/storage/store/chunked-folder.js'
import { MemoryShelf } from '../../../src/storage/store/memory-shelf.js'
import { RangeSet } from '../../../src/storage/store/range-set.js'
import { decodeRecord, encodeRecord } from '../../../src/storage/store/record.js'
import { Sha256, sha256OfText } from '../../../src/storage/store/sha256.js'

describe('SHA-256', () => {
  it('has the digests of the standard', () => {
    expect(sha256OfText('')).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
    expect(sha256OfText('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
  })

  it("has those of Node's implementation, however the bytes are cut", () => {
    const bytes = Uint8Array.from({ length: 1000 }, (_, i) => (i * 7919) % 256)
    for (let length = 0; length < 300; length++) {
      const hasher = new Sha256()
      for (let at = 0, step = 1; at < length; at += step, step = (step * 5) % 131) {
        hasher.update(bytes.subarray(at, Math.min(length, at + step)))
      }
      expect(hasher.hex()).toBe(createHash('sha256').update(bytes.subarray(0, length)).digest('hex'))
    }
  })

  it('counts bits beyond 32', () => {
    const hasher = new Sha256()
    const expected = createHash('sha256')
    const piece = new Uint8Array(2 ** 24).fill(5)
    for (let i = 0; i < 33; i++) {
      hasher.update(piece)
      expected.update(piece)
    }
    expect(hasher.hex()).toBe(expected.digest('hex'))
  })
})

describe('a set of ranges', () => {
  it('equals a list of flags, whatever is added', () => {
    let seed = 1
    const random = (below: number) => {
      seed = (seed * 48271) % 2147483647
      return seed % below
    }
    for (let round = 0; round < 200; round++) {
      const set = new RangeSet()
      const flags = new Array<boolean>(50).fill(false)
      for (let i = 0; i < 8; i++) {
        const start = random(50)
        const end = Math.min(50, start + random(12))
        set.add({ start, end })
        flags.fill(true, start, end)
        const gap = flags.indexOf(false)
        expect(set.prefix).toBe(gap < 0 ? 50 : gap)
        expect(set.bytes).toBe(flags.filter(Boolean).length)
        const [from, to] = [random(50), random(50)].sort((a, b) => a - b)
        expect(set.has(from, to)).toBe(flags.slice(from, to).every(Boolean))
        const first = flags.indexOf(false, from)
        const found = set.firstGap(from, 5, 50)
        expect(found?.start ?? -1).toBe(first)
        if (found) {
          const next = flags.indexOf(true, first)
          expect(found.end).toBe(Math.min(next < 0 ? 50 : next, first + 5))
        }
      }
      expect(
        set.ranges.every(({ start, end }, i, all) => start < end && (i === 0 || all[i - 1].end < start)),
      ).toBe(true)
    }
  })
})

describe('a record', () => {
  const record = {
    name: 'hf:o/r/m.gguf@main',
    aliases: [],
    size: 3,
    sha256: 'a'.repeat(64),
    isVerified: true,
    remoteVersion: undefined,
    localVersion: '1',
    isPinned: false,
    storedAt: 1,
    usedAt: 2,
  }

  it('is read back unchanged', () => {
    expect(decodeRecord(encodeRecord(record))).toEqual({ ...record, remoteVersion: undefined })
  })

  it('that is damaged is ignored', () => {
    const text = encodeRecord(record)
    for (let length = 0; length < text.length - 3; length++)
      expect(decodeRecord(text.slice(0, length))).toBeUndefined()
    for (const change of [
      { size: -1 },
      { size: '3' },
      { sha256: 'x' },
      { aliases: [1] },
      { format: 9 },
      { isPinned: 0 },
    ]) {
      expect(decodeRecord(JSON.stringify({ ...JSON.parse(text), ...change }))).toBeUndefined()
    }
  })
})

describe('a folder of pieces', () => {
  it('reads a text again that was replaced meanwhile, as Firefox reports', async () => {
    const shelf = new MemoryShelf()
    const folder = new ChunkedFolder(shelf)
    await folder.writeText('a.json', 'old')
    const get = shelf.get.bind(shelf)
    let failures = 1
    shelf.get = async (key) => {
      const blob = await get(key)
      if (failures-- > 0) blob!.text = async () => Promise.reject(new DOMException('', 'NotReadableError'))
      return blob
    }
    expect(await folder.readText('a.json')).toBe('old')
    failures = 100
    await expect(folder.readText('a.json')).rejects.toMatchObject({ code: 'IO' })
  })
})
