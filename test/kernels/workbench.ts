import { readFile } from 'node:fs/promises'
import { expect, onTestFinished, TestRunner } from 'vitest'
import { KERNEL_BUILDS, type KernelBuild } from '../../scripts/kernel-builds.mjs'
import { createEngine, createThreadedEngine, type Engine } from '../../src/backend/wasm/engine.js'
import { KERNEL_FILES } from '../../src/backend/wasm/kernel-builds.js'
import type { Kernels, Pointer } from '../../src/backend/wasm/kernels.js'
import type { ThreadHost } from '../../src/backend/wasm/threads.js'
import { platform } from '../../src/platform/node/platform.js'
import { RandomBits } from '../support/random-model/random-bits.js'
import { type BenchKernels, benchKernels } from './bench-kernels.js'

/** Guard bytes after every buffer, which no kernel may touch. */
const GUARD_BYTES = 64
const GUARD = 0xa5

/** Half a unit in the last place of an f32 between 1 and 2: the relative error of one rounding. */
export const ROUNDING = 2 ** -24

/** Every time that a memory grows, V8 collects garbage: in large steps, or thousands of buffers take half of the time. */
const FIRST_BYTES = 64 * 2 ** 20

/**
 * Kernels with their own memory, in which each buffer is followed by guard bytes that must not change. A buffer is freed at the
 * end of the test that has allocated it.
 */
export interface Workbench<Exports = Kernels> {
  readonly kernels: Exports
  /** Allocates memory without touching it, so that later buffers have higher addresses. */
  skip(bytes: number): Pointer
  /** Allocates a buffer of `bytes`, filled with guard bytes. */
  allocate(bytes: number): Pointer
  /** A copy of `values` as f32. */
  floats(values: ArrayLike<number>): Pointer
  bytes(values: Uint8Array): Pointer
  /** A copy of the bytes at `pointer`. */
  read(pointer: Pointer, bytes: number): Uint8Array<ArrayBuffer>
  /**
   * The first `n` floats at `pointer`. The kernel may have written `written` floats (default `n`); what follows must
   * be unchanged.
   */
  result(pointer: Pointer, n: number, written?: number): Float32Array
  /** Fails unless the guard that begins `bytes` after `pointer` is unchanged. */
  expectGuard(pointer: Pointer, bytes: number): void
}

/** The builds of the kernels in dist/, for tests that must hold for each: `describe.each(BUILDS)`. */
export const BUILDS = KERNEL_BUILDS.map(({ name }) => name)

/** With the kernels that the package ships. */
export async function createWorkbench(build: KernelBuild['name'] = 'baseline'): Promise<Workbench> {
  return workbenchOf(await createEngine(await shippedKernels(build)))
}

/** The same on `threads` threads, until `shutDown` is called. */
export async function createThreadedWorkbench(
  threads: number,
  build: KernelBuild['name'] = 'baseline',
): Promise<Workbench & { shutDown(): Promise<void> }> {
  const host = platform.threads as ThreadHost
  const engine = await createThreadedEngine(await shippedKernels(build), threads, host)
  return { ...workbenchOf(engine), shutDown: () => engine.pool.shutDown() }
}

/** With the kernels of `assembly/bench.ts`. */
export async function createInnerWorkbench(
  build: KernelBuild['name'] = 'baseline',
): Promise<Workbench<BenchKernels>> {
  return workbenchOf(await createEngine(await benchKernels(build))) as Workbench<BenchKernels>
}

async function shippedKernels(build: KernelBuild['name']): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await readFile(new URL(`../../dist/${KERNEL_FILES[build]}`, import.meta.url)))
}

function workbenchOf({ kernels, arena }: Engine): Workbench {
  arena.free(arena.allocate(FIRST_BYTES, 'a test'))
  const own: Pointer[] = []
  const release = () => {
    while (own.length > 0) arena.free(own.pop()!)
  }
  const take = (bytes: number): Pointer => {
    const pointer = arena.allocate(bytes, 'a test')
    if (TestRunner.getCurrentTest()) {
      if (own.length === 0) onTestFinished(release)
      own.push(pointer)
    }
    return pointer
  }
  const allocate = (bytes: number): Pointer => {
    const pointer = take(bytes + GUARD_BYTES)
    arena.bytes(pointer, bytes + GUARD_BYTES).fill(GUARD)
    return pointer
  }
  const expectGuard = (pointer: Pointer, bytes: number): void => {
    const guard = arena.bytes((pointer + bytes) as Pointer, GUARD_BYTES)
    const touched = guard.findIndex((byte) => byte !== GUARD)
    expect(touched, 'first byte written past the end').toBe(-1)
  }
  return {
    kernels,
    skip: take,
    allocate,
    floats(values) {
      const pointer = allocate(4 * values.length)
      arena.floats(pointer, values.length).set(values)
      return pointer
    },
    bytes(values) {
      const pointer = allocate(values.length)
      arena.bytes(pointer, values.length).set(values)
      return pointer
    },
    read: (pointer, bytes) => arena.bytes(pointer, bytes).slice(),
    result(pointer, n, written = n) {
      expectGuard(pointer, 4 * written)
      return arena.floats(pointer, n).slice()
    },
    expectGuard,
  }
}

/** Roughly normal f32 values (sums of four uniform ones) with the given standard deviation. */
export function randomFloats(n: number, label: string, deviation = 1): Float32Array {
  const random = new RandomBits(1, label)
  const factor = deviation * Math.sqrt(3)
  return Float32Array.from({ length: n }, () => {
    const sum = random.fraction() + random.fraction() + random.fraction() + random.fraction()
    return (sum - 2) * factor
  })
}

/** Fails, naming the worst index, unless each value is within its tolerance. A NaN never is. */
export function expectWithin(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number | ((index: number) => number),
): void {
  expect(actual.length).toBe(expected.length)
  const allowed = typeof tolerance === 'number' ? () => tolerance : tolerance
  let worst = -1
  let excess = 1
  for (let i = 0; i < actual.length; i++) {
    const ratio = actual[i] === expected[i] ? 0 : Math.abs(actual[i] - expected[i]) / allowed(i)
    if (!(ratio <= excess)) {
      worst = i
      excess = Number.isNaN(ratio) ? Number.POSITIVE_INFINITY : ratio
    }
  }
  const report = (i: number) => `[${i}] is ${actual[i]}, not ${expected[i]} ± ${allowed(i)}`
  expect(worst < 0 ? 'all within' : report(worst)).toBe('all within')
}
