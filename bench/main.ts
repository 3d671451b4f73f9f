/** `npm run bench`: speed, memory and size beside the rivals. See README.md here, and --help. */
import { fileURLToPath } from 'node:url'
import { entrantsCalled, NATIVE_ENTRANTS } from './contestants/registry.js'
import { chooseModels } from './models/catalog.js'
import { type BenchOptions, parseOptions, USAGE } from './options.js'
import { writeReadme } from './readme.js'
import { type BenchRecord, saveRecord } from './record.js'
import { measure, type Run } from './run.js'
import { benchSampling } from './sampling/main.js'
import { measureSizes } from './sizes.js'
import { renderRecord, renderSummary } from './tables.js'

/** Where records that are not kept go: git ignores it. */
const PASSING = new URL('../.cache/bench/records/', import.meta.url)

const progress = (text: string) => console.error(text)

/** The part of a run that is the same for all commands. */
function runOf(options: BenchOptions, args: readonly string[]): Omit<Run, 'models' | 'entrants'> {
  const { pp, tg, threads = [1, 2], repetitions, budgetMs, quick } = options
  const command = ['npm run bench', ...(args.length > 0 ? ['--', ...args] : [])].join(' ')
  return { command, pp, tg, threads, repetitions, budgetMs, warmUpMs: quick ? 100 : 1000, progress }
}

async function speed(options: BenchOptions, args: readonly string[]): Promise<BenchRecord> {
  const entrants = options.only ? entrantsCalled(options.only) : NATIVE_ENTRANTS
  const models = chooseModels(options.models)
  const record = await measure({ ...runOf(options, args), models, entrants: () => entrants })
  return { ...record, sizes: await measureSizes() }
}

async function main(args: readonly string[]): Promise<void> {
  const options = parseOptions(args)
  if (options.help) {
    console.log(USAGE)
    return
  }
  if (options.command === 'sampling') return benchSampling(options.writeReadme)
  const record = await speed(options, args)
  const file = await saveRecord(record, options.quick ? PASSING : undefined)
  console.log(renderRecord(record))
  if (options.writeReadme) await writeReadme('bench', renderSummary(record))
  progress(`\nrecorded in ${fileURLToPath(file)}`)
}

try {
  await main(process.argv.slice(2))
} catch (error) {
  console.error((error as Error).message)
  process.exitCode = 1
}
