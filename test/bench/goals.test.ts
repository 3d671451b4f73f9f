import { describe, expect, it } from 'vitest'
import { ENTRANTS } from '../../bench/contestants/registry.js'
import { GOAL_MODELS, GOALS, goalEntrants, renderGoals } from '../../bench/goals.js'
import { chooseModels } from '../../bench/models/catalog.js'
import type { BenchRecord, TestRecord } from '../../bench/record.js'
import { RECORD } from './record-fixture.js'

describe('the goals', () => {
  it('are about models and contestants that there are, compared where they run', () => {
    expect(() => chooseModels(GOAL_MODELS)).not.toThrow()
    for (const { ours, rival } of GOALS) {
      expect(ENTRANTS.find(({ name }) => name === rival)?.against, rival).toContain(ours)
    }
  })

  it('say who is measured on a model; on others, all', () => {
    const names = (model: string) => goalEntrants(model).map(({ name }) => name)
    expect(names('1.1B-Q4_0')).toEqual(['dasllama', 'llama.cpp', 'dasllama wide'])
    expect(new Set(names('mine.gguf'))).toEqual(new Set(GOALS.flatMap(({ ours, rival }) => [ours, rival])))
  })
})

describe('renderGoals', () => {
  const contestants = ['dasllama', 'llama.cpp'].map((name) => ({ ...RECORD.contestants[0], name }))
  /** Samples of a test of a hundred tokens: its rates are 100,000 by the milliseconds. */
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

  it('tells met from missed', () => {
    const lines = renderGoals(
      record('135M-Q8_0', [
        test('pp100', 'dasllama', [200]),
        test('pp100', 'llama.cpp', [100]),
        test('tg100', 'dasllama', [1000, 500, 2000]),
        test('tg100', 'llama.cpp', [1000]),
      ]),
    ).split('\n')
    expect(lines[0]).toBe('Goals: 1 met, 1 missed.')
    const begin = '| dasllama | llama.cpp | 135M-Q8_0 |'
    expect(lines).toContain(`${begin} pp100 | 2 threads | 500 | 1000 | 0.50 | ≥ 0.6 | **missed** |`)
    expect(lines).toContain(`${begin} tg100 | 2 threads | 100 (50.0–200) | 100 | 1.00 | ≥ 1 | met |`)
    expect(lines).toHaveLength(6)
  })

  it('shows ratios that have no aim, and leaves out what was not measured', () => {
    const tests = [
      test('tg100', 'dasllama', [500]),
      test('tg100', 'llama.cpp', [1000]),
      test('pp100', 'dasllama', [1]),
      test('pp100', 'llama.cpp', []),
    ]
    const text = renderGoals(record('135M-F16', tests))
    expect(text).toContain('Goals: 0 met, 0 missed.')
    expect(text).toContain('| tg100 | 2 threads | 200 | 100 | 2.00 | – | – |')
    expect(text).not.toContain('pp100')
    expect(renderGoals(record('another', tests))).toBe('')
  })
})
