/** Results on processors that lack some of this one's instructions: flags keep V8 from using them. */
import { beforeAll, describe, expect, it } from 'vitest'
import { relativeDifference, relaxedTolerance } from '../support/logits.js'
import { FORMAT_CASES } from '../support/random-models.js'
import { engines } from './launch.js'
import { logitsIn, type Settings } from './logits.js'

/** Instructions that V8 does not use, from the newest x64 processors to the oldest. */
const PROCESSORS = [
  ['AVX-VNNI', ['--no-enable-avx-vnni']],
  ['AVX2 and FMA', ['--no-enable-avx2', '--no-enable-fma3']],
  ['AVX', ['--no-enable-avx']],
] as const

const nodes = (await engines()).filter(
  ({ program, version }) =>
    process.arch === 'x64' && program === 'node' && Number.parseInt(version, 10) >= 24,
)

describe.each(nodes)('node $version', ({ path, version }) => {
  describe.each(FORMAT_CASES)('$name', (each) => {
    let expected: readonly Float32Array[]
    beforeAll(async () => {
      expected = (await logitsIn(path, [], each, { kernels: 'baseline', kvType: 'f32' })).logits
    })

    it.each(PROCESSORS)(
      'without %s: the same bits from baseline kernels; close results from the kernels that are chosen',
      async (_, flags) => {
        const ask = (kernels: Settings['kernels']) => logitsIn(path, flags, each, { kernels, kvType: 'f32' })
        expect((await ask('baseline')).logits).toEqual(expected)
        const { logits } = await ask('auto')
        const differences = logits.map((actual, i) => relativeDifference(actual, expected[i]))
        expect(Math.max(...differences)).toBeLessThan(relaxedTolerance(each.format))
      },
    )
  })

  it('does not choose relaxed kernels where V8 computes their instructions incorrectly', async () => {
    const [each] = FORMAT_CASES
    const ask = (kernels: Settings['kernels']) => logitsIn(path, ['--no-enable-avx'], each, { kernels })
    if (Number.parseInt(version, 10) >= 26) {
      expect((await ask('auto')).kernels).toBe('relaxed')
    } else {
      expect((await ask('auto')).kernels).toBe('baseline')
      await expect(ask('relaxed')).rejects.toThrow("kernels: 'relaxed' needs relaxed SIMD")
    }
  })
})
