/**
 * The bits of tokens that are decoded together, on the engines and with the instructions that choose other kernels for them than
 * those that test/kernels/few-tokens.test.ts runs.
 */
import { describe, expect, it } from 'vitest'
import type { KernelBuild } from '../../src/backend/wasm/kernel-builds.js'
import { engines, ROOT } from './launch.js'
import { outputOf } from './logits.js'

const CASES: readonly [string, KernelBuild, readonly string[]][] = [
  ['with all instructions', 'relaxed', []],
  ['without AVX-VNNI', 'relaxed', ['--no-enable-avx-vnni']],
  ['with joined vectors', 'wide', ['--experimental-wasm-revectorize']],
]

/** Functions are compiled by the optimising compiler, whose code is the one to test. */
const OPTIMISED = '--no-liftoff'

const nodes = (await engines()).filter(
  ({ program, version }) =>
    process.arch === 'x64' && program === 'node' && Number.parseInt(version, 10) >= 24,
)

describe.each(nodes)('node $version', ({ path }) => {
  it.each(CASES)('gives each token the bits that it has alone, %s', async (_, build, flags) => {
    const bench = `${ROOT}bench/kernels/few-rows.ts`
    const output = await outputOf(path, [
      ...flags,
      OPTIMISED,
      '--import',
      'tsx',
      bench,
      build,
      '--turns',
      '0',
    ])
    expect(output).toMatch(/^[1-9]\d{4,} products with equal bits$/m)
  })
})
