import { defineConfig } from 'vitest/config'

/** Suites that need minutes or big downloads live in *.slow.test.ts; the oracle, the runtimes and the engines are projects of their own so that each can be run alone. */
const slow = 'test/**/*.slow.test.ts'

/** Node 20 has relaxed SIMD, for that build of the kernels, behind a flag; later ones have it and know no such flag. */
const execArgv = process.versions.node.startsWith('20.') ? ['--experimental-wasm-relaxed-simd'] : []

export default defineConfig({
  test: {
    testTimeout: 60_000,
    hookTimeout: 120_000,
    globalSetup: './test/support/llama-cpp-models.ts',
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          execArgv,
          include: ['test/**/*.test.ts'],
          exclude: [slow, 'test/oracle/**', 'test/runtimes/**', 'test/engines/**', 'test/attacks/**'],
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
          fileParallelism: false,
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
          include: ['test/engines/**/*.test.ts'],
          testTimeout: 180_000,
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
