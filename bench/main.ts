/** `npm run bench`: speed, memory and size beside the rivals. See README.md here, and --help. */
import { fileURLToPath } from 'node:url'
import { entrantsCalled, NATIVE_ENTRANTS } from './contestants/registry.js'
import { GOAL_MODELS, goalEntrants } from './goals.js'
import { measureLimits } from './limits/measure.js'
import { renderLimits } from './limits/table.js'
import { chooseModels } from './models/catalog.js'
import { type BenchOptions, parseOptions, USAGE } from './options.js'
import { writeReadme } from './readme.js'
import { type BenchRecord, saveRecord } from './record.js'
import { renderRecord, renderSummary } from './report.js'
import { measure, type Run } from './run.js'
import { benchSampling } from './sampling/main.js'
import { measureSizes } from './sizes.js'

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
  const only = options.only && entrantsCalled(options.only)
  const run = runOf(options, args)
  const record = options.rivals
    ? await measure({
        ...run,
        models: chooseModels(options.models ?? GOAL_MODELS),
        entrants: (model) => goalEntrants(model).filter((entrant) => !only || only.includes(entrant)),
      })
    : await measure({ ...run, models: chooseModels(options.models), entrants: () => only ?? NATIVE_ENTRANTS })
  return { ...record, ...(await limitsOf(run, record.skipped)), sizes: await measureSizes() }
}

/** The limits of this machine, and `skipped` with those that it could not be asked for. */
async function limitsOf(
  { threads, repetitions, progress }: Pick<Run, 'threads' | 'repetitions' | 'progress'>,
  skipped: BenchRecord['skipped'],
): Promise<Pick<BenchRecord, 'limits' | 'skipped'>> {
  const missing: { what: string; why: string }[] = []
  const skip = (what: string, why: string) => missing.push({ what, why })
  const limits = await measureLimits({ threads, repetitions, skip, progress })
  return { limits, skipped: [...skipped, ...missing] }
}

async function main(args: readonly string[]): Promise<void> {
  const options = parseOptions(args)
  if (options.help) {
    console.log(USAGE)
    return
  }
  if (options.command === 'sampling') return benchSampling(options.writeReadme)
  if (options.command === 'limits') {
    const { limits = [], skipped } = await limitsOf(runOf(options, args), [])
    console.log([renderLimits(limits), ...skipped.map(({ what, why }) => `${what}: ${why}`)].join('\n\n'))
    return
  }
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
