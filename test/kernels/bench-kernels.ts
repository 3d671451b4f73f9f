import { createHash, randomUUID } from 'node:crypto'
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ascFlags, KERNEL_BUILDS, type KernelBuild } from '../../scripts/kernel-builds.mjs'
import type { Kernels, Pointer } from '../../src/backend/wasm/kernels.js'
import { compileKernels } from './compile.js'

/** The exports of `assembly/bench.ts`: the engine's, and kernels that are otherwise internal. */
export interface BenchKernels extends Kernels {
  tile_activation_kind(format: number): number
  quantize_activations(kind: number, x: Pointer, out: Pointer, n: number): void
  matvec(format: number, weights: Pointer, x: Pointer, out: Pointer, rows: number, columns: number): void
  matvec_tokens(
    format: number,
    weights: Pointer,
    x: Pointer,
    xStride: number,
    out: Pointer,
    outStride: number,
    rows: number,
    columns: number,
    tokens: number,
    scratch: Pointer,
  ): void
  matmul(
    format: number,
    weights: Pointer,
    x: Pointer,
    xStride: number,
    out: Pointer,
    rows: number,
    columns: number,
    tokens: number,
    outStride: number,
    scratch: Pointer,
  ): void
  layernorm(x: Pointer, weight: Pointer, bias: Pointer | 0, out: Pointer, n: number, epsilon: number): void
  rmsnorm(x: Pointer, weight: Pointer, out: Pointer, n: number, epsilon: number): void
  softmax(x: Pointer, n: number): void
  swiglu(gate: Pointer, up: Pointer, n: number): void
  geglu(gate: Pointer, up: Pointer, n: number): void
}

const root = fileURLToPath(new URL('../../', import.meta.url))
const cache = join(root, '.cache/bench-kernels')

/** Compiles `assembly/bench.ts`, or reads the cached result for the same sources. */
export async function benchKernels(build: KernelBuild['name']): Promise<Uint8Array<ArrayBuffer>> {
  const file = join(cache, `${build}-${await fingerprint(build)}.wasm`)
  const kept = await readFile(file).catch(() => undefined)
  if (kept) return new Uint8Array(kept)
  const binary = await compileKernels("export * from './assembly/bench'", build)
  await mkdir(cache, { recursive: true })
  // Other processes may be compiling too: a complete file is renamed into place.
  const unfinished = `${file}.${randomUUID()}`
  await writeFile(unfinished, binary)
  await rename(unfinished, file)
  return binary
}

async function fingerprint(build: KernelBuild['name']): Promise<string> {
  const hash = createHash('sha256')
  const flags = KERNEL_BUILDS.filter(({ name }) => name === build).flatMap(ascFlags)
  hash.update(flags.join(' ')).update(await readFile(join(root, 'package-lock.json')))
  const names = await readdir(join(root, 'assembly'), { recursive: true })
  for (const name of names.filter((name) => name.endsWith('.ts')).sort()) {
    hash.update(`\0${name}\0`).update(await readFile(join(root, 'assembly', name)))
  }
  return hash.digest('hex').slice(0, 32)
}
