/** `npm run bench`: speed, memory and size compared with the rivals. See README.md here, and --help. */
import { fileURLToPath } from 'node:url'
import { AVX2_ENTRANTS, AVX2_MODELS } from './avx2.js'
import { BATCH_MODELS, BATCH_SEQUENCES, BATCH_STEPS, batchEntrants, measureBatches } from './batch/measure.js'
import { isAsSolo, renderBatches } from './batch/table.js'
import { benchCold } from './cold/main.js'
import { benchConstrained } from './constrained/main.js'
import { type Entrant, entrantsCalled, NATIVE_ENTRANTS } from './contestants/registry.js'
import { ENGINE_ENTRANTS, ENGINE_MODELS, ENGINE_SIZES, renderEngines } from './engines.js'
import { depthFigure, saveFigures, speedFigures } from './figures.js'
import { GOAL_MODELS, goalEntrants } from './goals.js'
import { benchLarge } from './large/main.js'
import { measureLimits } from './limits/measure.js'
import { renderLimits } from './limits/table.js'
import { chooseModels } from './models/catalog.js'
import { FAMILY_MODELS } from './models/families.js'
import { type BenchOptions, parseOptions, USAGE } from './options.js'
import { writeSpeed } from './pages.js'
import { type BenchRecord, RECORDS, saveRecord } from './record.js'
import { renderRecord, renderTests } from './report.js'
import { benchResponsive } from './responsive/main.js'
import { measure, type Run } from './run.js'
import { benchSampling } from './sampling/main.js'
import { benchServing } from './serving/main.js'
import { measureSizes } from './sizes.js'
import { conditions, skipped } from './tables.js'
import { benchWorker } from './worker/main.js'

/** The folder for temporary records, which git ignores. */
const PASSING = new URL('../.cache/bench/records/', import.meta.url)

/** Tokens in the context before the timed ones, and a model whose context is long enough. */
const DEPTHS = [0, 1024, 4096, 8192]
const DEPTH_MODEL = '135M-Q8_0-9k'

/** llama.cpp twice, because AMX computes its prompts. */
const FAMILY_ENTRANTS = ['dasllama', 'llama.cpp', 'llama.cpp without AMX']

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

/** The limits of this machine, and `skipped` with those that could not be measured. */
async function limitsOf(
  { threads, repetitions, progress }: Pick<Run, 'threads' | 'repetitions' | 'progress'>,
  skipped: BenchRecord['skipped'],
): Promise<Pick<BenchRecord, 'limits' | 'skipped'>> {
  const missing: { what: string; why: string }[] = []
  const skip = (what: string, why: string) => missing.push({ what, why })
  const limits = await measureLimits({ threads, repetitions, skip, progress })
  return { limits, skipped: [...skipped, ...missing] }
}

/** Those with one of `parts` in their names; all by default. */
function namedLike(entrants: readonly Entrant[], parts: readonly string[] | undefined): readonly Entrant[] {
  return parts ? entrants.filter(({ name }) => parts.some((part) => name.includes(part))) : entrants
}

/** A command that writes a record. */
interface Command {
  /** The folder of its records, relative to that of the others. */
  readonly folder: string
  measure(options: BenchOptions, args: readonly string[]): Promise<BenchRecord>
  render(record: BenchRecord): string
  figures(record: BenchRecord): readonly string[]
}

const COMMANDS: Readonly<Record<'speed' | 'avx2' | 'depth' | 'batch' | 'families' | 'engines', Command>> = {
  speed: { folder: './', measure: speed, render: renderRecord, figures: speedFigures },
  avx2: {
    folder: './avx2/',
    async measure(options, args) {
      const { models = AVX2_MODELS, only } = options
      return measure({
        ...runOf(options, args),
        models: chooseModels(models),
        entrants: () => namedLike(AVX2_ENTRANTS, only),
      })
    },
    render: renderTests,
    figures: speedFigures,
  },
  depth: {
    folder: './depth/',
    async measure(options, args) {
      const { only = ['dasllama', 'llama.cpp'], models = [DEPTH_MODEL], tg = [32], quick } = options
      return measure({
        ...runOf(options, args),
        ...{ pp: [], tg, depths: quick ? [0, 64] : DEPTHS },
        models: chooseModels(models),
        entrants: () => entrantsCalled(only),
      })
    },
    render: renderTests,
    figures: (record) => [depthFigure(record)].filter((figure) => figure !== undefined),
  },
  batch: {
    folder: './batch/',
    async measure(options, args) {
      const { models = BATCH_MODELS, sequences = BATCH_SEQUENCES } = options
      const [steps = BATCH_STEPS] = options.tg ?? []
      const entrants = batchEntrants(options.only)
      return measure(
        { ...runOf(options, args), models: chooseModels(models), entrants: () => entrants },
        (model, plan) => measureBatches(model, { ...plan, sequences, steps }),
      )
    },
    render: renderBatches,
    figures: () => [],
  },
  families: {
    folder: './families/',
    async measure(options, args) {
      const { models = FAMILY_MODELS.map(({ name }) => name), only = FAMILY_ENTRANTS } = options
      return measure({
        ...runOf(options, args),
        models: chooseModels(models),
        entrants: () => entrantsCalled(only),
      })
    },
    render: renderTests,
    figures: () => [],
  },
  engines: {
    folder: './engines/',
    async measure(options, args) {
      const { models = ENGINE_MODELS, pp = ENGINE_SIZES.pp, tg = ENGINE_SIZES.tg, only } = options
      return measure({
        ...runOf(options, args),
        ...{ pp, tg },
        models: chooseModels(models),
        entrants: () => namedLike(ENGINE_ENTRANTS, only),
      })
    },
    render: (record) => [conditions(record), renderEngines(record), skipped(record)].join('\n\n'),
    figures: () => [],
  },
}

async function main(args: readonly string[]): Promise<void> {
  const options = parseOptions(args)
  if (options.help) return console.log(USAGE)
  const records = options.quick ? PASSING : RECORDS
  if (options.command === 'sampling') return benchSampling(records, options)
  if (options.command === 'responsive') return benchResponsive(options)
  if (options.command === 'worker') return benchWorker(records, options, args)
  if (options.command === 'serving') return benchServing(records, options, runOf(options, args))
  if (options.command === 'large') return benchLarge(records, options, args)
  if (options.command === 'cold') return benchCold(records, options, args)
  if (options.command === 'constrained') return benchConstrained(records, options)
  if (options.command === 'limits') {
    const { limits = [], skipped } = await limitsOf(runOf(options, args), [])
    console.log([renderLimits(limits), ...skipped.map(({ what, why }) => `${what}: ${why}`)].join('\n\n'))
    return
  }
  const { folder, measure, render, figures } = COMMANDS[options.command]
  const record = await measure(options, args)
  const file = await saveRecord(record, new URL(folder, records))
  const drawn = await saveFigures(file, figures(record))
  console.log(render(record))
  if (options.writeReadme) await writeSpeed(record, file)
  if (!isAsSolo(record))
    throw new Error('sequences decoded together differ from the same alone: see the record')
  progress(['', ...[file, ...drawn].map((file) => `written: ${fileURLToPath(file)}`)].join('\n'))
}

try {
  await main(process.argv.slice(2))
} catch (error) {
  console.error((error as Error).message)
  process.exitCode = 1
}
