import { describe, expect, it } from 'vitest'
import { fillRopeTable, type RopeScaling, ropeFrequencies } from '../../src/backend/rope.js'
import { Metadata, type MetadataValue } from '../../src/gguf/metadata.js'
import { HyperparameterReader } from '../../src/model/hyperparameter-reader.js'
import { readRopeScaling } from '../../src/model/rope-scaling.js'

function read(values: Readonly<Record<string, MetadataValue>>): RopeScaling {
  const entries = Object.entries(values).map(([key, value]): [string, MetadataValue] => [
    `llama.${key}`,
    value,
  ])
  const metadata = new Metadata(
    'm.gguf',
    new Map([['general.architecture', 'llama'], ['llama.context_length', 4096], ...entries]),
  )
  return readRopeScaling(
    new HyperparameterReader({
      container: 'gguf',
      version: 3,
      name: 'm.gguf',
      metadata,
      tensors: new Map(),
      tensorBytes: 0,
    }),
  )
}

describe('rope scaling in metadata', () => {
  it.each<[string, Readonly<Record<string, MetadataValue>>, RopeScaling]>([
    ['nothing', {}, { type: 'none' }],
    ['none', { 'rope.scaling.type': 'none' }, { type: 'none' }],
    ['linear', { 'rope.scaling.type': 'linear', 'rope.scaling.factor': 4 }, { type: 'linear', factor: 4 }],
    ['a factor alone', { 'rope.scaling.factor': 2 }, { type: 'linear', factor: 2 }],
    ['the old key', { 'rope.scale_linear': 8 }, { type: 'linear', factor: 8 }],
    [
      'linear by 0, which means not at all',
      { 'rope.scaling.type': 'linear', 'rope.scaling.factor': 0 },
      { type: 'none' },
    ],
    ['linear without a factor', { 'rope.scaling.type': 'linear' }, { type: 'linear', factor: 1 }],
    [
      'llama3 with its defaults',
      { 'rope.scaling.type': 'llama3', 'rope.scaling.factor': 8 },
      { type: 'llama3', factor: 8, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalContext: 4096 },
    ],
    [
      'llama3',
      {
        'rope.scaling.type': 'llama3',
        'rope.scaling.factor': 32,
        'rope.scaling.low_freq_factor': 2,
        'rope.scaling.high_freq_factor': 6,
        'rope.scaling.original_context_length': 8192,
      },
      { type: 'llama3', factor: 32, lowFrequencyFactor: 2, highFrequencyFactor: 6, originalContext: 8192 },
    ],
    [
      'yarn with its defaults',
      { 'rope.scaling.type': 'yarn' },
      { type: 'yarn', factor: 1, originalContext: 4096, betaFast: 32, betaSlow: 1, attentionFactor: 1 },
    ],
    [
      'yarn',
      {
        'rope.scaling.type': 'yarn',
        'rope.scaling.factor': 4,
        'rope.scaling.original_context_length': 1024,
        'rope.scaling.yarn_beta_fast': 24,
        'rope.scaling.yarn_beta_slow': 2,
        'rope.scaling.attn_factor': 0.5,
      },
      { type: 'yarn', factor: 4, originalContext: 1024, betaFast: 24, betaSlow: 2, attentionFactor: 0.5 },
    ],
    [
      'longrope',
      {
        'rope.scaling.type': 'longrope',
        'rope.scaling.original_context_length': 1024,
        'rope.scaling.attn_factor': 1.19,
      },
      { type: 'longrope', factor: 1, originalContext: 1024, attentionFactor: 1.19 },
    ],
  ])('%s', (_, values, expected) => {
    expect(read(values)).toEqual(expected)
  })

  it.each<[Readonly<Record<string, MetadataValue>>, string, string]>([
    [{ 'rope.scaling.type': 'ntk' }, 'UNSUPPORTED', 'rope scaling "ntk"'],
    [
      { 'rope.scaling.type': 'longrope', 'rope.scaling.attn_factor': 0 },
      'BAD_FORMAT',
      '"llama.rope.scaling.attn_factor" is 0',
    ],
    [{ 'rope.scaling.type': 3 }, 'BAD_FORMAT', 'llama.rope.scaling.type'],
    [{ 'rope.scaling.factor': -1 }, 'BAD_FORMAT', '"llama.rope.scaling.factor" is -1'],
    [{ 'rope.scaling.factor': Number.NaN }, 'BAD_FORMAT', '"llama.rope.scaling.factor" is NaN'],
    [{ 'rope.scaling.type': 'llama3' }, 'MISSING', 'llama.rope.scaling.factor'],
    [
      { 'rope.scaling.type': 'yarn', 'rope.scaling.factor': 0 },
      'BAD_FORMAT',
      '"llama.rope.scaling.factor" is 0',
    ],
    [
      { 'rope.scaling.type': 'yarn', 'rope.scaling.yarn_beta_fast': Number.POSITIVE_INFINITY },
      'BAD_FORMAT',
      '"llama.rope.scaling.yarn_beta_fast" is Infinity',
    ],
    [
      { 'rope.scaling.type': 'yarn', 'rope.scaling.original_context_length': 0 },
      'BAD_FORMAT',
      '"llama.rope.scaling.original_context_length" is 0',
    ],
  ])('%o is rejected', (values, code, message) => {
    expect(() => read(values)).toThrow(
      expect.objectContaining({ name: 'DasllamaError', code, message: expect.stringContaining(message) }),
    )
  })
})

