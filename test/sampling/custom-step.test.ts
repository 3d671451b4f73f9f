import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type Candidate,
  type Candidates,
  type CustomStep,
  createSampler,
  DasllamaError,
  type SamplingParams,
} from '../../src/sampling/index.js'
import { makeLogits, recipes } from './vocabularies.js'

const { NaN: nan, POSITIVE_INFINITY: infinity } = Number
const LOGITS = Float32Array.of(1, 0.5, -1, 2, 0, -0.5, 1.5, -2)

/** The ids that may be drawn after these steps. */
function left(samplers: SamplingParams['samplers'], params: SamplingParams = {}): number[] {
  const sampler = createSampler({ temp: 1, ...params, samplers }, { seed: 1 })
  sampler.pick(LOGITS)
  return sampler
    .logprobs(LOGITS.length)
    .top.map(({ id }) => id)
    .sort((a, b) => a - b)
}

/** What `read` sees in a step after the top three, by `params` and `recent`. */
function seen<T>(read: (candidates: Candidates) => T, recent: readonly number[] = []): T {
  let result: T | undefined
  const look = (candidates: Candidates) => {
    result = read(candidates)
  }
  createSampler({ temp: 0.5, topK: 3, samplers: ['topK', 'temperature', look] }, { seed: 1 }).pick(
    LOGITS,
    recent,
  )
  return result as T
}

/** The result of a pick with `step`. */
function failureOf(step: CustomStep): DasllamaError {
  try {
    createSampler({ temp: 1, samplers: [step] }).pick(LOGITS)
  } catch (error) {
    if (error instanceof DasllamaError) return error
    throw error
  }
  return expect.fail('nothing was thrown')
}

describe('a custom step sees', () => {
  it('the candidates by ascending id', () => {
    expect(seen((candidates) => [...candidates])).toEqual([0, 3, 6])
    expect(seen(({ size, vocabSize }) => [size, vocabSize])).toEqual([3, 8])
    expect(seen((candidates) => [2, 3].map((id) => candidates.has(id)))).toEqual([false, true])
  })

  it('logits as changed by earlier steps, and -Infinity for removed tokens', () => {
    expect(seen((candidates) => [2, 3, 6].map((id) => candidates.logit(id)))).toEqual([-infinity, 4, 3])
  })

  it('probabilities among the candidates, also after a change', () => {
    const sum = Math.exp(2) + Math.exp(4) + Math.exp(3)
    expect(seen((candidates) => candidates.probability(3))).toBeCloseTo(Math.exp(4) / sum, 10)
    expect(seen((candidates) => candidates.probability(2))).toBe(0)
    const shares = seen((candidates) => {
      const before = candidates.probability(6)
      candidates.remove([3])
      const between = candidates.probability(6)
      candidates.setLogit(6, 2)
      return [before, between, candidates.probability(6), candidates.probability(3)]
    })
    for (const [i, share] of [Math.exp(3) / sum, 1 / (1 + Math.exp(-1)), 0.5, 0].entries()) {
      expect(shares[i]).toBeCloseTo(share, 10)
    }
  })

  it('the most likely tokens in order, the lower id first on ties', () => {
    const ids = (top: Candidate[]) => top.map(({ id }) => id)
    expect(seen((candidates) => ids(candidates.top(2)))).toEqual([3, 6])
    expect(seen((candidates) => ids(candidates.top(99)))).toEqual([3, 6, 0])
    expect(seen((candidates) => ids(candidates.top(0)))).toEqual([])
    const tied = seen((candidates) => {
      candidates.mapLogits(() => 1)
      candidates.remove([0])
      return candidates.top(99)
    })
    expect(tied).toEqual([
      { id: 3, logit: 1, probability: 0.5 },
      { id: 6, logit: 1, probability: 0.5 },
    ])
  })

  it('the previous tokens, as a copy', () => {
    const recent = [4, 2]
    const wipe = ({ previousTokens }: Candidates) => {
      const ids = previousTokens as number[]
      const before = [...ids]
      ids.length = 0
      return before
    }
    expect(seen(wipe, recent)).toEqual([4, 2])
    expect(recent).toEqual([4, 2])
  })
})

