import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { attend, CACHES, inputOf, prepareCall } from './attention-input.js'
import { BUILDS, createThreadedWorkbench, createWorkbench, type Workbench } from './workbench.js'

const THREADS = 3

describe.each(BUILDS)('%s kernels on several threads:', (build) => {
  let alone: Workbench
  let several: Awaited<ReturnType<typeof createThreadedWorkbench>>

  beforeAll(async () => {
    alone = await createWorkbench(build)
    several = await createThreadedWorkbench(THREADS, build)
  })
  afterAll(() => several.shutDown())

  it.each(CACHES)('attention over $type has the bits of one thread', (cache) => {
    const [headDim] = cache.headDims
    for (const window of [undefined, 1, 5, 128, 129, 1000]) {
      for (const [firstPosition, tokens] of [
        [0, 1],
        [255, 1],
        [1290, 1],
        [8300, 1],
        [0, 128],
        [1200, 128],
      ]) {
        const shape = { firstPosition, tokens, heads: 6, kvHeads: 2, headDim, window }
        const input = inputOf(shape, cache)
        const first = window === undefined ? 0 : Math.max(0, firstPosition - window + 1)
        const expected = attend(alone, cache, input)
        const paging = { first, absent: 0xfff00000 }
        const { call, out, scratch, scratchBytes } = prepareCall(several, cache, input, paging, THREADS)
        // Which thread takes which part is not deterministic.
        for (let time = 0; time < 3; time++) {
          several.kernels.attention(...call)
          expect(several.result(out, input.q.length)).toEqual(expected)
        }
        several.expectGuard(scratch, scratchBytes)
      }
    }
  })
})
