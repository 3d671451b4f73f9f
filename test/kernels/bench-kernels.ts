import { createHash, randomUUID } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
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

/**
 * Compiles `assembly/bench.ts`, or reads the cached result for the same sources. Test files start at the same time, so one
 * process compiles a build; the others compile those that are still missing, which they will need too, and wait for its result.
 */
export async function benchKernels(build: KernelBuild['name']): Promise<Uint8Array<ArrayBuffer>> {
  await mkdir(cache, { recursive: true })
  const others = KERNEL_BUILDS.map(({ name }) => name).filter((name) => name !== build)
  const files = new Map<KernelBuild['name'], string>()
  for (const name of [build, ...others]) {
    files.set(name, join(cache, `${name}-${await fingerprint(name)}.wasm`))
  }
  for (;;) {
    for (const [name, file] of files) {
      const binary = await compiled(file, name)
      if (binary && name === build) return binary
    }
    await sleep(100)
  }
}

/** A build that is there already or that this process has compiled; `undefined` while another one compiles it. */
async function compiled(
  file: string,
  build: KernelBuild['name'],
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const kept = () =>
    readFile(file).then(
      (binary) => new Uint8Array(binary),
      () => undefined,
    )
  const found = await kept()
  if (found) return found
  const lock = `${file}.lock`
  if (await isLocked(lock)) return undefined
  try {
    return (await kept()) ?? (await compileInto(file, build))
  } finally {
    await rm(lock, { force: true })
  }
}

async function compileInto(file: string, build: KernelBuild['name']): Promise<Uint8Array<ArrayBuffer>> {
  const binary = await compileKernels("export * from './assembly/bench'", build)
  // A complete file is renamed into place.
  const unfinished = `${file}.${randomUUID()}`
  await writeFile(unfinished, binary)
  await rename(unfinished, file)
  return binary
}

/** Whether another process that is alive holds the lock; otherwise this one does from now on. */
async function isLocked(lock: string): Promise<boolean> {
  try {
    await writeFile(lock, `${process.pid}`, { flag: 'wx' })
    return false
  } catch {
    const holder = Number(await readFile(lock, 'utf8').catch(() => ''))
    // Released, or not written yet.
    if (!holder) return true
    try {
      process.kill(holder, 0)
      return true
    } catch {
      await rm(lock, { force: true })
      return true
    }
  }
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
