/** One model's sequences, decoded together by every contestant. */
import { type Entrant, entrantsCalled } from '../contestants/registry.js'
import type { Link } from '../hosts/link.js'
import { examine, type Plan, startHost } from '../measure.js'
import type { BenchModel } from '../models/catalog.js'
import type { ModelRecord, SoloRecord, TestRecord } from '../record.js'
import type { Player } from '../turns.js'
import { contextFor, randomIds } from '../workload.js'
import { type BatchWork, firstOf, type Step, takeBatchTurns } from './turns.js'

/** What is measured where nothing else is said. */
const ENTRANTS = ['dasllama', 'llama.cpp', 'llama.cpp without AMX']
export const BATCH_MODELS = ['1.1B-Q8_0', '1.1B-Q4_0', '1.1B-Q4_K_M']
export const BATCH_SEQUENCES = [1, 2, 4, 8, 16]
export const BATCH_STEPS = 4

/** Tokens of each sequence whose logits are compared with those that it has alone. */
const CHECKED_STEPS = 2

export interface BatchPlan extends Plan {
  readonly sequences: readonly number[]
  /** Tokens of each sequence in a turn. */
  readonly steps: number
}

/** Contestants by their names, each with what its figures include here. */
export function batchEntrants(names: readonly string[] = ENTRANTS): Entrant[] {
  return entrantsCalled(names).map((entrant) => ({
    ...entrant,
    how:
      entrant.against.length > 0
        ? "node-llama-cpp's native addon driven directly: one llama_decode for all sequences, no sampling"
        : `dist/ through the public API, model.evalBatch with an id per session; ${entrant.kernels} kernels`,
  }))
}

/** All numbers of sequences with all contestants; undefined when nobody can run the model. Ends every host it started. */
export async function measureBatches(model: BenchModel, plan: BatchPlan): Promise<ModelRecord | undefined> {
  const examined = await examine(model, plan)
  if (!examined) return undefined
  const { about, files, contextLength: trained, vocabSize, bosId } = examined
  if (plan.steps >= trained) {
    plan.skip(model.name, `its context has ${trained} positions`)
    return undefined
  }
  const contextLength = contextFor([{ kind: 'tg', tokens: plan.steps, depth: 0 }], trained)
  const most = Math.max(...plan.sequences)
  const work = { sequences: plan.sequences, steps: stepsFor(plan.steps, most, { vocabSize, bosId }) }
  const tests: TestRecord[] = []
  const solo: SoloRecord[] = []
  for (const threads of plan.threads) {
    const skip = (name: string, error: Error) =>
      plan.skip(`${model.name}, ${name}, ${threads === 1 ? '1 thread' : `${threads} threads`}`, error.message)
    const players: Player[] = []
    const links: Link[] = []
    try {
      for (const entrant of plan.entrants) {
        try {
          const { link, source } = await startHost(entrant, files)
          links.push(link)
          const options = { contextLength, threads, sequences: most, kernels: entrant.kernels }
          await link.ask({ do: 'loadBatched', source, options })
          plan.progress(`${model.name}: ${entrant.name}, threads: ${threads}: each sequence alone`)
          const differing = await differingFrom(link, work)
          if (differing) {
            const steps = Math.min(CHECKED_STEPS, plan.steps)
            solo.push({ contestant: entrant.name, threads, sequences: plan.sequences, steps, differing })
          }
          players.push({ name: entrant.name, link })
        } catch (error) {
          skip(entrant.name, error as Error)
        }
      }
      plan.progress(`${model.name}: ${plan.sequences} sequences, threads: ${threads}`)
      const results = await takeBatchTurns(work, players, plan, skip)
      tests.push(...results.map((result) => ({ ...result, threads })))
    } finally {
      for (const link of links) await link[Symbol.asyncDispose]()
    }
  }
  return { ...about, contextLength, loads: [], tests, solo }
}

/** Ids of their own for each sequence, behind the same first one. */
export function stepsFor(
  steps: number,
  sequences: number,
  { vocabSize, bosId }: { readonly vocabSize: number; readonly bosId: number },
): Step[] {
  const ids = randomIds(steps * sequences, vocabSize)
  return Array.from({ length: steps }, (_, step) =>
    step === 0
      ? new Array<number>(sequences).fill(bosId)
      : ids.slice(step * sequences, (step + 1) * sequences),
  )
}

/**
 * The numbers of sequences with which some of them do not have the logits, bit by bit, that each has alone; undefined for a
 * contestant that does not show its logits.
 */
export async function differingFrom(
  link: Pick<Link, 'ask'>,
  { sequences, steps: all }: BatchWork,
): Promise<number[] | undefined> {
  const steps = all.slice(0, CHECKED_STEPS)
  const alone: string[] = []
  for (let i = 0; i < Math.max(...sequences); i++) {
    const [digest] = await link.ask({ do: 'digest', steps: steps.map((ids) => [ids[i]]) })
    if (digest === undefined) return undefined
    alone.push(digest)
  }
  const differing: number[] = []
  for (const count of sequences) {
    const together = await link.ask({ do: 'digest', steps: firstOf(steps, count) })
    if (together.length !== count || together.some((digest, i) => digest !== alone[i])) differing.push(count)
  }
  return differing
}
