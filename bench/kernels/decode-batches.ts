/**
 * Whole models: decode batches of 1 to 16 sequences, a token of each at a time, through the executable:
 *
 *   npx tsx bench/kernels/decode-batches.ts <model.gguf> [--threads 2] [--steps 8] [--sequences 1,2,4,8,16] [--kernels relaxed]
 *
 * Prints milliseconds per batch, the median and the smallest of the steps, and tokens per second over those of one sequence.
 * The numbers of sequences take turns, so that other work on the machine meets all of them.
 */
import type { Batch } from '../../src/backend/batch.js'
import type { SequenceMemory } from '../../src/backend/memory.js'
import { WasmExecutable } from '../../src/backend/wasm/executable.js'
import type { KernelBuild } from '../../src/backend/wasm/kernel-builds.js'
import { openEngine } from '../../src/backend/wasm/open-engine.js'
import { openGguf } from '../../src/gguf/reader.js'
import { planModel } from '../../src/model/plan.js'
import { platform } from '../../src/platform/node/platform.js'
import { summarise } from '../statistics.js'

const given = process.argv.slice(2)
const option = (name: string, otherwise: string) => {
  const at = given.indexOf(`--${name}`)
  return at < 0 ? otherwise : given[at + 1]
}
const threads = Number(option('threads', '2'))
const steps = Number(option('steps', '8'))
const counts = option('sequences', '1,2,4,8,16').split(',').map(Number)
const kernels = option('kernels', 'relaxed') as KernelBuild

/** Milliseconds: of one thread the processor's, which other work on the machine does not take, of several the clock's. */
function now(): number {
  if (threads > 1) return performance.now()
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

/** The next token of each sequence; all logits are wanted. */
function nextTokens(memories: readonly SequenceMemory[], step: number): Batch {
  return {
    ids: memories.map((_, sequence) => 1 + ((97 * sequence + 31 * step) % 1000)),
    positions: memories.map(({ length }) => length),
    runs: memories.map((memory, firstRow) => ({ memory, firstRow, rows: 1, phase: 'decode' as const })),
    outputs: memories.map((_, row) => row),
  }
}

const source = await platform.openPath(given[0])
const file = await openGguf(source)
const engine = await openEngine({ kernels, threads }, platform, file.tensorBytes)
const executable = await WasmExecutable.load(file, planModel(file).program, engine)
const most = Math.max(...counts)
const memories = Array.from({ length: most }, () => executable.createMemory('f16'))
const times = counts.map((): number[] => [])
for (let step = -2; step < steps; step++) {
  for (const [i, count] of counts.entries()) {
    const batch = nextTokens(memories.slice(0, count), Math.max(0, step))
    const start = now()
    await executable.run(batch, () => {})
    if (step >= 0) times[i].push(now() - start)
  }
}
console.log(
  `${process.version}, ${kernels}, ${threads} thread(s), ${steps} steps, ${given[0].split('/').at(-1)}`,
)
const one = summarise(times[counts.indexOf(1)])
for (const [i, count] of counts.entries()) {
  const { median, min } = summarise(times[i])
  const gain = (ms: number, alone: number) => ((count * alone) / ms).toFixed(2)
  console.log(
    `${String(count).padStart(3)}  ${median.toFixed(1).padStart(7)} ms ×${gain(median, one.median)}   ` +
      `${min.toFixed(1).padStart(7)} ms ×${gain(min, one.min)}`,
  )
}
await executable.dispose()
