import { vi } from 'vitest'
import {
  type DraftModel,
  type DraftSession,
  type GenerateOptions,
  type LoadOptions,
  loadModel,
  type Model,
  type Session,
} from '../../../src/index.js'
import { PassCost } from '../../../src/session/speculation/pass-cost.js'
import { SMALL, smallModel, VOCAB } from '../../model/small.js'
import { type DraftHeadModelOptions, draftHeadModel } from '../../support/draft-head-model.js'
import type { RandomModelOptions } from '../../support/random-model/random-model.js'
import { randomIds } from '../../support/random-models.js'

export const IDS = randomIds(400, VOCAB, 'speculation')

/** Models of random weights repeat themselves soon, with a low temperature. */
export function load(options: LoadOptions = {}, model: Partial<RandomModelOptions> = {}): Promise<Model> {
  const bytes = smallModel({ shape: { ...SMALL.shape, context: 1024 }, ...model })
  return loadModel(bytes, { threads: 1, worker: false, kernels: 'baseline', ...options })
}

/** Small layers, and a head that passes its token on: its guesses are often right, and often not. */
const USEFUL: DraftHeadModelOptions = { layerScale: 0.1, stateShare: 0.1 }

/** A model with its draft head. */
export function loadWithHead(options: LoadOptions = {}, model: DraftHeadModelOptions = {}): Promise<Model> {
  const settings = { threads: 1, worker: false, kernels: 'baseline', draftHead: true } as const
  return loadModel(draftHeadModel({ ...USEFUL, ...model }), { ...settings, ...options })
}

/** A model whose every `period`th guess is wrong, for drafts that are right at first. */
export function wrongAtTimes(model: Model, period: number): DraftModel {
  let guesses = 0
  const wrapped = (session: DraftSession): DraftSession => ({
    get ids() {
      return session.ids
    },
    eval: (ids, options) => session.eval(ids, options),
    rewind: (count) => session.rewind(count),
    fork: async () => wrapped(await session.fork()),
    dispose: () => session.dispose(),
    logits() {
      const logits = session.logits()
      if (++guesses % period === 0) logits[guesses % logits.length] = 1000
      return logits
    },
  })
  const { tokenizer, contextLength, kind } = model
  return { tokenizer, contextLength, kind, createSession: (options) => wrapped(model.createSession(options)) }
}

/**
 * From now on, each further row and each step of a draft model costs this part of a pass, whatever it takes: then drafts do not
 * depend on the machine.
 */
export function fixCosts({ row = 0.02, step = 0.02 } = {}): void {
  vi.spyOn(PassCost.prototype, 'of').mockImplementation((rows) => 1 + row * (rows - 1))
  vi.spyOn(PassCost.prototype, 'step', 'get').mockReturnValue(step)
}

/** Everything that a generation leaves behind. */
export async function run(session: Session, prompt: readonly number[] | undefined, options: GenerateOptions) {
  const generation = session.generate(prompt, { ignoreEos: true, maxTokens: 60, logprobs: 2, ...options })
  const tokens: unknown[] = []
  for await (const token of generation) tokens.push(token)
  const { text, stopReason } = generation
  return { tokens, text, stopReason, ids: session.ids, logits: session.logits() }
}
