import { describe, expect, it } from 'vitest'
import { parseOptions } from '../../bench/options.js'

const DEFAULTS = {
  models: undefined,
  pp: undefined,
  tg: undefined,
  rivals: undefined,
  repetitions: 5,
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
    { args: ['--no-rival', '--repetitions', '3'], changes: { rivals: [], repetitions: 3 } },
    {
      args: ['--rivals', 'llama.cpp', '--write-readme'],
      changes: { rivals: ['llama.cpp'], writeReadme: true },
    },
    {
      args: ['--quick'],
      changes: { quick: true, models: ['tiny-stories'], pp: [32], tg: [16], repetitions: 2 },
    },
    {
      args: ['--quick', '--pp', '64', '--repetitions', '1'],
      changes: { quick: true, models: ['tiny-stories'], pp: [64], tg: [16], repetitions: 1 },
    },
    { args: ['--help'], changes: { help: true } },
  ])('$args', ({ args, changes }) => {
    expect(parseOptions(args)).toEqual({ ...DEFAULTS, ...changes })
  })

  it.each([
    { args: ['--repetitions', '0'], message: '--repetitions: "0" is not a positive whole number' },
    { args: ['--pp', '128,x'], message: '--pp: "x" is not' },
    { args: ['--tg', '1.5'], message: '--tg: "1.5" is not' },
    { args: ['--no-rival', '--rivals', 'llama.cpp'], message: 'contradict' },
    { args: ['--quick', '--write-readme'], message: '--quick is not for the README' },
    { args: ['--model', 'x'], message: '--model' },
    { args: ['x'], message: 'x' },
  ])('refuses $args', ({ args, message }) => {
    expect(() => parseOptions(args)).toThrow(message)
  })
})
