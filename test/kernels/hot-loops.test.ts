/**
 * Snapshots of the innermost loops of the hottest kernels as compiled, in hot-loops/. They show when an upgrade of the
 * compiler, or an edit, changes one. If the change is intended, measure the kernel (bench/kernels) and update with
 * `npx vitest run --project unit test/kernels/hot-loops.test.ts -u`.
 */
import { describe, expect, it } from 'vitest'
import { printKernels } from './compile.js'
import { BUILDS } from './workbench.js'

/** Each kernel alone in a module, by the name of its snapshot. */
const KERNELS: Readonly<Record<string, string>> = {
  'decode-q8_0': `
    import { Q8_0 } from './assembly/formats/q8_0'
    import { BlockRows } from './assembly/formats/row_dots'
    import { matvecEights } from './assembly/matvec'
    export function hot(w: usize, x: usize, out: usize, rows: i32, columns: i32): void {
      matvecEights<Q8_0, BlockRows<Q8_0>>(w, x, out, rows, columns)
    }`,
  'decode-q4_0': `
    import { Q4_0 } from './assembly/formats/q4_0'
    import { BlockRows } from './assembly/formats/row_dots'
    import { matvecEights } from './assembly/matvec'
    export function hot(w: usize, x: usize, out: usize, rows: i32, columns: i32): void {
      matvecEights<Q4_0, BlockRows<Q4_0>>(w, x, out, rows, columns)
    }`,
  'decode-f16': `
    import { FloatRows } from './assembly/formats/floats'
    import { RebiasedF16 } from './assembly/formats/rebiased_f16'
    import { matvecEights } from './assembly/matvec'
    export function hot(w: usize, x: usize, out: usize, rows: i32, columns: i32): void {
      matvecEights<RebiasedF16, FloatRows<RebiasedF16>>(w, x, out, rows, columns)
    }`,
  'decode-q4_0x8': `
    import { Q4_0x8 } from './assembly/formats/q4_0x8'
    import { Q4_0x8Bytes, Q4_0x8Wide } from './assembly/formats/q4_0x8_dots'
    import { matvecX8Of } from './assembly/matvec'
    export function hot(w: usize, x: usize, out: usize, rows: i32, columns: i32): void {
      if (ASC_FEATURE_RELAXED_SIMD) {
        matvecX8Of<Q4_0x8, Q4_0x8Bytes>(w, x, out, rows, columns)
      } else {
        matvecX8Of<Q4_0x8, Q4_0x8Wide>(w, x, out, rows, columns)
      }
    }`,
  'decode-q4_kx8': `
    import { Q4_Kx8 } from './assembly/formats/q4_kx8'
    import { Q4_Kx8Bytes, Q4_Kx8Wide } from './assembly/formats/q4_kx8_dots'
    import { matvecX8Of } from './assembly/matvec'
    export function hot(w: usize, x: usize, out: usize, rows: i32, columns: i32): void {
      if (ASC_FEATURE_RELAXED_SIMD) {
        matvecX8Of<Q4_Kx8, Q4_Kx8Bytes>(w, x, out, rows, columns)
      } else {
        matvecX8Of<Q4_Kx8, Q4_Kx8Wide>(w, x, out, rows, columns)
      }
    }`,
  'prefill-q4_0': `
    import { Q4_0 } from './assembly/formats/q4_0'
    import { Int8Tile } from './assembly/matmul/int8'
    import { Int16Tile } from './assembly/matmul/int16'
    export function hot(scratch: usize, tokens: i32, n: i32): void {
      if (ASC_FEATURE_RELAXED_SIMD) changetype<Int8Tile<Q4_0>>(scratch).multiply(tokens, n)
      else changetype<Int16Tile<Q4_0>>(scratch).multiply(tokens, n)
    }`,
}

/** The loops of a module's text that contain no other loop. */
function innermostLoops(text: string): string[] {
  const lines = text.split('\n')
  const loops: string[] = []
  const open: number[] = []
  let newest = -1
  for (const [i, line] of lines.entries()) {
    const word = line.trim().split(' ')[0]
    if (['loop', 'block', 'if'].includes(word)) open.push(i)
    if (word === 'loop') newest = i
    if (word === 'end' && open.pop() === newest) loops.push(lines.slice(newest, i + 1).join('\n'))
  }
  return loops
}

describe.each(BUILDS)('%s build', (build) => {
  it.each(Object.entries(KERNELS))('%s', async (name, source) => {
    const loops = innermostLoops(await printKernels(source, build))
    expect(loops.length).toBeGreaterThan(0)
    await expect(`${loops.join('\n\n')}\n`).toMatchFileSnapshot(`hot-loops/${name}.${build}.wat`)
  })
})
