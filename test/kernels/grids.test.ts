import { beforeAll, describe, expect, it } from 'vitest'
import { blockFormat } from '../../src/gguf/block-formats.js'
import type { BenchKernels } from './bench-kernels.js'
import { REFERENCE_FORMATS, scalesOf, terms } from './reference/blocks.js'
import { createInnerWorkbench, type Workbench } from './workbench.js'

let bench: Workbench<BenchKernels>

beforeAll(async () => {
  bench = await createInnerWorkbench('baseline')
})

/** Puts index `index` of a codebook to place `i` of the block at `at`. */
type PutIndex = (view: DataView, at: number, i: number, index: number) => void

function or(view: DataView, at: number, bits: number): void {
  view.setUint8(at, view.getUint8(at) | bits)
}

/** For each format the entries of its codebook, how many a block has, and where their indices are. */
const CODEBOOKS: readonly [string, number, number, PutIndex][] = [
  ['IQ2_XS', 512, 32, (view, at, i, index) => view.setUint16(at + 2 + 2 * i, index, true)],
  [
    'IQ2_S',
    1024,
    32,
    (view, at, i, index) => {
      view.setUint8(at + 2 + i, index & 255)
      or(view, at + 66 + (i >> 2), (index >> 8) << (2 * (i & 3)))
    },
  ],
  ['IQ3_XXS', 256, 64, (view, at, i, index) => view.setUint8(at + 2 + i, index)],
  [
    'IQ3_S',
    512,
    64,
    (view, at, i, index) => {
      view.setUint8(at + 2 + i, index & 255)
      or(view, at + 66 + (i >> 3), (index >> 8) << (i & 7))
    },
  ],
  [
    'IQ1_S',
    2048,
    32,
    (view, at, i, index) => {
      view.setUint8(at + 2 + i, index & 255)
      const word = at + 34 + 2 * (i >> 2)
      view.setUint16(word, view.getUint16(word, true) | ((index >> 8) << (3 * (i & 3))), true)
    },
  ],
  [
    'IQ1_M',
    2048,
    32,
    (view, at, i, index) => {
      view.setUint8(at + i, index & 255)
      or(view, at + 32 + (i >> 1), (index >> 8) << (4 * (i & 1)))
    },
  ],
]

describe('codebooks', () => {
  it.each(CODEBOOKS)(
    'every entry of that of %s is as in the list of gguf-py',
    (name, entries, perBlock, put) => {
      const format = blockFormat(name)
      const reference = REFERENCE_FORMATS.find((reference) => reference.name === name)!
      const n = (entries / perBlock) * format.blockElements
      const row = new Uint8Array((entries / perBlock) * format.blockBytes)
      const view = new DataView(row.buffer)
      for (let index = 0; index < entries; index++) {
        put(view, Math.floor(index / perBlock) * format.blockBytes, index % perBlock, index)
      }
      for (let at = 0; at < row.length; at += format.blockBytes) {
        for (const { set } of scalesOf(reference)) set(view, at, 0x3c00)
      }
      const out = bench.allocate(4 * n)
      bench.kernels.dequantize(format.id, bench.bytes(row), out, n)
      const expected = terms(reference, row, format.blockBytes, (value) => value)
      expect(Array.from(bench.result(out, n))).toEqual(expected.map(({ product }) => product))
      // No entry is there twice: each index was another one.
      const size = format.blockElements / perBlock
      const seen = Array.from({ length: entries }, (_, i) =>
        expected
          .slice(i * size, (i + 1) * size)
          .map(({ product }) => product)
          .join(),
      )
      expect(new Set(seen).size).toBe(entries)
    },
  )
})
