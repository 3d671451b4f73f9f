import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'
import { LongestFirst } from './test/support/longest-first.js'

/** Suites that need minutes or big downloads live in *.slow.test.ts; the oracle, the runtimes and the engines are projects of their own so that each can be run alone. */
const slow = 'test/**/*.slow.test.ts'
const notUnit = [
  ...[slow, 'test/oracle/**', 'test/runtimes/**', 'test/engines/**', 'test/attacks/**', 'test/package/**'],
  ...['test/examples/**', 'test/cluster/**'],
]

/** Tests that count promises or threads of the whole process. All other unit tests share a process per worker, which saves a second per file. */
const alone = ['test/facade/{abort,worker}.test.ts']

/** Thousands of comparisons, waiting servers and other programs: two thirds of the time, which `npm run test:fast` leaves out. */
const thorough = [
  'test/bench/**',
  'test/cases/**',
  'test/docs/**',
  'test/backend/wasm/{batches,executable,high-addresses,memory,shift,windows}.test.ts',
  'test/backend/worker/**',
  'test/model/{reference,hidden,relaxed,encoders}.test.ts',
  'test/server/{openai,responses,anthropic}.test.ts',
  'test/sizes/**',
  'test/session/{interleavings,reaches,state}.test.ts',
  'test/kernels/{few-tokens,attention,attention-windows,attention-threads,attention-scores,attention-both-ways,elementwise,exports,formats,matmul,hot-loops}.test.ts',
  'test/sampling/{steps,distribution}.test.ts',
  'test/facade/{abort,worker}.test.ts',
  'test/grammar/{random-schema,matcher,suite,generators}.test.ts',
  'test/chat/{injection,calls/random-calls,reply/templates,jinja/published/published}.test.ts',
  'test/storage/{url,stream}.test.ts',
]

/** Node 20 has relaxed SIMD, for that build of the kernels, behind a flag; later ones have it and know no such flag. */
const execArgv = process.versions.node.startsWith('20.') ? ['--experimental-wasm-relaxed-simd'] : []

export default defineConfig({
  test: {
    // Vitest leaves a core free, which on two cores doubles the time.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    sequence: { sequencer: LongestFirst },
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // A page beside other work on two cores is slow.
    expect: { poll: { timeout: 15_000 } },
    reporters: ['default', './test/support/skip-reporter.ts'],
    globalSetup: ['./test/support/fresh-build.ts', './test/support/llama-cpp-models.ts'],
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          execArgv,
          isolate: false,
          include: ['test/**/*.test.ts'],
          exclude: [...notUnit, ...alone],
        },
      },
      {
        extends: true,
        test: { name: 'alone', execArgv, include: alone },
      },
      {
        extends: true,
        test: {
          name: 'fast',
          execArgv,
          include: ['test/**/*.test.ts'],
          exclude: [...notUnit, ...thorough],
        },
      },
      {
        extends: true,
        test: {
          name: 'oracle',
          execArgv,
          include: ['test/oracle/**/*.test.ts'],
          exclude: [slow],
          testTimeout: 300_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'attacks',
          include: ['test/attacks/**/*.test.ts'],
          fileParallelism: false,
        },
      },
      {
        extends: true,
        test: {
          name: 'runtimes',
          include: ['test/runtimes/**/*.test.ts'],
          exclude: [slow],
          testTimeout: 180_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'engines',
          // Of the documentation's code only what depends on the version of Node.
          include: ['test/engines/**/*.test.ts', 'test/docs/code.test.ts'],
          env: { EVERY_NODE: '1' },
          testTimeout: 180_000,
          fileParallelism: false,
        },
      },
      {
        extends: true,
        test: {
          name: 'package',
          include: ['test/package/*.test.ts'],
          globalSetup: ['./test/package/setup.ts'],
          testTimeout: 600_000,
          hookTimeout: 600_000,
          maxWorkers: 2,
        },
      },
      {
        extends: true,
        test: {
          name: 'examples',
          execArgv,
          include: ['test/examples/**/*.test.ts'],
          globalSetup: ['./test/examples/setup.ts'],
          testTimeout: 180_000,
          fileParallelism: false,
        },
      },
      {
        extends: true,
        test: {
          name: 'cluster',
          include: ['test/cluster/**/*.test.ts'],
          testTimeout: 300_000,
          fileParallelism: false,
        },
      },
      {
        extends: true,
        test: { name: 'slow', include: [slow], testTimeout: 1_800_000, fileParallelism: false },
      },
    ],
  },
})
