import { RandomBits } from '../../support/random-model/random-bits.js'

/** 8192 values for quantizers: weights as in trained models, and values at their limits. A multiple of 256 for each kind. */
export function quantizerInput(): Float32Array {
  const random = new RandomBits(5, 'quantizer input')
  const even = (width: number) => (random.fraction() - 0.5) * width
  const bell = () => even(1) + even(1) + even(1) + even(1)
  const kinds: readonly (readonly [count: number, value: (index: number) => number])[] = [
    [2048, () => bell() * 0.04],
    [1024, () => bell() ** 3],
    [1024, () => even(2)],
    [512, () => Math.abs(bell())],
    [512, () => -Math.abs(bell())],
    [512, () => (random.fraction() < 0.95 ? 0 : bell())],
    [512, () => Math.round(bell() * 4)],
    [512, () => bell() * 2000],
    [512, () => bell() * 1e-6],
    [256, () => bell() * 1e-17],
    [256, () => 0],
    [256, () => 0.5],
    [256, (index) => (index % 32 === 7 ? 3 : 0)],
  ]
  return Float32Array.from(
    kinds.flatMap(([count, value]) => Array.from({ length: count }, (_, index) => value(index))),
  )
}
