/**
 * Random interleavings of sessions that run at the same time, with aborts, disposals and errors: each session gets the results
 * of a solo run. What an abort leaves depends on its time; the solo run stops at the same token.
 */
import fc from 'fast-check'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { Batch, TakeOutput } from '../../src/backend/batch.js'
import {
  DasllamaError,
  embed,
  type GenerateOptions,
  loadModel,
  type Model,
  type Session,
} from '../../src/index.js'
import { pacer } from '../../src/platform/pacer.js'
import { smallModel, VOCAB } from '../model/small.js'
import { hybridModel } from '../support/hybrid-model.js'
import { randomIds } from '../support/random-models.js'
import type { RecurrentExecutable } from '../support/recurrent-executable.js'
import { type Reach, STATE_BYTES } from '../support/recurrent-memory.js'
import { recurrentModel } from '../support/recurrent-model.js'

const POISON = 399
const IDS = randomIds(2000, VOCAB - 1, 'interleavings')
const CONTEXT = 700

type Step =
  | { readonly do: 'eval' | 'score' | 'poison'; readonly from: number; readonly count: number }
  | { readonly do: 'generate'; readonly seed: number; readonly count: number; readonly leaveAfter: number }
  | {
      readonly do: 'prompt'
      readonly seed: number
      readonly kept: number
      readonly from: number
      readonly count: number
      readonly leaveAfter: number
    }
  | { readonly do: 'fork' | 'batch'; readonly from: number; readonly count: number }
  | { readonly do: 'embed'; readonly from: number; readonly count: number }
  | { readonly do: 'rewind'; readonly count: number }
  | { readonly do: 'invalid' | 'busy' }

/** What one session is put through. Times are in turns of the event loop. */
interface Actor {
  readonly steps: readonly {
    readonly step: Step
    /** Before it begins. */
    readonly pause: number
    /** After it has begun. */
    readonly abortAfter: number | undefined
  }[]
  /** After the actor has begun. */
  readonly disposeAfter: number | undefined
}

interface Observed {
  readonly step: Step
  /** What is compared; nothing where the step has failed. */
  readonly value?: unknown
  /** Of a failure: the code, or what the signal was aborted with. */
  readonly failure?: unknown
  /** Ids of a generation, up to where it ended. */
  readonly generated?: readonly number[]
  readonly ids: readonly number[]
  readonly logits: Float32Array | undefined
}

const number = (max: number, min = 0) => fc.integer({ min, max })
const rarely = <T>(of: fc.Arbitrary<T>) => fc.option(of, { nil: undefined, freq: 3 })
const SEED = number(1000)
const STEP: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant('eval'), from: number(1000), count: number(200, 1) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('eval'), from: number(1000), count: number(5, 1) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('score'), from: number(1000), count: number(60, 1) }) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('generate'),
      seed: SEED,
      count: number(12, 1),
      leaveAfter: number(20, 1),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('prompt'),
      seed: SEED,
      kept: number(300),
      from: number(1000),
      count: number(300, 1),
      leaveAfter: number(4, 1),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constantFrom('fork', 'batch'), from: number(1000), count: number(40, 1) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('embed'), from: number(1000), count: number(150, 1) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('poison'), from: number(1000), count: number(40, 1) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('rewind'), count: number(40) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('invalid', 'busy') }) },
)
const ACTOR: fc.Arbitrary<Actor> = fc.record({
  steps: fc.array(fc.record({ step: STEP, pause: number(3), abortAfter: rarely(number(40)) }), {
    minLength: 1,
    maxLength: 6,
  }),
  disposeAfter: rarely(number(150)),
})

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve))
}

/** No halves of characters: a token that is held back is taken back by a failure, and evaluated or not by when that came. */
function generateOptions(step: { seed: number; count: number }, model: Model): GenerateOptions {
  const sampling = step.seed % 3 === 0 ? {} : { temp: 1, topK: 50, penalty: 1.2 }
  const bannedIds = [...Array(VOCAB).keys()].filter(
    (id) => id === POISON || model.piece(id).includes('\ufffd'),
  )
  return { ...sampling, bannedIds, maxTokens: step.count }
}

function logitsOf(session: Session): Float32Array | undefined {
  try {
    return session.logits()
  } catch {
    return undefined
  }
}