describe('a custom step changes', () => {
  it('single logits, and removes by -Infinity', () => {
    const change = (candidates: Candidates) => {
      candidates.setLogit(7, 100)
      candidates.setLogit(3, -infinity)
    }
    expect(left([change])).toEqual([0, 1, 2, 4, 5, 6, 7])
    expect(left([change, 'minP'], { minP: 0.5 })).toEqual([7])
  })

  it('all logits at once, each computed from what was before', () => {
    const shares: number[] = []
    const flatten = (candidates: Candidates) => {
      candidates.mapLogits((id, logit) => {
        shares.push(candidates.probability(id))
        return id < 4 ? logit : -infinity
      })
    }
    expect(left([flatten])).toEqual([0, 1, 2, 3])
    expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 10)
  })

  it.each<[string, CustomStep, number[]]>([
    ['keep', (candidates) => candidates.keep([6, 1, 6]), [1, 6]],
    ['keep of a set', (candidates) => candidates.keep(new Set([7])), [7]],
    ['remove', (candidates) => candidates.remove(Int32Array.of(0, 5, 0)), [1, 2, 3, 4, 6, 7]],
    ['filter', (candidates) => candidates.filter((id, logit) => logit > 0 && id !== 3), [0, 1, 6]],
    ['filter by share', (candidates) => candidates.filter((id) => candidates.probability(id) > 0.2), [3, 6]],
    ['nothing', () => {}, [0, 1, 2, 3, 4, 5, 6, 7]],
  ])('which there are, by %s', (_, step, ids) => {
    expect(left([step])).toEqual(ids)
  })

  it('what it iterates over', () => {
    const odd = (candidates: Candidates) => {
      for (const id of candidates) if (id % 2 === 0) candidates.remove([id, (id + 2) % 8])
      expect([...candidates]).toEqual([1, 3, 5, 7])
      expect(candidates.size).toBe(4)
    }
    expect(left([odd])).toEqual([1, 3, 5, 7])
  })

  it('cannot change a removed token, whichever step removed it', () => {
    const revive = (candidates: Candidates) => {
      for (let id = 0; id < 8; id++) candidates.setLogit(id, 1)
      candidates.mapLogits(() => 1)
      candidates.keep([0, 3, 6])
      candidates.setLogit(0, 5)
      // A bias has no effect on a removed token.
      candidates.setLogit(5, candidates.logit(5) * 0)
    }
    expect(left(['topK', revive], { topK: 2 })).toEqual([3, 6])
    expect(left([(candidates) => candidates.remove([3]), revive])).toEqual([0, 6])
  })

  it('logits beyond f32 to the nearest, Infinity included', () => {
    const extremes = (candidates: Candidates) => {
      candidates.setLogit(2, infinity)
      candidates.setLogit(1, -1e300)
      candidates.mapLogits((id, logit) => (id === 0 ? -1e300 : id === 5 ? 1e300 : logit))
      expect([1, 2, 0, 5].map((id) => Math.sign(candidates.logit(id)))).toEqual([-1, 1, -1, 1])
      expect(candidates.size).toBe(8)
      for (const id of candidates) expect(Math.abs(candidates.logit(id))).toBeLessThanOrEqual(3.5e38)
    }
    expect(left([extremes, 'minP'], { minP: 0.5 })).toEqual([2, 5])
  })

  it('not the caller’s logits', () => {
    const logits = LOGITS.slice()
    createSampler({ samplers: [(candidates) => candidates.mapLogits(() => 0)] }).pick(logits)
    expect(logits).toEqual(LOGITS)
  })

  it('as much as any other step: top-k and min-p written as one draw the same', () => {
    const topK: CustomStep = (candidates) => candidates.keep(candidates.top(5).map(({ id }) => id))
    const minP: CustomStep = (candidates) => {
      const [best] = candidates.top(1)
      candidates.filter((_, logit) => logit >= best.logit + Math.fround(Math.log(0.25)))
    }
    fc.assert(
      fc.property(recipes(['normal']), fc.nat(), (recipe, seed) => {
        const logits = makeLogits(recipe)
        const own = createSampler({ temp: 1, topK: 5, minP: 0.25, samplers: ['topK', 'minP'] }, { seed })
        const custom = createSampler({ temp: 1, samplers: [topK, minP] }, { seed })
        for (let i = 0; i < 5; i++) expect(custom.pick(logits)).toBe(own.pick(logits))
      }),
      { numRuns: 200, seed: 3 },
    )
  })
})

