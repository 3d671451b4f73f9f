import { describe, expect, it } from 'vitest'
import { ENTRANTS } from '../../bench/contestants/registry.js'
import { GOAL_MODELS, GOALS, goalEntrants, renderGoals } from '../../bench/goals.js'
import { chooseModels } from '../../bench/models/catalog.js'
import type { BenchRecord, TestRecord } from '../../bench/record.js'
import { RECORD } from './record-fixture.js'

describe('the goals', () => {
  it('are about existing models and contestants, compared where they run', () => {
    expect(() => chooseModels(GOAL_MODELS)).not.toThrow()
    for (const { ours, rival } of GOALS) {
      expect(ENTRANTS.find(({ name }) => name === rival)?.against, rival).toContain(ours)
    }
  })

  it('define which contestants are measured on a model; on other models, all', () => {
    const names = (model: string) => goalEntrants(model).map(({ name }) => name)
    expect(names('1.1B-Q4_0')).toEqual(['dasllama', 'llama.cpp', 'dasllama wide', 'llama.cpp without AMX'])
    expect(new Set(names('mine.gguf'))).toEqual(new Set(GOALS.flatMap(({ ours, rival }) => [ours, rival])))
  })
})

describe('renderGoals', () => {
  const contestants = ['dasllama', 'llama.cpp'].map((name) => ({ ...RECORD.contestants[0], name }))
  /** Samples of a test of a hundred tokens: its rates are 100,000 divided by the milliseconds. */
  const test = (test: string, contestant: string, samples: number[]): TestRecord => ({
    test,
    contestant,
    samples,
    tokens: 100,
    threads: 2,
  })
  const record = (name: string, tests: TestRecord[]): BenchRecord => ({
    ...RECORD,
    contestants,
    models: [{ ...RECORD.models[0], name, tests }],
  })

  it('distinguishes met and missed goals', () => {
    const lines = renderGoals(
      record('135M-Q8_0', [
        test('pp100', 'dasllama', [200]),
        test('pp100', 'llama.cpp', [100]),
        test('tg100', 'dasllama', [1000, 500, 2000]),
        test('tg100', 'llama.cpp', [1000]),
      ]),
    ).split('\n')
    expect(lines[0]).toMatch(/^Goals: 1 met, 1 missed\./)
    expect(lines[2]).toBe(
      '| ours | rival | model | goals, prompt · decode | prompt, 2 threads | decode, 2 threads |',
    )
    expect(lines[4]).toBe(
      '| dasllama | llama.cpp | 135M-Q8_0 | 0.6 · 1 | **0.50 (500 : 1000)** | 1.00 (100 : 100) |',
    )
    expect(lines).toHaveLength(5)
  })

  it('shows ratios without a goal, and leaves out what was not measured', () => {
    const tests = [
      test('tg100', 'dasllama', [500]),
      test('tg100', 'llama.cpp', [1000]),
      test('pp100', 'dasllama', [1]),
      test('pp100', 'llama.cpp', []),
    ]
    const text = renderGoals(record('135M-F16', tests))
    expect(text).toContain('Goals: 0 met, 0 missed.')
    expect(text).toContain('| 135M-F16 | – · – | – | 2.00 (200 : 100) |')
    expect(renderGoals(record('another', tests))).toBe('')
  })
})
