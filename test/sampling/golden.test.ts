import { describe, expect, it } from 'vitest'
import { createSampler } from '../../src/sampling/index.js'
import { drawGolden, GOLDEN, goldenLogits } from './golden.js'

describe('the same seed gives the same ids in every version and on every engine', () => {
  it.each(GOLDEN)('$name', (golden) => {
    expect(golden.ids).toHaveLength(50)
    expect(drawGolden(createSampler, golden)).toEqual(golden.ids)
  })

  it('from unchanged logits', () => {
    expect([...goldenLogits(0).slice(0, 4), goldenLogits(49)[999]]).toEqual([
      9.64654541015625, 1.1629638671875, 5.9100341796875, 4.19244384765625, 3.25286865234375,
    ])
  })
})
