/** `npm run bench -- engines`: dasllama with every build of its kernels on every engine that supports it. */

import { KERNEL_BUILDS, type KernelBuild } from '../src/backend/wasm/kernel-builds.js'
import { ENTRANTS, type Entrant } from './contestants/registry.js'
import type { Host } from './hosts/open.js'
import { threadsText } from './limits/table.js'
import type { BenchRecord } from './record.js'
import { find, rate, table } from './tables.js'

/** By their names in the table; Node has relaxed SIMD since version 22, wide vectors since 24. */
const HOSTS: readonly {
  readonly name: string
  readonly host: Host
  readonly builds?: readonly KernelBuild[]
}[] = [
  { name: 'Node 20', host: { engine: 'node 20' }, builds: ['baseline'] },
  { name: 'Node 22', host: { engine: 'node 22' } },
  { name: 'Node 24', host: { engine: 'node 24' }, builds: KERNEL_BUILDS },
  { name: 'Node 26', host: { engine: 'node 26' }, builds: KERNEL_BUILDS },
  { name: 'Bun', host: { engine: 'bun' } },
  { name: 'Deno', host: { engine: 'deno' } },
  { name: 'Chromium', host: { browser: 'chromium', inWorker: true } },
  { name: 'Firefox', host: { browser: 'firefox', inWorker: true } },
  { name: 'workerd', host: { engine: 'workerd' } },
]

export const ENGINE_MODELS = ['135M-Q4_0', '135M-Q8_0']
export const ENGINE_SIZES = { pp: [128], tg: [32] }

const [OURS] = ENTRANTS

export const ENGINE_ENTRANTS: readonly Entrant[] = HOSTS.flatMap(
  ({ name, host, builds = ['baseline', 'relaxed'] }) =>
    builds.map((kernels) => ({
      ...OURS,
      name: `${name}, ${kernels}`,
      how: `${kernels} kernels`,
      host,
      kernels,
    })),
)

/** A row per engine and build, a column per test. */
export function renderEngines({ models, contestants }: BenchRecord): string {
  const columns = models.flatMap((model) => {
    const keys = model.tests.map(({ test, threads }) => JSON.stringify({ test, threads }))
    return [...new Set(keys)].map((key) => {
      const { test, threads }: { test: string; threads: number } = JSON.parse(key)
      return {
        head: `${model.name} ${test}, ${threadsText(threads)}`,
        cell: (contestant: string) => rate(find(model, { test, threads, contestant })),
      }
    })
  })
  const rows = contestants.map(({ name, runtime }) => [
    name,
    runtime,
    ...columns.map(({ cell }) => cell(name)),
  ])
  const head = ['engine', 'version', ...columns.map(({ head }) => head)]
  return `Tokens per second, median (slowest–fastest):\n\n${table(head, rows, 2)}`
}
