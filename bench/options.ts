import { parseArgs } from 'node:util'

const COMMANDS = [
  'speed',
  'avx2',
  'depth',
  'batch',
  'families',
  'engines',
  'limits',
  'sampling',
  'constrained',
  'responsive',
  'worker',
  'cold',
  'serving',
  'large',
] as const

export interface BenchOptions {
  readonly command: (typeof COMMANDS)[number]
  /** The table of goals: all rivals, each on its models. */
  readonly rivals: boolean
  /** Names from the catalog, or paths. Default: the command's. */
  readonly models: readonly string[] | undefined
  readonly pp: readonly number[] | undefined
  readonly tg: readonly number[] | undefined
  readonly threads: readonly number[] | undefined
  /** Numbers of sequences that are decoded together. */
  readonly sequences: readonly number[] | undefined
  /** Names of contestants. Default: those of the command. */
  readonly only: readonly string[] | undefined
  readonly repetitions: number
  /** Milliseconds. */
  readonly budgetMs: number
  readonly quick: boolean
  readonly writeReadme: boolean
  readonly help: boolean
}

export const USAGE = `npm run bench -- [command] [options]

  (no command)       speed, loading, memory and size compared with llama.cpp
  --rivals           the table of goals: compared with llama.cpp, and in Chromium with wllama and onnxruntime-web
  avx2               compared with llama.cpp, both limited to AVX2
  depth              decoding with 0, 1024, 4096 and 8192 tokens in the context, compared with llama.cpp
  batch              1, 2, 4, 8 and 16 sequences decoded together, compared with llama.cpp
  families           a model of each kind of family (dense, windowed, experts, encoder), compared with llama.cpp
  engines            dasllama on every JavaScript engine and browser found here
  limits             how fast this machine reads and multiplies, in WebAssembly and in C
  sampling           the cost of the sampler chain, compared with a model's step and llama.cpp's sampler
  constrained        the cost of response formats per token, compared with a model's step
  responsive         the cost of yielding to the event loop, in Node and in the browsers found here
  worker             the cost of the engine in a Worker, and how responsive pages are meanwhile
  cold               cold start: from a fresh process, page or Worker to the first token, phase by phase
  large              a model of 4.9 GB, in two WebAssembly memories, compared with llama.cpp
  serving            streams beside each other, over HTTP as well, prompts with a common beginning, guessed tokens

  --models a,b       models to measure: names from bench/models/catalog.ts, or paths to GGUF files
  --pp 128,512       lengths of prompts (default: 512, or 128 if the context is short)
  --tg 64,128        numbers of generated tokens (default: 128, or 64 if the context is short)
  --threads 1,2      numbers of threads (default: 1,2)
  --sequences 1,4    numbers of sequences for batch (default: 1,2,4,8,16), of streams for serving (default: 1,8)
  --only a,b         only these contestants: names from bench/contestants/registry.ts; for avx2, engines and cold, parts of names
  --repetitions N    samples of each test, after a warm-up (default: 5; 3 with --rivals and for serving, 10 for batch, 20 for worker)
  --budget S         seconds that a contestant's samples of a test may take, except the first (default: 30; 8 with --rivals, 16 for batch, 60 for serving)
  --quick            smoke test: tiny-stories, pp32, tg16, 2 repetitions; the record is not kept
  --write-readme     put the tables into docs/benchmarks.md, and of speed the summary into README.md
  --help             this text`

/** Defaults of `--quick`. */
const QUICK = { models: 'tiny-stories', pp: '32', tg: '16', repetitions: '2' }

/** Defaults of `--rivals`, which has many contestants, some of them slow. */
const RIVALS = { repetitions: '3', budget: '8' }

/** Defaults of `batch`, whose turns are short. */
const BATCH = { repetitions: '10', budget: '16' }

/** Defaults of `serving`, whose turns are long. */
const SERVING = { repetitions: '3', budget: '60' }

/** Defaults of `worker`, whose differences are small. */
const WORKER = { repetitions: '20' }

/** Throws an `Error` that names the wrong option and the reason. */
export function parseOptions(args: readonly string[]): BenchOptions {
  const { values: given, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      rivals: { type: 'boolean', default: false },
      models: { type: 'string' },
      pp: { type: 'string' },
      tg: { type: 'string' },
      threads: { type: 'string' },
      sequences: { type: 'string' },
      only: { type: 'string' },
      repetitions: { type: 'string' },
      budget: { type: 'string' },
      quick: { type: 'boolean', default: false },
      'write-readme': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  const [command = 'speed', ...others] = positionals
  if (!isCommand(command) || others.length > 0) {
    throw new Error(`no command ${positionals.join(' ')}: ${COMMANDS.join(', ')}`)
  }
  if (given.rivals && command !== 'speed') throw new Error(`--rivals is not for ${command}`)
  if (given.sequences && command !== 'batch' && command !== 'serving')
    throw new Error(`--sequences is not for ${command}`)
  if (given['write-readme'] && command !== 'speed' && command !== 'sampling') {
    throw new Error(`--write-readme is not for ${command}: the README has no section for it`)
  }
  if (given.quick && given['write-readme']) throw new Error('--quick is not for the README')
  const values = {
    ...{ repetitions: '5', budget: '30' },
    ...(given.rivals && RIVALS),
    ...(command === 'batch' && BATCH),
    ...(command === 'worker' && WORKER),
    ...(command === 'serving' && SERVING),
    ...(given.quick && QUICK),
    ...given,
  }
  return {
    command,
    rivals: values.rivals,
    models: list(values.models),
    pp: counts('--pp', values.pp),
    tg: counts('--tg', values.tg),
    threads: counts('--threads', values.threads),
    sequences: counts('--sequences', values.sequences),
    only: list(values.only),
    repetitions: count('--repetitions', values.repetitions),
    budgetMs: 1000 * count('--budget', values.budget),
    quick: values.quick,
    writeReadme: values['write-readme'],
    help: values.help,
  }
}

function isCommand(text: string): text is BenchOptions['command'] {
  return (COMMANDS as readonly string[]).includes(text)
}

function list(text: string | undefined): string[] | undefined {
  return text?.split(',').filter((item) => item !== '')
}

function counts(option: string, text: string | undefined): number[] | undefined {
  return list(text)?.map((item) => count(option, item))
}

function count(option: string, text: string): number {
  const value = Number(text)
  if (Number.isSafeInteger(value) && value > 0) return value
  throw new Error(`${option}: "${text}" is not a positive whole number`)
}
