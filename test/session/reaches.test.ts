import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Model, Session } from '../../src/index.js'
import { VOCAB } from '../model/small.js'
import { randomIds } from '../support/random-models.js'
import type { Reach } from '../support/recurrent-memory.js'
import { recurrentModel } from '../support/recurrent-model.js'
import { collect } from './collect.js'

const MEMORIES: readonly { readonly reach: Reach; readonly isRemote?: boolean }[] = [
  { reach: 'kv' },
  { reach: 'recurrent' },
  { reach: 'hybrid' },
  { reach: 'window' },
  { reach: 'recurrent', isRemote: true },
  { reach: 'window', isRemote: true },
]
const IDS = randomIds(2000, VOCAB, 'reaches')

/** What can be done to a session. Numbers are bounded by what there is when it is done. */
type Step =
  | { readonly do: 'eval' | 'score'; readonly from: number; readonly count: number }
  | { readonly do: 'rewind'; readonly count: number }
  | { readonly do: 'prompt'; readonly kept: number; readonly from: number; readonly count: number }
  | { readonly do: 'generate'; readonly count: number; readonly leaveAfter: number; readonly stop: string }
  | { readonly do: 'fork' | 'save' | 'reset' }

const number = (max: number, min = 0) => fc.integer({ min, max })
const STEP: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constantFrom('eval', 'score'), from: number(1000), count: number(200, 1) }),
  fc.record({ do: fc.constant('eval'), from: number(1000), count: number(5, 1) }),
  fc.record({ do: fc.constant('rewind'), count: number(300) }),
  fc.record({ do: fc.constant('rewind'), count: number(6) }),
  fc.record({ do: fc.constant('prompt'), kept: number(900), from: number(1000), count: number(700, 1) }),
  fc.record({
    do: fc.constant('generate'),
    count: number(20, 1),
    leaveAfter: number(30, 1),
    // Letters, so that text is held back often.
    stop: fc.constantFrom('e', 'th', 'zzzz', 'a b', '\u0000'),
  }),
  fc.constantFrom<Step>({ do: 'fork' }, { do: 'save' }, { do: 'reset' }),
)

/** Does a step, and returns the session that goes on and what there is to compare. */
async function take(step: Step, session: Session, model: Model): Promise<[Session, unknown]> {
  switch (step.do) {
    case 'eval':
      return [session, await session.eval(IDS.slice(step.from, step.from + step.count))]
    case 'score':
      return [session, await session.score(IDS.slice(step.from, step.from + step.count))]
    case 'rewind':
      return [session, await session.rewind(Math.min(step.count, session.position))]
    case 'prompt': {
      const prompt = [...session.ids.slice(0, step.kept), ...IDS.slice(step.from, step.from + step.count)]
      return [session, (await session.generate(prompt, { maxTokens: 1 }).result()).text]
    }
    case 'generate': {
      if (session.position === 0) return [session, undefined]
      const { count: maxTokens, stop, leaveAfter } = step
      const generation = session.generate(undefined, { temp: 1, topK: 50, penalty: 1.2, maxTokens, stop })
      for await (const _ of generation) if (generation.ids.length === leaveAfter) break
      return [session, [generation.ids, generation.text, generation.stopReason]]
    }
    case 'fork': {
      const fork = await session.fork()
      await session.dispose()
      return [fork, undefined]
    }
    case 'save': {
      const other = model.createSession({ seed: 99 })
      await other.restore(await session.save())
      await session.dispose()
      return [other, undefined]
    }
    case 'reset':
      return [session, await session.reset()]
  }
}

function logitsOf(session: Session): Float32Array | undefined {
  try {
    return session.logits()
  } catch {
    return undefined
  }
}

it('what a memory reaches, and on which side of a channel it is, changes no bit of what a session does', async () => {
  const models = await Promise.all(MEMORIES.map((memory) => recurrentModel(memory)))
  await fc.assert(
    fc.asyncProperty(fc.array(STEP, { minLength: 2, maxLength: 9 }), async (steps) => {
      const outcomes: unknown[][] = []
      for (const { model } of models) {
        let session = model.createSession({ seed: 5 })
        const seen: unknown[] = []
        for (const step of steps) {
          let outcome: unknown
          ;[session, outcome] = await take(step, session, model)
          seen.push([step.do, outcome, session.ids, session.position, logitsOf(session)])
        }
        // What the next tokens are also depends on the random numbers and on what the penalties look at.
        if (session.position > 0) {
          const last = session.generate(undefined, { temp: 1, penalty: 1.5, maxTokens: 4 })
          await collect(last)
          seen.push(last.ids, logitsOf(session))
        }
        await session.dispose()
        outcomes.push(seen)
      }
      for (const [i, outcome] of outcomes.entries())
        expect(outcome, JSON.stringify(MEMORIES[i])).toEqual(outcomes[0])
    }),
    { seed: 3, numRuns: 120 },
  )
  // All of it has been given back, as soon as the messages have arrived.
  await new Promise((resolve) => setTimeout(resolve, 10))
  for (const { executable } of models) expect(executable.open.size).toBe(0)
})
