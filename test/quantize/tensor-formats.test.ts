import { describe, expect, it } from 'vitest'
import { Metadata } from '../../src/gguf/metadata.js'
import { FILE_TYPES, fileType } from '../../src/quantize/file-types.js'
import { proportions } from '../../src/quantize/proportions.js'
import { tensorFormats } from '../../src/quantize/tensor-formats.js'
import { compact } from './compact.js'
import { SKETCHES, type SketchedModel } from './models.js'
import { recorded } from './recorded.js'

function proportionsOf({ metadata }: SketchedModel) {
  const values = Array.from(
    metadata,
    ([key, value]) => [key, (value as { value: string | number }).value] as const,
  )
  return proportions(new Metadata('model.gguf', new Map(values)))
}

describe('file types', () => {
  const { formats } = recorded()

  it.each(SKETCHES)('give a model with $name the formats that llama.cpp gives it', (model) => {
    for (const type of FILE_TYPES) {
      const chosen = tensorFormats(model.tensors, type, proportionsOf(model))
      const found = compact(chosen.map(({ tensor, format }) => ({ ...tensor, format })))
      expect(found, type.name).toEqual(formats[model.name][type.name])
    }
  })

  it('leave vectors, norms and routers as they are', () => {
    const [model] = SKETCHES.filter(({ name }) => name === '8 experts')
    const chosen = tensorFormats(model.tensors, fileType('Q4_0'), proportionsOf(model))
    const kept = chosen.filter(({ format }) => format.name === 'F32').map(({ tensor }) => tensor.name)
    expect(new Set(kept.map((name) => name.replace(/^blk\.\d+\./, '')))).toEqual(
      new Set(['output_norm.weight', 'attn_norm.weight', 'ffn_norm.weight', 'ffn_gate_inp.weight']),
    )
  })

  it('say which format was intended where rows do not fit', () => {
    const [model] = SKETCHES.filter(({ name }) => name === 'rows of 160')
    const chosen = tensorFormats(model.tensors, fileType('Q4_K_M'), proportionsOf(model))
    const of = (wanted: string) => {
      const { format, intended } = chosen.find(({ tensor }) => tensor.name === wanted)!
      return [format.name, intended?.name]
    }
    expect(of('blk.0.attn_q.weight')).toEqual(['Q5_0', 'Q4_K'])
    expect(of('blk.2.attn_v.weight')).toEqual(['Q8_0', 'Q6_K'])
    expect(of('blk.0.ffn_down.weight')).toEqual(['Q4_K', undefined])
  })

  it('are found by name in any case', () => {
    expect(fileType('q4_k_m').name).toBe('Q4_K_M')
    expect(fileType('q4-k').name).toBe('Q4_K_M')
    expect(() => fileType('Q6_KK')).toThrow(
      expect.objectContaining({
        code: 'INVALID_ARGUMENT',
        hint: expect.stringMatching(/did you mean Q6_K\?/),
      }),
    )
  })
})