/** Does a step. Results are added to `generated` as they come. */
async function take(
  step: Step,
  {
    model,
    session,
    generated,
    signal,
  }: { model: Model; session: Session; generated: number[]; signal?: AbortSignal },
): Promise<unknown> {
  const options = signal ? { signal } : {}
  const idsFrom = ({ from, count }: { from: number; count: number }) => IDS.slice(from, from + count)
  switch (step.do) {
    case 'eval':
      return session.eval(idsFrom(step), options)
    case 'poison':
      return session.eval([...idsFrom(step), POISON, 1], options)
    case 'score':
      return session.score(idsFrom(step), options)
    case 'rewind':
      return session.rewind(Math.min(step.count, session.position))
    case 'generate':
    case 'prompt': {
      if (step.do === 'generate' && session.position === 0) return undefined
      const prompt = step.do === 'prompt' ? [...session.ids.slice(0, step.kept), ...idsFrom(step)] : undefined
      session.setSeed(step.seed)
      const generation = session.generate(prompt, {
        ...generateOptions({ seed: step.seed, count: step.do === 'generate' ? step.count : 3 }, model),
        // The replay, which has no signal, is without drafts.
        speculation: signal && step.seed % 2 === 0 ? 'lookup' : 'none',
        ...options,
      })
      for await (const { id } of generation) {
        generated.push(id)
        if (generated.length === step.leaveAfter) break
      }
      if (generation.stopReason === 'abort') throw 'aborted'
      return [generation.ids, generation.text, generation.stopReason]
    }
    case 'fork': {
      const fork = await session.fork()
      try {
        const both = [fork.score(idsFrom(step)), session.eval([1, 2])] as const
        await Promise.allSettled(both)
        return [await both[0], await both[1], fork.ids, logitsOf(fork)]
      } finally {
        await fork.dispose()
      }
    }
    case 'batch': {
      const fork = await session.fork()
      try {
        await model.evalBatch([
          { session: fork, ids: idsFrom(step) },
          { session, ids: [1] },
        ])
        return [fork.ids, logitsOf(fork)]
      } finally {
        await fork.dispose()
      }
    }
    case 'embed':
      return embed(model, [idsFrom(step), [1, 2, 3]], options)
    case 'invalid':
      return Promise.any([session.eval([VOCAB]), session.eval([]), session.rewind(10_000)]).catch(
        ({ errors }) => errors.map((error: unknown) => codeOf(error)),
      )
    case 'busy': {
      const running = session.eval([1, 2, 3, 4, 5])
      const refused = await session.score([1]).catch(codeOf)
      await running
      return refused
    }
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof DasllamaError ? error.code : error
}

/** What a step may fail with: never because of what somebody else does. */
function reasons(step: Step, { isAborted, hasRoom }: { isAborted: boolean; hasRoom: boolean }): unknown[] {
  return [
    'CONTEXT_FULL',
    ...(step.do === 'poison' ? ['NOT_A_NUMBER'] : []),
    ...(isAborted ? ['aborted'] : []),
    ...(hasRoom ? [] : ['OUT_OF_MEMORY']),
  ]
}

/** Puts a session through its steps, until it is disposed. */
async function act(
  actor: Actor,
  model: Model,
  { hasRoom, poisons }: { hasRoom: boolean; poisons: boolean },
): Promise<Observed[]> {
  const session = model.createSession({ seed: 1 })
  const disposed =
    actor.disposeAfter === undefined ? undefined : turns(actor.disposeAfter).then(() => session.dispose())
  const seen: Observed[] = []
  for (const { step, pause, abortAfter } of actor.steps) {
    await turns(pause)
    const controller = new AbortController()
    if (abortAfter !== undefined) void turns(abortAfter).then(() => controller.abort('aborted'))
    const generated: number[] = []
    const before = session.ids
    const outcome = await take(step, { model, session, generated, signal: controller.signal }).then(
      (value) => ({ value }),
      (error) => ({ failure: codeOf(error) }),
    )
    if (session.isDisposed) break
    expect(session.isBusy).toBe(false)
    if (step.do === 'poison' && poisons) expect(outcome).toHaveProperty('failure')
    if ('failure' in outcome) {
      expect(reasons(step, { isAborted: controller.signal.aborted, hasRoom }), step.do).toContain(
        outcome.failure,
      )
      const isOneCall = step.do !== 'fork' && step.do !== 'batch' && generated.length === 0
      if (isOneCall && outcome.failure === 'OUT_OF_MEMORY') expect(session.ids).toEqual(before)
      // What is left of a prompt that was not read to its end cannot be told from what was there before.
      if (step.do === 'prompt' && generated.length === 0) await session.reset()
    }
    seen.push({ step, ...outcome, generated, ids: session.ids, logits: logitsOf(session) })
  }
  await (disposed ?? session.dispose())
  return seen
}

/** Puts a session that has the model for itself through what has been seen, and compares. */
async function replay(seen: readonly Observed[], model: Model): Promise<void> {
  await using session = model.createSession({ seed: 1 })
  for (const observed of seen) {
    const { step } = observed
    const generated: number[] = []
    if (!('failure' in observed)) {
      const value = await take(step, { model, session, generated })
      expect({ step, value }).toEqual({ step, value: observed.value })
      expect(session.ids).toEqual(observed.ids)
      expect(logitsOf(session)).toEqual(observed.logits)
    } else {
      await replayFailure(observed, { model, session, generated })
      expect({ step, ids: session.ids }).toEqual({ step, ids: observed.ids })
    }
    expect({ step, generated }).toEqual({ step, generated: observed.generated })
  }
}

/** Brings a session to where the failure of a step has left the other one. */
async function replayFailure(
  { step, failure, ids, generated: reached = [] }: Observed,
  parts: { model: Model; session: Session; generated: number[] },
): Promise<void> {
  const { session } = parts
  if (failure === 'CONTEXT_FULL') {
    expect(await take(step, parts).catch(codeOf)).toBe(failure)
    if (step.do === 'prompt') await session.reset()
    return
  }
  if (step.do === 'prompt' && reached.length === 0) return session.reset()
  if (step.do === 'generate' || step.do === 'prompt') {
    if (reached.length > 0) {
      const options = {
        ...step,
        count: step.do === 'generate' ? 100 : step.count,
        leaveAfter: reached.length,
      }
      await take(options, parts)
    } else if (ids.length !== session.position) {
      await session.generate(undefined, { maxTokens: 0 }).result()
    }
    return
  }
  if (ids.length === session.position) return
  await take(step, parts)
  await session.rewind(session.position - ids.length)
}

/** Fails batches with a row of `POISON`, as an engine does that finds a value that is not a number: after some results. */
function poison(executable: RecurrentExecutable): void {
  const run = executable.run.bind(executable)
  executable.run = async (batch: Batch, take: TakeOutput) => {
    if (!Array.from(batch.ids).includes(POISON)) return run(batch, take)
    let left = batch.outputs.length - 1
    const failure = new DasllamaError('NOT_A_NUMBER', 'poisoned')
    if (left < 0) throw failure
    return run(batch, (row, values, ms) => {
      if (left-- === 0) throw failure
      return take(row, values, ms)
    })
  }
}

let isFine = false
beforeEach(() => {
  const isDue = pacer.isDue.bind(pacer)
  const due = vi.spyOn(pacer, 'isDue').mockImplementation((now, size) => isFine || isDue(now, size))
  return () => due.mockRestore()
})
afterEach(() => {
  isFine = false
})

const SCENARIO = fc.record({
  actors: fc.array(ACTOR, { minLength: 2, maxLength: 6 }),
  isFine: fc.boolean(),
})

it('of sessions give each one’s results, whatever fails beside it and whatever memories reach', {
  timeout: 120_000,
}, async () => {
  const scenarios = fc.record({
    scenario: SCENARIO,
    reach: number(3),
    /** Tokens that there is memory for. */
    room: fc.option(number(1500, 200), { nil: 1e6 }),
  })
  let [passes, shared, failures] = [0, 0, 0]
  const reaches = ['kv', 'recurrent', 'hybrid', 'window'] as const
  const options = (reach: Reach) => ({ reach, contextLength: CONTEXT })
  const alone = await Promise.all(reaches.map((reach) => recurrentModel(options(reach))))
  const together = await Promise.all(reaches.map((reach) => recurrentModel(options(reach))))
  for (const { executable } of together) poison(executable)

  await fc.assert(
    fc.asyncProperty(scenarios, async ({ scenario, reach, room }) => {
      isFine = scenario.isFine
      const { model, executable } = together[reach]
      const run = vi.spyOn(executable, 'run')
      executable.memoryLimit = executable.bytesInUse + room * STATE_BYTES
      const hasRoom = room === 1e6
      const seen = await Promise.all(
        scenario.actors.map((actor) => act(actor, model, { hasRoom, poisons: true })),
      )
      expect(executable.open.size).toBe(0)
      passes += run.mock.calls.length
      shared += run.mock.calls.filter(([batch]) => batch.runs.length > 1).length
      run.mockRestore()
      failures += seen.flat().filter((observed) => 'failure' in observed).length
      isFine = false
      for (const each of seen) await replay(each, alone[reach].model)
    }),
    { seed: 5, numRuns: 80, endOnFailure: true },
  )
  // What this test is about does happen.
  expect(shared / passes).toBeGreaterThan(0.1)
  expect(failures).toBeGreaterThan(30)
})

it.each([
  ['attention', () => smallModel({ format: 'Q8_0' }), 20],
  ['recurrent layers and attention', () => hybridModel({ format: 'Q8_0', stateDim: 16 }), 8],
] as const)(
  'of sessions in WebAssembly, with %s, give each one’s results to the last bit',
  {
    timeout: 120_000,
  },
  async (_, write, numRuns) => {
    const bytes = write()
    const alone = await loadModel(bytes, { contextLength: CONTEXT, threads: 1 })
    await fc.assert(
      fc.asyncProperty(SCENARIO, fc.boolean(), async (scenario, isShort) => {
        isFine = scenario.isFine
        const model = await loadModel(bytes, {
          contextLength: CONTEXT,
          threads: 1,
          // Room for some 3,000 tokens.
          ...(isShort && { memoryLimit: alone.memoryBytes + 3000 * 2 * 2 * 2 * 2 * 16 }),
        })
        const { memoryBytes } = model
        const seen = await Promise.all(
          scenario.actors.map((actor) => act(actor, model, { hasRoom: !isShort, poisons: false })),
        )
        expect(model.memoryBytes).toBe(memoryBytes)
        await model.dispose()
        isFine = false
        for (const each of seen) await replay(each, alone)
      }),
      { seed: 7, numRuns, endOnFailure: true },
    )
    await alone.dispose()
  },
)
