import { describe, expect, it } from 'vitest'
import type { DasllamaError } from '../../src/errors.js'
import { llama } from '../../src/model/families/llama.js'
import type { Family } from '../../src/model/family.js'
import { familyOf, registerFamily } from '../../src/model/registry.js'

/** A family of other names, which computes what llama does. */
function named(...architectures: string[]): Family {
  return { ...llama, architectures }
}

describe('registerFamily', () => {
  it('registers a family for its architectures', () => {
    const family = named('registry-one', 'registry-two')
    expect(() => familyOf('registry-one', 'm.gguf')).toThrow('"registry-one" is not supported')
    registerFamily(family)
    expect(familyOf('registry-one', 'm.gguf')).toBe(family)
    expect(familyOf('registry-two', 'm.gguf')).toBe(family)
  })

  it('is idempotent, also for built-in families', () => {
    const family = named('registry-again')
    registerFamily(family)
    registerFamily(family)
    registerFamily(llama)
    expect(familyOf('registry-again', 'm.gguf')).toBe(family)
    expect(familyOf('llama', 'm.gguf')).toBe(llama)
  })

  it.each(['llama', 'qwen2', 'qwen3', 'gemma3', 'registry-taken'])(
    'refuses %s, which another family answers for, and takes nothing of it',
    (taken) => {
      const first = named('registry-taken')
      if (taken === 'registry-taken') registerFamily(first)
      const before = familyOf(taken, 'm.gguf')
      expect(() => registerFamily(named('registry-not-taken', taken))).toThrow(
        expect.objectContaining({
          name: 'DasllamaError',
          code: 'INVALID_ARGUMENT',
          message: `architecture "${taken}" already has a family`,
        }),
      )
      expect(familyOf(taken, 'm.gguf')).toBe(before)
      expect(() => familyOf('registry-not-taken', 'm.gguf')).toThrow('is not supported')
    },
  )

  it.each<[string, unknown]>([
    ['undefined', undefined],
    ['null', null],
    ['a name', 'llama'],
    ['a number', 7],
    ['an empty object', {}],
    ['no architectures', { ...llama, architectures: undefined }],
    ['an empty list of architectures', { ...llama, architectures: [] }],
    ['an architecture outside of a list', { ...llama, architectures: 'mine' }],
    ['an architecture without a name', { ...llama, architectures: ['registry-part', ''] }],
    ['an architecture that is not a string', { ...llama, architectures: ['registry-part', 7] }],
    ['no hyperparameters()', { ...named('registry-part'), hyperparameters: undefined }],
    ['no build()', { ...named('registry-part'), build: {} }],
  ])('rejects what is not a family: %s', (_, family) => {
    expect(() => registerFamily(family as Family)).toThrow(
      expect.objectContaining({
        name: 'DasllamaError',
        code: 'INVALID_ARGUMENT',
        message: 'a family has architectures, hyperparameters() and build()',
      }),
    )
    expect(() => familyOf('registry-part', 'm.gguf')).toThrow('is not supported')
  })
})

describe('an architecture without a family', () => {
  const hintFor = (architecture: string): string => {
    try {
      familyOf(architecture, 'm.gguf')
    } catch (error) {
      expect(error).toMatchObject({
        code: 'UNSUPPORTED',
        message: `m.gguf: architecture "${architecture}" is not supported`,
      })
      return (error as DasllamaError).hint ?? ''
    }
    throw new Error(`${architecture} is supported`)
  }

  it('is rejected with a few of the supported ones', () => {
    expect(hintFor('wavtokenizer-dec')).toMatch(/^\d+ are supported, among them llama, qwen3, gemma3, phi3/)
    registerFamily(named('registry-listed', ...Array.from({ length: 50 }, (_, i) => `registry-many-${i}`)))
    expect(hintFor('wavtokenizer-dec').length).toBeLessThan(200)
  })

  it.each([
    ['lama', 'llama'],
    ['qwen', 'qwen2'],
    ['gemma-2', 'gemma2'],
    ['granit', 'granite'],
    ['cohere', 'cohere2'],
    ['phi-3', 'phi3'],
    ['olmo', 'olmo2'],
  ])('%s is rejected with the nearest one, %s', (architecture, meant) => {
    expect(hintFor(architecture)).toMatch(new RegExp(`^the nearest supported one is ${meant};`))
  })
})
