import { parseArgs } from 'node:util'

export interface BenchOptions {
  /** Names from the catalog, or paths. Default: the entire catalog. */
  readonly models: readonly string[] | undefined
  readonly pp: readonly number[] | undefined
  readonly tg: readonly number[] | undefined
  /** Names of rivals. Default: all. */
  readonly rivals: readonly string[] | undefined
  readonly repetitions: number
  readonly quick: boolean
  readonly writeReadme: boolean
  readonly help: boolean
}

export const USAGE = `npm run bench -- [options]
npm run bench -- sampling      what the sampling chain costs, beside a model's step and llama.cpp's sampler

  --models a,b       models to measure: names from bench/models/catalog.ts, or paths to GGUF files
  --pp 128,512       lengths of prompts (default: 512, or 128 where the context is short)
  --tg 64,128        numbers of generated tokens (default: 128, or 64 where the context is short)
  --repetitions N    samples of each test, after one that does not count (default: 5)
  --rivals a,b       only these rivals (default: all)
  --no-rival         no rival at all
  --quick            does it work? tiny-stories, pp32, tg16, 2 repetitions; the record is not kept
  --write-readme     put the tables into README.md
  --help             this text`

/** What `--quick` sets where nothing else is said. */
const QUICK = { models: 'tiny-stories', pp: '32', tg: '16', repetitions: '2' }

/** Throws an `Error` that says which option is wrong and why. */
export function parseOptions(args: readonly string[]): BenchOptions {
  const { values: given } = parseArgs({
    args: [...args],
    options: {
      models: { type: 'string' },
      pp: { type: 'string' },
      tg: { type: 'string' },
      repetitions: { type: 'string' },
      rivals: { type: 'string' },
      'no-rival': { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      'write-readme': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (given['no-rival'] && given.rivals !== undefined) {
    throw new Error('--no-rival and --rivals contradict each other')
  }
  if (given.quick && given['write-readme']) throw new Error('--quick is not for the README')
  const values = { repetitions: '5', ...(given.quick && QUICK), ...given }
  return {
    models: list(values.models),
    pp: list(values.pp)?.map((text) => count('--pp', text)),
    tg: list(values.tg)?.map((text) => count('--tg', text)),
    rivals: values['no-rival'] ? [] : list(values.rivals),
    repetitions: count('--repetitions', values.repetitions),
    quick: values.quick,
    writeReadme: values['write-readme'],
    help: values.help,
  }
}

function list(text: string | undefined): string[] | undefined {
  return text?.split(',').filter((item) => item !== '')
}

function count(option: string, text: string): number {
  const value = Number(text)
  if (Number.isSafeInteger(value) && value > 0) return value
  throw new Error(`${option}: "${text}" is not a positive whole number`)
}
