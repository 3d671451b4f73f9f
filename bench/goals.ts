/** What dasllama is to reach beside its rivals, and how far it is from that. */
import { type Entrant, entrantsCalled } from './contestants/registry.js'
import { threadsText } from './limits/table.js'
import type { BenchRecord } from './record.js'
import { find, rate, ratioText, speedRatio, table } from './tables.js'

/** Ours is to be `tg` times as fast as the rival in decoding and `pp` times in a prompt; no aim where a number is missing. */
interface Goal {
  readonly ours: string
  readonly rival: string
  readonly models: readonly string[]
  readonly tg?: number
  readonly pp?: number
}

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
  { ours: 'dasllama in Chromium', rival: 'wllama 2', models: QUANTISED, tg: 2.5, pp: 4 },
  { ours: 'dasllama in Chromium', rival: 'wllama 2', models: F16, tg: 2.5, pp: 8 },
  { ours: 'dasllama in Chromium', rival: 'onnxruntime-web u8', models: ['135M-Q8_0'], tg: 3, pp: 1.8 },
  { ours: 'dasllama in Chromium', rival: 'onnxruntime-web q4', models: ['135M-Q4_0'], tg: 3, pp: 1.8 },
  { ours: 'dasllama in Chromium', rival: 'wllama 3', models: ['135M-Q8_0'], tg: 2.5, pp: 4 },
]

/** Models of the goals, in the order of their first goals. */
export const GOAL_MODELS = [...new Set(GOALS.flatMap(({ models }) => models))]

/** Who is to be measured on a model; on one that no goal is about, all who are in any goal. */
export function goalEntrants(model: string): Entrant[] {
  const about = GOALS.filter(({ models }) => models.includes(model))
  const goals = about.length > 0 ? about : GOALS
  return entrantsCalled([...new Set(goals.flatMap(({ ours, rival }) => [ours, rival]))])
}

/** Every goal with what was measured, met and missed alike; empty where a record has none of their pairs. */
export function renderGoals({ models, contestants }: BenchRecord): string {
  const present = new Set(contestants.map(({ name }) => name))
  const rows: string[][] = []
  let met = 0
  let missed = 0
  for (const goal of GOALS) {
    if (!present.has(goal.ours) || !present.has(goal.rival)) continue
    for (const model of models.filter(({ name }) => goal.models.includes(name))) {
      const keys = new Set(model.tests.map(({ test, threads }) => JSON.stringify({ test, threads })))
      for (const key of keys) {
        const { test, threads }: { test: string; threads: number } = JSON.parse(key)
        const own = find(model, { test, threads, contestant: goal.ours })
        const rival = find(model, { test, threads, contestant: goal.rival })
        if (!own || !rival) continue
        const aim = test.startsWith('tg') ? goal.tg : goal.pp
        const ratio = speedRatio(own, rival) as number
        const isMet = aim !== undefined && ratio >= aim
        if (isMet) met++
        else if (aim !== undefined) missed++
        rows.push([
          goal.ours,
          goal.rival,
          model.name,
          test,
          threadsText(threads),
          rate(own),
          rate(rival),
          ratioText(ratio),
          aim === undefined ? '–' : `≥ ${aim}`,
          aim === undefined ? '–' : isMet ? 'met' : '**missed**',
        ])
      }
    }
  }
  if (rows.length === 0) return ''
  const head = [
    ...['ours', 'rival', 'model', 'test', 'threads', 'ours, tokens/s', "rival's, tokens/s"],
    ...['ratio', 'aim', ''],
  ]
  return `Goals: ${met} met, ${missed} missed.\n\n${table(head, rows, 5)}`
}
