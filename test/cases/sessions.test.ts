import { describe, expect } from 'vitest'
import type { Generation, Model, Session } from '../../src/index.js'
import { VOCAB } from '../model/small.js'
import { idsOf } from '../session/collect.js'
import { randomIds } from '../support/random-models.js'
import type { Reach } from '../support/recurrent-memory.js'
import { WINDOW } from '../support/recurrent-memory.js'
import { recurrentModel } from '../support/recurrent-model.js'
import { testKind } from './kind.js'

const IDS = randomIds(1600, VOCAB, 'cases of sessions')
const REACHES: readonly Reach[] = ['kv', 'window', 'recurrent', 'hybrid']

/** Calls that need the engine; each takes several turns of the event loop. */
const CALLS: Readonly<Record<string, (session: Session, state: Uint8Array) => Promise<unknown>>> = {
  eval: (session) => session.eval([1, 2]),
  score: (session) => session.score([1, 2]),
  save: (session) => session.save(),
  restore: (session, state) => session.restore(state),
  fork: (session) => session.fork(),
  rewind: (session) => session.rewind(1),
  reset: (session) => session.reset(),
  'generate().result()': (session) => session.generate([1, 2], { maxTokens: 2 }).result(),
  'generate, a loop': (session) => idsOf(session.generate([1, 2], { maxTokens: 2 })),
}

/** Calls that do not, and throw synchronously. */
const SYNC: Readonly<Record<string, (session: Session, state: Uint8Array) => unknown>> = {
  sample: (session) => session.sample(),
  logits: (session) => session.logits(),
  generate: (session) => session.generate([1]),
}

async function start(reach: Reach = 'recurrent') {
  const { model, executable } = await recurrentModel({ reach })
  const session = model.createSession({ seed: 3 })
  await session.eval(IDS.slice(0, 20))
  return { model, executable, session, state: await session.save() }
}

/** The error with which a call is rejected. */
async function refusal(call: () => unknown): Promise<string | undefined> {
  try {
    await call()
    return undefined
  } catch (error) {
    return (error as { code?: string }).code
  }
}

const pairs = Object.keys(CALLS).flatMap((running) =>
  [...Object.keys(CALLS), ...Object.keys(SYNC)].map((other) => ({ running, other })),
)

describe('calls of sessions', () => {
  testKind('a call while another one runs', pairs, async ({ running, other }) => {
    const { session, state } = await start()
    // The generation, before anything runs.
    const generation = other.startsWith('generate,') ? session.generate([3], { maxTokens: 1 }) : undefined
    const first = CALLS[running](session, state)
    expect(session.isBusy).toBe(true)
    const second = () => (generation ? generation.result() : (SYNC[other] ?? CALLS[other])(session, state))
    expect(await refusal(second)).toBe('BUSY')
    await first
    expect(session.isBusy).toBe(false)
    // The rejected call has no effect.
    await session.eval([5])
  })

  testKind('a call after dispose', [...Object.keys(CALLS), ...Object.keys(SYNC)], async (name) => {
    for (const whose of ['session', 'model']) {
      const { model, session, state } = await start()
      await (whose === 'session' ? session : model).dispose()
      expect(await refusal(() => (SYNC[name] ?? CALLS[name])(session, state))).toBe('DISPOSED')
      expect(await refusal(() => session.reusable([1]))).toBe('DISPOSED')
      expect(session.isBusy).toBe(false)
    }
  })

  testKind('dispose while a call runs', Object.keys(CALLS), async (name) => {
    for (const whose of ['session', 'model']) {
      const { model, executable, session, state } = await start()
      const running = refusal(() => CALLS[name](session, state))
      await (whose === 'session' ? session : model).dispose()
      // A call with nothing left to do completes; a generation resolves, with stopReason abort.
      expect([undefined, 'DISPOSED']).toContain(await running)
      expect(executable.open.size).toBe(0)
    }
  })
})

/** The longest length up to `shared` that a memory reaches after a prompt and some tokens. */
function reached(reach: Reach, prompt: number, generated: number, shared: number): number {
  const length = prompt + generated
  switch (reach) {
    case 'kv':
      return shared
    case 'window':
      return shared > length - WINDOW ? shared : 0
    default: {
      const checkpoints = [length, prompt, ...[512, 1024].filter((at) => at <= prompt), 0]
      return Math.max(...checkpoints.filter((at) => at <= shared))
    }
  }
}

const LENGTHS = [4, 5, 127, 128, 129, 511, 512, 513, 700, 1023, 1024, 1025, 1100]
const PROMPTS = REACHES.flatMap((reach) =>
  LENGTHS.flatMap((first) =>
    [1, 3, 100, first - 1, first].flatMap((kept) => [1, 30].map((more) => ({ reach, first, kept, more }))),
  ),
).filter(({ kept, first, more }) => kept <= first && kept + more >= 4)

describe('prompts with a common prefix', () => {
  testKind('a prompt after another one', PROMPTS, async ({ reach, first, kept, more }) => {
    const { model, executable } = await recurrentModel({ reach })
    const session = model.createSession({ seed: 1 })
    await session.generate(IDS.slice(0, first), { maxTokens: 6, ignoreEos: true }).result()
    const prompt = [...IDS.slice(0, kept), ...IDS.slice(1200, 1200 + more)]
    const shared = Math.min(kept, prompt.length - 1)
    const cached = reached(reach, first, 5, shared)
    expect(session.reusable(prompt)).toBe(cached)
    const before = executable.rows
    const { usage } = await session.generate(prompt, { maxTokens: 0 }).result()
    expect(usage).toEqual({ promptTokens: prompt.length, cachedTokens: cached, completionTokens: 0 })
    expect(executable.rows - before).toBe(prompt.length - cached)
    const { network } = executable
    expect(session.logits()).toEqual(network.logits(network.stateAfter(prompt, () => 'prefill')))
    await model.dispose()
  })
})

const LEFT = REACHES.flatMap((reach) =>
  [['e'], ['th', 'a '], ['\u0000'], []].flatMap((stop) =>
    [1, 2, 3, 5, 8, 13, 21].map((after) => ({ reach, stop, after })),
  ),
)

describe('generations that are stopped early', () => {
  const options = { temp: 1, topK: 60, ignoreEos: true, maxTokens: 30 }
  /** The tokens of a generation, and those that follow. */
  const rest = async (session: Session, { ids, text }: Generation) => {
    const on = session.generate(undefined, { ...options, maxTokens: 6 })
    return { ids: [...ids], text, on: [...(await idsOf(on))], logits: session.logits() }
  }
  const run = async (model: Model, stop: readonly string[], after: number) => {
    const session = model.createSession({ seed: 4 })
    const generation = session.generate(IDS.slice(0, 90), { ...options, stop })
    for await (const _ of generation) if (generation.ids.length === after) break
    const outcome = await rest(session, generation)
    await session.dispose()
    return outcome
  }

  testKind('the session is positioned after the last token seen', LEFT, async ({ reach, stop, after }) => {
    const [{ model }, { model: reference }] = await Promise.all([
      recurrentModel({ reach }),
      recurrentModel({ reach: 'kv' }),
    ])
    const left = await run(model, stop, after)
    expect(left).toEqual(await run(reference, stop, after))
    // Up to the last token seen, it is the same as without stop strings.
    const plain = await run(reference, [], left.ids.length)
    expect(left.ids).toEqual(plain.ids)
    if (left.ids.length === after) expect(left.on).toEqual(plain.on)
  })
})
