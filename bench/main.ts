/** `npm run bench`: speed, memory and size beside the rivals. See README.md here, and --help. */
import { fileURLToPath } from 'node:url'
import { type Entrant, OURS, RIVALS } from './contestants/registry.js'
import { describeCommit, describeMachine, loadAverage } from './environment.js'
import { describe, measureModel } from './measure.js'
import { chooseModels } from './models/catalog.js'
import { type BenchOptions, parseOptions, USAGE } from './options.js'
import { writeReadme } from './readme.js'
import { type BenchRecord, type ContestantRecord, type ModelRecord, saveRecord } from './record.js'
import { benchSampling } from './sampling/main.js'
import { measureSizes } from './sizes.js'
import { renderRecord, renderSummary } from './tables.js'

/** dasllama has one. */
const THREADS = 1

/** Where records that are not kept go: git ignores it. */
const PASSING = new URL('../.cache/bench/records/', import.meta.url)

const progress = (text: string) => console.error(text)

async function run(options: BenchOptions, args: readonly string[]): Promise<BenchRecord> {
  const date = new Date().toISOString()
  const models = chooseModels(options.models)
  const skipped: { what: string; why: string }[] = []
  const skip = (what: string, why: string) => {
    progress(`left out: ${what}: ${why}`)
    skipped.push({ what, why })
  }
  const commit = await describeCommit()
  const before = loadAverage()
  const contestants: ContestantRecord[] = []
  const entrants: Entrant[] = []
  for (const entrant of [OURS, ...chooseRivals(options.rivals)]) {
    try {
      const { name, how } = entrant
      contestants.push({ name, how, versions: await describe(entrant) })
      entrants.push(entrant)
    } catch (error) {
      // A rival that this machine lacks is a gap in the tables; ourselves missing is a failure.
      if (entrant === OURS) throw error
      skip(entrant.name, (error as Error).message)
    }
  }
  const { repetitions, pp, tg } = options
  const measured: ModelRecord[] = []
  for (const model of models) {
    const plan = { entrants, repetitions, threads: THREADS, pp, tg, skip, progress }
    const record = await measureModel(model, plan)
    if (record) measured.push(record)
  }
  return {
    schema: 1,
    date,
    command: ['npm run bench', ...(args.length > 0 ? ['--', ...args] : [])].join(' '),
    commit,
    machine: { ...describeMachine(), load: { before, after: loadAverage() } },
    settings: { threads: THREADS, repetitions },
    contestants,
    models: measured,
    skipped,
    sizes: await measureSizes(),
  }
}

function chooseRivals(names: readonly string[] | undefined): readonly Entrant[] {
  return names ? names.map(rivalCalled) : RIVALS
}

function rivalCalled(name: string): Entrant {
  const found = RIVALS.find((rival) => rival.name === name)
  if (!found) throw new Error(`no rival ${name}: ${RIVALS.map((rival) => rival.name).join(', ')}`)
  return found
}

async function main(args: readonly string[]): Promise<void> {
  if (args[0] === 'sampling') return benchSampling(args.includes('--write-readme'))
  const options = parseOptions(args)
  if (options.help) {
    console.log(USAGE)
    return
  }
  const record = await run(options, args)
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
