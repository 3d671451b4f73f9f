/** Goals for dasllama's speed relative to its rivals, and how close it is to them. */
import { type Entrant, entrantsCalled } from './contestants/registry.js'
import { threadsText } from './limits/table.js'
import type { BenchRecord } from './record.js'
import { find, medianRate, number, ratioText, speedRatio, table } from './tables.js'

/** Ours should be `tg` times as fast as the rival in decoding and `pp` times in a prompt; no goal if a number is missing. */
interface Goal {
  readonly ours: string
  readonly rival: string
  readonly models: readonly string[]
  readonly tg?: number
  readonly pp?: number
}

/** Tests by the prefixes of their names. */
const KINDS = [
  { kind: 'pp', name: 'prompt' },
  { kind: 'tg', name: 'decode' },
] as const

const QUANTISED = ['135M-Q8_0', '135M-Q4_0', '135M-Q4_K_M']
const F16 = ['135M-F16']
const BIG = ['1.1B-Q8_0', '1.1B-Q4_0', 'TinyLlama-1.1B-IQ2_XXS']

export const GOALS: readonly Goal[] = [
  { ours: 'dasllama', rival: 'llama.cpp', models: QUANTISED, tg: 1, pp: 0.6 },
  { ours: 'dasllama wide', rival: 'llama.cpp', models: QUANTISED, tg: 1, pp: 0.6 },
  { ours: 'dasllama baseline', rival: 'llama.cpp', models: QUANTISED, tg: 0.7, pp: 0.35 },
  { ours: 'dasllama', rival: 'llama.cpp', models: F16 },
  { ours: 'dasllama wide', rival: 'llama.cpp', models: F16 },
  { ours: 'dasllama baseline', rival: 'llama.cpp', models: F16 },
  { ours: 'dasllama', rival: 'llama.cpp', models: BIG, tg: 0.9, pp: 0.6 },
  { ours: 'dasllama wide', rival: 'llama.cpp', models: BIG, tg: 0.9, pp: 0.6 },
  { ours: 'dasllama', rival: 'llama.cpp without AMX', models: QUANTISED, tg: 1, pp: 0.6 },
  { ours: 'dasllama baseline', rival: 'llama.cpp without AMX', models: QUANTISED, tg: 0.7, pp: 0.35 },
  { ours: 'dasllama', rival: 'llama.cpp without AMX', models: BIG, tg: 0.9, pp: 0.6 },
  { ours: 'dasllama in Chromium', rival: 'wllama 2', models: QUANTISED, tg: 2.5, pp: 4 },
  { ours: 'dasllama in Chromium', rival: 'wllama 2', models: F16, tg: 2.5, pp: 8 },
  { ours: 'dasllama in Chromium', rival: 'onnxruntime-web u8', models: ['135M-Q8_0'], tg: 3, pp: 1.8 },
  { ours: 'dasllama in Chromium', rival: 'onnxruntime-web q4', models: ['135M-Q4_0'], tg: 3, pp: 1.8 },
  { ours: 'dasllama in Chromium', rival: 'wllama 3', models: ['135M-Q8_0'], tg: 2.5, pp: 4 },
]

/** Models of the goals, in the order of their first goals. */
export const GOAL_MODELS = [...new Set(GOALS.flatMap(({ models }) => models))]

/** The contestants to measure on a model; for one without goals, all contestants of any goal. */
export function goalEntrants(model: string): Entrant[] {
  const about = GOALS.filter(({ models }) => models.includes(model))
  const goals = about.length > 0 ? about : GOALS
  return entrantsCalled([...new Set(goals.flatMap(({ ours, rival }) => [ours, rival]))])
}

/** A row for each goal and model, whether met or missed; empty if a record has none of their pairs. */
export function renderGoals({ models, contestants }: BenchRecord): string {
  const present = new Set(contestants.map(({ name }) => name))
  const pairs = GOALS.filter(({ ours, rival }) => present.has(ours) && present.has(rival)).flatMap((goal) =>
    models.filter(({ name }) => goal.models.includes(name)).map((model) => ({ goal, model })),
  )
  const threads = [...new Set(pairs.flatMap(({ model }) => model.tests.map(({ threads }) => threads)))]
  const columns = KINDS.flatMap(({ kind, name }) => threads.map((threads) => ({ kind, name, threads })))
  let met = 0
  let missed = 0
  const cell = (
    { goal, model }: (typeof pairs)[number],
    { kind, threads }: (typeof columns)[number],
  ): string => {
    const test = model.tests.find((one) => one.test.startsWith(kind) && one.threads === threads)?.test
    const own = test && find(model, { test, threads, contestant: goal.ours })
    const rival = test && find(model, { test, threads, contestant: goal.rival })
    if (!own || !rival) return '–'
    const ratio = speedRatio(own, rival) as number
    const isMissed = ratio < (goal[kind] ?? 0)
    if (isMissed) missed++
    else if (goal[kind] !== undefined) met++
    const text = `${ratioText(ratio)} (${number(medianRate(own))} : ${number(medianRate(rival))})`
    return isMissed ? `**${text}**` : text
  }
  const rows = pairs.map((pair) => {
    const { goal, model } = pair
    const cells = columns.map((column) => cell(pair, column))
    const targets = KINDS.map(({ kind }) => goal[kind] ?? '–').join(' · ')
    return { cells, row: [goal.ours, goal.rival, model.name, targets, ...cells] }
  })
  const measured = rows.filter(({ cells }) => cells.some((cell) => cell !== '–')).map(({ row }) => row)
  if (measured.length === 0) return ''
  const head = [
    ...['ours', 'rival', 'model', `goals, ${KINDS.map(({ name }) => name).join(' · ')}`],
    ...columns.map(({ name, threads }) => `${name}, ${threadsText(threads)}`),
  ]
  const text = `Goals: ${met} met, ${missed} missed. Ratios of speed (tokens per second, ours : the rival's), bold where they miss the goal:`
  return `${text}\n\n${table(head, measured, 3)}`
}