describe('a custom step cannot break the sampler', () => {
  it.each<[string, CustomStep, string, RegExp]>([
    ['removes all', (all) => all.keep([]), 'NO_CANDIDATES', /^a custom step removed every remaining token$/],
    ['filters all', (all) => all.filter(() => false), 'NO_CANDIDATES', /removed every remaining token/],
    ['masks all', (all) => all.mapLogits(() => -infinity), 'NO_CANDIDATES', /removed every remaining token/],
    [
      'sets NaN',
      (all) => all.setLogit(5, nan),
      'INVALID_ARGUMENT',
      /^a custom step made the logit of token 5 NaN$/,
    ],
    ['maps to NaN', (all) => all.mapLogits((id) => (id === 6 ? nan : 0)), 'INVALID_ARGUMENT', /token 6 NaN$/],
    [
      'maps to nothing',
      (all) => all.mapLogits((() => {}) as never),
      'INVALID_ARGUMENT',
      /^a custom step set the logit of token 0 to undefined, not to a number$/,
    ],
    ['sets a text', (all) => all.setLogit(0, '1' as never), 'INVALID_ARGUMENT', /token 0 to "1", not/],
    ...[-1, 8, 1.5, nan, '3', null, 2 ** 40].flatMap((id): [string, CustomStep, string, RegExp][] => {
      const message = /^a custom step used token .*, which is not in the vocabulary \(0 to 7\)$/
      const called = (name: string, step: CustomStep): [string, CustomStep, string, RegExp] => [
        `${name} ${String(id)}`,
        step,
        'INVALID_ARGUMENT',
        message,
      ]
      return [
        called('asks whether it has', (all) => void all.has(id as never)),
        called('reads the logit of', (all) => void all.logit(id as never)),
        called('reads the probability of', (all) => void all.probability(id as never)),
        called('sets the logit of', (all) => all.setLogit(id as never, 0)),
        called('keeps', (all) => all.keep([1, id as never])),
        called('removes', (all) => all.remove([1, id as never])),
      ]
    }),
    ['keeps no list', (all) => all.keep(3 as never), 'INVALID_ARGUMENT', /^keep takes token ids, such as/],
    ['removes null', (all) => all.remove(null as never), 'INVALID_ARGUMENT', /^remove takes .*, not null$/],
    ...[-1, 1.5, nan, '2', undefined].map((n): [string, CustomStep, string, RegExp] => [
      `asks for the top ${n}`,
      (all) => void all.top(n as never),
      'INVALID_ARGUMENT',
      /^a custom step called top\(.*\): n must be a whole number, 0 or more$/,
    ]),
    [
      'is async',
      (async () => {
        throw new Error('nobody waits for it')
      }) as never,
      'INVALID_ARGUMENT',
      /^a custom step returned a promise$/,
    ],
  ])('that %s', (_, step, code, message) => {
    const error = failureOf(step)
    expect(error.code).toBe(code)
    expect(error.message).toMatch(message)
    let isBroken = true
    const sampler = createSampler({ samplers: [(all) => (isBroken ? step(all) : undefined)] })
    expect(() => sampler.pick(LOGITS)).toThrow(message)
    expect(() => sampler.logprobs(1)).toThrow(/no token has been picked/)
    isBroken = false
    expect(sampler.pick(LOGITS)).toBe(3)
  })

  it('that catches an error: nothing has changed', () => {
    const clumsy = (candidates: Candidates) => {
      for (const change of [
        () => candidates.keep([1, 99]),
        () => candidates.remove([3, -1]),
        () => candidates.setLogit(3, nan),
        () => candidates.mapLogits((id) => (id < 7 ? 0 : nan)),
      ]) {
        expect(change).toThrow(DasllamaError)
      }
      expect(Array.from(candidates, (id) => candidates.logit(id))).toEqual([...LOGITS])
    }
    expect(left([clumsy])).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
  })

  it('that uses its candidates later', () => {
    let kept: Candidates | undefined
    let iterator: Iterator<number> | undefined
    const hoard = (candidates: Candidates) => {
      kept ??= candidates
      iterator ??= candidates[Symbol.iterator]()
      iterator.next()
    }
    const sampler = createSampler({ samplers: [hoard] })
    sampler.pick(LOGITS)
    const uses: (() => unknown)[] = [
      () => kept?.size,
      () => kept?.vocabSize,
      () => kept?.previousTokens,
      () => kept?.has(0),
      () => kept?.logit(0),
      () => kept?.probability(0),
      () => kept?.top(1),
      () => kept?.setLogit(0, 99),
      () => kept?.mapLogits(() => 0),
      () => kept?.keep([]),
      () => kept?.remove([]),
      () => kept?.filter(() => false),
      () => [...(kept ?? [])],
      () => iterator?.next(),
    ]
    for (const use of uses) {
      expect(use).toThrow(/^the candidates of a custom step were used after it had returned$/)
    }
    expect(sampler.logprobs(8).top).toHaveLength(8)
  })

  it('that picks with its own sampler', () => {
    const sampler = createSampler({
      samplers: [
        () => {
          sampler.pick(LOGITS)
        },
      ],
    })
    expect(() => sampler.pick(LOGITS)).toThrow(/^pick was called by a custom step of the same sampler$/)
  })

  it('that throws: its own error ends the pick, and the sampler stays usable', () => {
    let isBroken = true
    const error = new RangeError('mine')
    const sampler = createSampler({
      samplers: [
        'topK',
        (candidates) => {
          candidates.remove([3])
          if (isBroken) throw error
        },
      ],
    })
    expect(() => sampler.pick(LOGITS)).toThrow(error)
    isBroken = false
    expect(sampler.pick(LOGITS)).toBe(6)
  })
})

