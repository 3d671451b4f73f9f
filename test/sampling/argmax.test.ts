import { describe, expect, it } from 'vitest'
import { argmax } from '../../src/sampling/argmax.js'

const { NaN: nan, POSITIVE_INFINITY: infinity } = Number

describe('argmax', () => {
  it.each([
    ['the largest', [1, 3, 2], 1],
    ['the lowest id on ties', [1, 5, 5, 5], 1],
    ['negative logits', [-3, -1, -2], 1],
    ['zeros of either sign as a tie', [-0, 0], 0],
    ['no NaN before the largest', [nan, 1, 2], 2],
    ['no NaN after the largest', [1, 2, nan], 1],
    ['an infinite logit', [1, infinity, 3], 1],
    ['the finite one among masked ones', [-infinity, -1e30, -infinity], 1],
    ['the first one when all are masked', [-infinity, -infinity], 0],
    ['the first one when all are NaN', [nan, nan], 0],
    ['the only one', [-7], 0],
  ])('takes %s', (_, logits, id) => {
    expect(argmax(Float32Array.from(logits))).toBe(id)
  })
})
