import { expect, it } from 'vitest'
import { programForContext } from '../../src/backend/context-length.js'
import { Builder } from '../../src/model/builder/builder.js'
import { llama } from '../../src/model/families/llama.js'
import { CONFIG, NAMES } from './wasm/drawn-program.js'

const SCALING = { type: 'longrope', factor: 1, originalContext: 64, attentionFactor: 1.2 } as const

/** A llama with longrope's tensors, in heads of 8. */
function recorded(scaling: typeof SCALING | { type: 'none' }) {
  const names = { has: (name: string) => NAMES.has(name) || name.startsWith('rope_factors') }
  const config = { ...CONFIG, ropeScaling: scaling }
  return Builder.record(config, names, (b) => llama.build(b, config))
}

it.each([
  [1, 'rope_factors_short.weight'],
  [64, 'rope_factors_short.weight'],
  [65, 'rope_factors_long.weight'],
  [4096, 'rope_factors_long.weight'],
])('a context of %i positions has the frequencies of %s, and needs no others', (contextLength, name) => {
  const whole = recorded(SCALING)
  const program = programForContext(whole, contextLength)
  expect(program.ropes.map(({ factors, longFactors }) => [factors, longFactors])).toEqual([[name, undefined]])
  expect([...program.tensors.keys()].filter((each) => each.startsWith('rope_'))).toEqual([name])
  expect(program.tensors.size).toBe(whole.tensors.size - 1)
  expect([...whole.tensors.keys()].filter((each) => each.startsWith('rope_'))).toHaveLength(2)
})

it('other programs do not depend on the context', () => {
  const program = recorded({ type: 'none' })
  expect(programForContext(program, 4096)).toEqual(program)
})
