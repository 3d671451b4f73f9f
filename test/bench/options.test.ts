import { describe, expect, it } from 'vitest'
import { parseOptions } from '../../bench/options.js'

const DEFAULTS = {
  command: 'speed',
  rivals: false,
  models: undefined,
  pp: undefined,
  tg: undefined,
  threads: undefined,
  sequences: undefined,
  only: undefined,
  repetitions: 5,
  budgetMs: 30_000,
  quick: false,
  writeReadme: false,
  help: false,
}

describe('parseOptions', () => {
  it.each([
    { args: [], changes: {} },
    {
      args: ['--models', 'tiny-stories,mine.gguf', '--pp', '128,512', '--tg=64'],
      changes: { models: ['tiny-stories', 'mine.gguf'], pp: [128, 512], tg: [64] },
    },
    { args: ['--threads', '1,2,4', '--budget', '7'], changes: { threads: [1, 2, 4], budgetMs: 7000 } },
    {
      args: ['--only', 'dasllama,llama.cpp', '--write-readme', '--repetitions', '3'],
      changes: { only: ['dasllama', 'llama.cpp'], writeReadme: true, repetitions: 3 },
    },
    { args: ['--rivals'], changes: { rivals: true, repetitions: 3, budgetMs: 8000 } },
    { args: ['--rivals', '--budget', '5'], changes: { rivals: true, repetitions: 3, budgetMs: 5000 } },
    { args: ['depth', '--threads', '1'], changes: { command: 'depth', threads: [1] } },
    {
      args: ['--quick'],
      changes: { quick: true, models: ['tiny-stories'], pp: [32], tg: [16], repetitions: 2 },
    },
    {
      args: ['batch', '--sequences', '1,4', '--models', '135M-Q8_0'],
      changes: {
        ...{ command: 'batch', sequences: [1, 4], models: ['135M-Q8_0'] },
        ...{ repetitions: 10, budgetMs: 16_000 },
      },
    },
    {
      args: ['batch', '--quick'],
      changes: {
        ...{ command: 'batch', quick: true, models: ['tiny-stories'], pp: [32], tg: [16] },
        ...{ repetitions: 2, budgetMs: 16_000 },
      },
    },
    { args: ['worker', '--only', 'Node'], changes: { command: 'worker', only: ['Node'], repetitions: 20 } },
    { args: ['worker', '--repetitions', '3'], changes: { command: 'worker', repetitions: 3 } },
    { args: ['cold', '--only', 'workerd'], changes: { command: 'cold', only: ['workerd'] } },
    {
      args: ['engines', '--quick', '--pp', '64', '--repetitions', '1'],
      changes: {
        command: 'engines',
        quick: true,
        models: ['tiny-stories'],
        pp: [64],
        tg: [16],
        repetitions: 1,
      },
    },
    { args: ['--help'], changes: { help: true } },
  ])('$args', ({ args, changes }) => {
    expect(parseOptions(args)).toEqual({ ...DEFAULTS, ...changes })
  })

  it.each([
    { args: ['--repetitions', '0'], message: '--repetitions: "0" is not a positive whole number' },
    { args: ['--pp', '128,x'], message: '--pp: "x" is not' },
    { args: ['--tg', '1.5'], message: '--tg: "1.5" is not' },
    { args: ['--threads', '1,0'], message: '--threads: "0" is not' },
    { args: ['batch', '--sequences', '4,0'], message: '--sequences: "0" is not' },
    { args: ['depth', '--sequences', '4'], message: '--sequences is not for depth' },
    { args: ['--budget', '-1'], message: '--budget' },
    { args: ['--rivals', 'depth'], message: '--rivals is not for depth' },
    { args: ['--quick', '--write-readme'], message: '--quick is not for the README' },
    { args: ['depth', '--write-readme'], message: '--write-readme is not for depth' },
    { args: ['--model', 'x'], message: '--model' },
    {
      args: ['x'],
      message: 'no command x: speed, avx2, depth, batch, families, engines, limits, sampling, constrained',
    },
    { args: ['depth', 'engines'], message: 'no command depth engines' },
  ])('refuses $args', ({ args, message }) => {
    expect(() => parseOptions(args)).toThrow(message)
  })
})