function frequencies(dims: number, theta: number, scaling: RopeScaling, factors?: Float32Array) {
  return ropeFrequencies({ dims, theta, scaling }, factors)
}

/** θ^(-2i/d), the frequencies as Su et al. define them. */
function plain(ropeDim: number, theta: number): number[] {
  return Array.from({ length: ropeDim / 2 }, (_, i) => theta ** ((-2 * i) / ropeDim))
}

function expectFrequencies(actual: Float64Array, expected: readonly number[]): void {
  expect(actual).toHaveLength(expected.length)
  for (const [i, value] of expected.entries()) {
    expect(Math.abs(actual[i] - value) / value, `pair ${i}`).toBeLessThan(1e-14)
  }
}

const SHAPES: readonly [ropeDim: number, theta: number][] = [
  [64, 10_000],
  [128, 500_000],
  [48, 10_000],
  [10, 1_000_000],
]

describe.each(SHAPES)('frequencies of %i dimensions with base %i', (ropeDim, theta) => {
  it('without scaling', () => {
    const { radians, magnitude } = frequencies(ropeDim, theta, { type: 'none' })
    expectFrequencies(radians, plain(ropeDim, theta))
    expect(magnitude).toBe(1)
  })

  it('scaled linearly', () => {
    const { radians, magnitude } = frequencies(ropeDim, theta, { type: 'linear', factor: 2.5 })
    expectFrequencies(
      radians,
      plain(ropeDim, theta).map((frequency) => frequency / 2.5),
    )
    expect(magnitude).toBe(1)
  })

  it('divided by the factors of the file', () => {
    const factors = Float32Array.from({ length: ropeDim / 2 }, (_, i) => 1 + i / 4)
    const { radians } = frequencies(ropeDim, theta, { type: 'none' }, factors)
    expectFrequencies(
      radians,
      plain(ropeDim, theta).map((frequency, i) => frequency / factors[i]),
    )
  })

  it('scaled as Llama 3.1 does: by wavelength', () => {
    const [factor, low, high, original] = [8, 1, 4, 8192]
    const expected = plain(ropeDim, theta).map((frequency) => {
      const wavelength = (2 * Math.PI) / frequency
      if (wavelength < original / high) return frequency
      if (wavelength > original / low) return frequency / factor
      const smooth = (original / wavelength - low) / (high - low)
      return ((1 - smooth) * frequency) / factor + smooth * frequency
    })
    const { radians, magnitude } = frequencies(ropeDim, theta, {
      type: 'llama3',
      factor,
      lowFrequencyFactor: low,
      highFrequencyFactor: high,
      originalContext: original,
    })
    expectFrequencies(radians, expected)
    expect(magnitude).toBe(1)
    // All three kinds of pairs must occur, or the comparison is weak.
    const kept = plain(ropeDim, theta).filter((frequency, i) => Math.abs(radians[i] / frequency - 1) < 1e-9)
    expect(kept.length).toBeGreaterThan(0)
    expect(kept.length).toBeLessThan(ropeDim / 2)
  })

  it('scaled by YaRN: a ramp between two numbers of turns, and a magnitude', () => {
    const [factor, original, fast, slow] = [16, 4096, 32, 1]
    // The pair that makes `turns` turns within the original context (equation 18 of the paper, solved for d).
    const dimension = (turns: number) =>
      (ropeDim * Math.log(original / (turns * 2 * Math.PI))) / (2 * Math.log(theta))
    const first = Math.max(Math.floor(dimension(fast)), 0)
    const last = Math.min(Math.ceil(dimension(slow)), ropeDim - 1)
    const expected = plain(ropeDim, theta).map((frequency, i) => {
      const interpolated = Math.min(1, Math.max(0, (i - first) / (last - first)))
      return (frequency / factor) * interpolated + frequency * (1 - interpolated)
    })
    const scaling = {
      type: 'yarn',
      factor,
      originalContext: original,
      betaFast: fast,
      betaSlow: slow,
    } as const
    const { radians, magnitude } = frequencies(ropeDim, theta, { ...scaling, attentionFactor: 1 })
    expectFrequencies(radians, expected)
    expect(magnitude).toBeCloseTo(0.1 * Math.log(16) + 1, 14)
    const warmed = frequencies(ropeDim, theta, { ...scaling, attentionFactor: 0.5 })
    expect(warmed.magnitude).toBeCloseTo(0.5 * (0.1 * Math.log(16) + 1), 14)
  })
})

describe('a YaRN factor of 1', () => {
  it('changes nothing', () => {
    const scaling = { type: 'yarn', factor: 1, originalContext: 4096, betaFast: 32, betaSlow: 1 } as const
    const { radians, magnitude } = frequencies(64, 10_000, { ...scaling, attentionFactor: 1 })
    expectFrequencies(radians, plain(64, 10_000))
    expect(magnitude).toBe(1)
  })
})

describe('the rope table', () => {
  it('holds cosines, then sines, of position times frequency, times the magnitude', () => {
    const radians = Float64Array.of(1, 0.5, 0.01)
    const table = new Float32Array(3 * 2 * 3)
    // Rows of several sequences follow each other.
    const positions = [1000, 1001, 7]
    fillRopeTable(table, { radians, magnitude: 1.25 }, positions)
    const expected = positions.flatMap((position) => [
      ...Array.from(radians, (frequency) => 1.25 * Math.cos(position * frequency)),
      ...Array.from(radians, (frequency) => 1.25 * Math.sin(position * frequency)),
    ])
    for (const [i, value] of expected.entries()) expect(Math.abs(table[i] - value)).toBeLessThan(1e-7)
  })
})
