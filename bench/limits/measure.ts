/** Limits of this machine: how fast memory is read and numbers are multiplied, in WebAssembly and natively. */
import { execFile } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { compileKernels } from '../../test/kernels/compile.js'
import { findEngine } from '../hosts/open.js'
import { LOOPS, limitSource } from './kernels.js'
import type { LimitRecord } from './record.js'

const FOLDER = fileURLToPath(new URL('../../.cache/bench/limits/', import.meta.url))
const PROGRAM = fileURLToPath(new URL('program.mjs', import.meta.url))
const NATIVE = fileURLToPath(new URL('limits.c', import.meta.url))

/** The engines whose limits are measured, and their builds. */
const ENGINES = [
  { name: 'node 24', build: 'relaxed' },
  { name: 'node 20', build: 'baseline' },
] as const

export interface LimitPlan {
  readonly threads: readonly number[]
  readonly repetitions: number
  /** Called for what cannot be measured here. */
  readonly skip: (what: string, why: string) => void
  readonly progress: (text: string) => void
}

const READ = { what: 'read', unit: 'GB/s' } as const

export async function measureLimits(plan: LimitPlan): Promise<LimitRecord[]> {
  await mkdir(FOLDER, { recursive: true })
  const records: LimitRecord[] = []
  const attempts = [
    ...ENGINES.map((engine) => ({ name: engine.name, measure: () => inEngine(engine, plan) })),
    { name: 'native', measure: () => natively(plan) },
  ]
  for (const { name, measure } of attempts) {
    plan.progress(`limits: ${name}`)
    try {
      records.push(...(await measure()))
    } catch (error) {
      plan.skip(`limits, ${name}`, (error as Error).message)
    }
  }
  return records
}

async function inEngine(
  { name, build }: (typeof ENGINES)[number],
  { threads, repetitions }: LimitPlan,
): Promise<LimitRecord[]> {
  const { path, version } = await findEngine(name)
  const module = `${FOLDER}${build}.wasm`
  await writeFile(module, await compileKernels(limitSource(build), build))
  const loops = [{ name: 'read', macs: 0 }, ...LOOPS[build].map(({ name, macs }) => ({ name, macs }))]
  const kinds = [READ, ...LOOPS[build].map(({ what }) => ({ what, unit: 'GMAC/s' as const }))]
  const records: LimitRecord[] = []
  for (const count of threads) {
    const plan = JSON.stringify({ loops, threads: count, repetitions })
    const { stdout } = await promisify(execFile)(path, [PROGRAM, module, plan])
    records.push(...recordsOf(`WebAssembly in Node ${version}`, kinds, count, JSON.parse(stdout)))
  }
  return records
}

async function natively({ threads, repetitions }: LimitPlan): Promise<LimitRecord[]> {
  const program = `${FOLDER}limits`
  await promisify(execFile)('cc', ['-O3', '-march=native', '-pthread', '-o', program, NATIVE])
  const records: LimitRecord[] = []
  for (const count of threads) {
    const { stdout } = await promisify(execFile)(program, [String(count), String(repetitions)])
    const multiplications = ['f32 multiply-add', '8-bit dot products (AVX-512 VNNI)']
    const kinds = [READ, ...multiplications.map((what) => ({ what, unit: 'GMAC/s' as const }))]
    records.push(...recordsOf('native', kinds, count, JSON.parse(stdout)))
  }
  return records
}

/** `rates`: for each kind, units per second in each repetition. */
function recordsOf(
  where: string,
  kinds: readonly Pick<LimitRecord, 'what' | 'unit'>[],
  threads: number,
  rates: readonly (readonly number[])[],
): LimitRecord[] {
  const records = kinds.map((kind, i) => {
    const samples = rates[i].map((rate) => rate / 1e9)
    return { where, ...kind, threads, samples }
  })
  // Kinds for which the machine has no instruction have no samples.
  return records.filter(({ samples }) => samples.length > 0)
}
