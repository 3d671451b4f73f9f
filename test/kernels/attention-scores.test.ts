import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  attend,
  CACHES,
  type Input,
  inputOf,
  prepareCall,
  reference,
  type Shape,
  tokensOf,
} from './attention-input.js'
import {
  BUILDS,
  createThreadedWorkbench,
  createWorkbench,
  expectWithin,
  type Workbench,
} from './workbench.js'

/** What a layer does to its scores, and value widths of its own. */
const VARIANTS: Readonly<Record<string, (heads: number) => Partial<Shape>>> = {
  'a soft cap': () => ({ softcap: 1.5 }),
  sinks: (heads) => ({ sinks: Array.from({ length: heads }, (_, head) => head - 1.5) }),
  slopes: (heads) => ({ slopes: Array.from({ length: heads }, (_, head) => 2 ** -(head + 1)) }),
  'narrower values': () => ({ valueDim: 32 }),
  'wider values': () => ({ valueDim: 128 }),
  'all of them': (heads) => ({
    softcap: 2,
    sinks: Array.from({ length: heads }, (_, head) => 0.3 * head),
    slopes: Array.from({ length: heads }, (_, head) => 0.1 / (head + 1)),
    valueDim: 32,
    window: 70,
  }),
}

const HEADS = [
  { heads: 6, kvHeads: 2 },
  { heads: 10, kvHeads: 1 },
]

/** First position and tokens: one at the start, several across chunks, one in the third chunk. */
const PLACES = [
  [0, 1],
  [126, 5],
  [300, 1],
] as const

const HEAD_DIM = 64

function drawn(
  name: string,
  shape: Pick<Shape, 'heads' | 'kvHeads'>,
  place: readonly [number, number],
  cache: (typeof CACHES)[number],
): Input {
  const [firstPosition, tokens] = place
  return inputOf(
    { ...shape, headDim: HEAD_DIM, firstPosition, tokens, ...VARIANTS[name](shape.heads) },
    cache,
  )
}

describe.each(BUILDS)('%s kernels: attention with', (build) => {
  let bench: Workbench
  beforeAll(async () => {
    bench = await createWorkbench(build)
  })

  it.each(Object.keys(VARIANTS))('%s', (name) => {
    for (const cache of CACHES) {
      for (const heads of HEADS) {
        for (const place of PLACES) {
          const input = drawn(name, heads, place, cache)
          const { expected, tolerance } = reference(cache, input)
          expectWithin(attend(bench, cache, input), expected, (i) => tolerance[i])
        }
      }
    }
  })

  it.each(Object.keys(VARIANTS))('%s gives a token the same bits in any batch', (name) => {
    for (const cache of CACHES) {
      const input = drawn(name, { heads: 6, kvHeads: 2 }, [120, 20], cache)
      const length = 6 * (input.valueDim ?? HEAD_DIM)
      const all = attend(bench, cache, input)
      for (const token of [0, 7, 8, 19]) {
        expect(attend(bench, cache, tokensOf(input, token, 1))).toEqual(
          all.slice(token * length, (token + 1) * length),
        )
      }
    }
  })

  it('a sink far above all scores gives nothing, and one far below changes nothing', () => {
    const [cache] = CACHES
    const shape = { heads: 2, kvHeads: 1, headDim: HEAD_DIM, firstPosition: 40, tokens: 2 }
    const plain = attend(bench, cache, inputOf(shape, cache))
    const sunk = attend(bench, cache, { ...inputOf(shape, cache), sinks: [1e4, -1e4] })
    for (const [i, value] of sunk.entries()) {
      expect(Math.abs(value)).toBe(Math.floor(i / HEAD_DIM) % 2 ? Math.abs(plain[i]) : 0)
    }
  })

  it('latent keys of 576 and values of 512, for many heads', () => {
    const [cache] = CACHES
    for (const [firstPosition, tokens] of [
      [150, 1],
      [130, 3],
    ]) {
      const shape = { heads: 20, kvHeads: 1, headDim: 576, valueDim: 512, firstPosition, tokens }
      const input = inputOf(shape, cache)
      const { expected, tolerance } = reference(cache, input)
      expectWithin(attend(bench, cache, input), expected, (i) => tolerance[i])
    }
  })
})

describe('attention on three threads with', () => {
  let threaded: Awaited<ReturnType<typeof createThreadedWorkbench>>
  let bench: Workbench
  beforeAll(async () => {
    threaded = await createThreadedWorkbench(3)
    bench = await createWorkbench()
  })
  afterAll(() => threaded.shutDown())

  it.each(Object.keys(VARIANTS))('%s has the same bits', (name) => {
    const [cache] = CACHES
    for (const place of [...PLACES, [900, 1] as const]) {
      const input = drawn(name, { heads: 6, kvHeads: 2 }, place, cache)
      const { call, out, scratch, scratchBytes } = prepareCall(threaded, cache, input, undefined, 3)
      threaded.kernels.attention(...call)
      threaded.expectGuard(scratch, scratchBytes)
      const expected = attend(bench, cache, input)
      expect(threaded.result(out, expected.length)).toEqual(expected)
    }
  })
})