describe('candidates of any logits', () => {
  /** The reference model: a map. */
  it('do what a map would', () => {
    const actions = fc.array(
      fc.record({
        action: fc.constantFrom('set', 'mask', 'keep', 'remove', 'filter', 'map'),
        ids: fc.array(fc.nat({ max: 40 }), { maxLength: 30 }),
        logit: fc.double({ min: -50, max: 50, noNaN: true }).map(Math.fround),
      }),
      { maxLength: 12 },
    )
    fc.assert(
      fc.property(recipes(['normal', 'ties']), actions, (recipe, actions) => {
        const logits = makeLogits(recipe)
        const step = (candidates: Candidates) => {
          const model = new Map(Array.from(candidates, (id) => [id, candidates.logit(id)]))
          const known = (ids: number[]) => ids.filter((id) => id < candidates.vocabSize)
          for (const { action, ids: all, logit } of actions) {
            const ids = known(all)
            if (action === 'set') {
              for (const id of ids) {
                candidates.setLogit(id, logit)
                if (model.has(id)) model.set(id, logit)
              }
            } else if (action === 'mask') {
              for (const id of ids) {
                candidates.setLogit(id, -infinity)
                model.delete(id)
              }
            } else if (action === 'keep') {
              candidates.keep(ids)
              for (const id of [...model.keys()]) if (!ids.includes(id)) model.delete(id)
            } else if (action === 'remove') {
              candidates.remove(ids)
              for (const id of ids) model.delete(id)
            } else if (action === 'filter') {
              candidates.filter((_, each) => each < logit)
              for (const [id, each] of [...model]) if (!(each < logit)) model.delete(id)
            } else {
              candidates.mapLogits((id, each) => each + id)
              for (const [id, each] of model) model.set(id, Math.fround(each + id))
            }
            expect([...candidates]).toEqual([...model.keys()])
            expect(candidates.size).toBe(model.size)
            for (const [id, each] of model) expect(candidates.logit(id)).toBe(each)
            const sorted = [...model].sort(([a, x], [b, y]) => y - x || a - b).map(([id]) => id)
            expect(candidates.top(7).map(({ id }) => id)).toEqual(sorted.slice(0, 7))
            const shares = candidates.top(model.size).map(({ probability }) => probability)
            if (model.size > 0) expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 8)
          }
        }
        try {
          createSampler({ temp: 1, samplers: [step] }, { seed: 1 }).pick(logits)
        } catch (error) {
          if (!(error instanceof DasllamaError && error.code === 'NO_CANDIDATES')) throw error
        }
      }),
      { numRuns: 300, seed: 9 },
    )
  })
})
