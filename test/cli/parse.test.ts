import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  alias,
  choice,
  choices,
  flag,
  integer,
  number,
  optional,
  orAuto,
  pick,
  seeds,
  text,
  texts,
  tokenIds,
  tokenNumbers,
} from '../../src/cli/arguments/options.js'
import { optionName, parse } from '../../src/cli/arguments/parse.js'
import { UsageError } from '../../src/cli/arguments/usage-error.js'
import { nearest } from '../../src/nearest.js'

const table = {
  prompt: text('TEXT', 'a text'),
  promptIds: tokenIds('ids'),
  maxTokens: integer('a count', { fallback: 256, min: 0 }),
  temp: number('a number', { fallback: 0 }),
  threads: orAuto(integer('threads', { min: 1, max: 4 })),
  seed: integer('a seed', { min: 0, max: 0xffffffff }),
  seeds: seeds('several seeds'),
  stop: texts('TEXT', 'ends'),
  bias: tokenNumbers('biases'),
  kind: choice(['raw', 'well-done'], 'a kind', 'raw'),
  steps: choices(['topK', 'topP', 'xtc'], 'steps'),
  shift: optional(integer('how many', { min: 0 }), true),
  json: flag('as JSON'),
  help: alias(flag('help'), '-h'),
}

function usageError(args: string[]): UsageError {
  try {
    parse(args, table)
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError)
    return error as UsageError
  }
  throw new Error(`accepted: ${args.join(' ')}`)
}

describe('parse', () => {
  it('returns the defaults without arguments', () => {
    expect(parse([], table)).toEqual({
      operands: [],
      given: [],
      values: {
        prompt: undefined,
        promptIds: undefined,
        maxTokens: 256,
        temp: 0,
        threads: 'auto',
        seed: undefined,
        seeds: undefined,
        stop: [],
        bias: {},
        kind: 'raw',
        steps: ['topK', 'topP', 'xtc'],
        shift: undefined,
        json: false,
        help: false,
      },
    })
  })

  it.each([
    [['--max-tokens', '7'], { maxTokens: 7 }],
    [['--max-tokens=7'], { maxTokens: 7 }],
    [['--max-tokens', '7', '--max-tokens=8'], { maxTokens: 8 }],
    [['--temp', '-0.5'], { temp: -0.5 }],
    [['--temp=.5e1'], { temp: 5 }],
    [['--prompt', '-'], { prompt: '-' }],
    [['--prompt', '-x'], { prompt: '-x' }],
    [['--prompt', ''], { prompt: '' }],
    [['--prompt='], { prompt: '' }],
    [['--prompt=--json'], { prompt: '--json', json: false }],
    [['--prompt=a=b'], { prompt: 'a=b' }],
    [['--prompt-ids', '1,2, 3'], { promptIds: [1, 2, 3] }],
    [['--prompt-ids', '10 20'], { promptIds: [10, 20] }],
    [['--maxTokens', '7', '--prompt_ids=4'], { maxTokens: 7, promptIds: [4] }],
    [['--seed', '4294967295'], { seed: 4294967295 }],
    [['--seeds', '3, 1,3'], { seeds: [3, 1] }],
    [['--seeds', '9007199254740991'], { seeds: [2 ** 53 - 1] }],
    [['--stop', 'a', '--stop=', '--stop', 'a'], { stop: ['a', '', 'a'] }],
    [['--bias', '1=-5,20=+2.5'], { bias: { 1: -5, 20: 2.5 } }],
    [['--bias', '1=-inf', '--bias=2=.5, 1=3'], { bias: { 1: 3, 2: 0.5 } }],
    [['--bias', '1=-Inf'], { bias: { 1: Number.NEGATIVE_INFINITY } }],
    [['--kind', 'well-done'], { kind: 'well-done' }],
    [['--steps', 'xtc,top-k'], { steps: ['xtc', 'topK'] }],
    [['--steps', ''], { steps: [] }],
    [['--steps', 'top_k;xtc'], { steps: ['topK', 'xtc'] }],
    [['--steps', 'topP,top-k'], { steps: ['topP', 'topK'] }],
    [['--bias', '7+2,8-1.5'], { bias: { 7: 2, 8: -1.5 } }],
    [['--shift'], { shift: true }],
    [['--shift', '--json'], { shift: true, json: true }],
    [['--shift=0'], { shift: 0 }],
    [['--json'], { json: true }],
    [['-h'], { help: true }],
  ])('reads %j', (args, expected) => {
    expect(parse(args, table).values).toMatchObject(expected)
  })

  it('accepts operands anywhere, and everything after -- as operands', () => {
    const { operands, values } = parse(['a', '--json', '-', '--', '--temp', '-x', '--'], table)
    expect(operands).toEqual(['a', '-', '--temp', '-x', '--'])
    expect(values.json).toBe(true)
  })

  it.each([
    [['--promt', 'x'], 'no option --promt', 'did you mean --prompt?'],
    [['--max-token=3'], 'no option --max-token', 'did you mean --max-tokens?'],
    [['--xyzzy'], 'no option --xyzzy', undefined],
    [['-j'], 'no option -j', undefined],
    [['--prompt'], '--prompt needs a value: --prompt TEXT', undefined],
    [['--prompt', '--json'], '--prompt needs a value', '--prompt=--json'],
    [['--json=yes'], '--json takes no value', undefined],
    [['--max-tokens', '1.5'], '--max-tokens must be a whole number of 0 or more, not "1.5"', undefined],
    [['--max-tokens', '-1'], '--max-tokens must be a whole number of 0 or more, not "-1"', undefined],
    [['--max-tokens='], '--max-tokens must be a whole number', undefined],
    [['--temp', 'NaN'], '--temp must be a number, not "NaN"', undefined],
    [['--temp', '1e999'], '--temp must be a number', undefined],
    [['--temp', '0x10'], '--temp must be a number', undefined],
    [['--temp', 'Infinity'], '--temp must be a number', undefined],
    [['--threads', '5'], '--threads must be a whole number from 1 to 4, not "5"', undefined],
    [['--threads', 'all'], '--threads must be a whole number from 1 to 4, not "all"', undefined],
    [['--seed', '4294967296'], '--seed must be a whole number from 0 to 4294967295', undefined],
    [['--seeds', '1,-2'], '--seeds must be seeds separated by commas, such as 1,2,3', undefined],
    [['--seeds', '9007199254740992'], '--seeds must be seeds', undefined],
    [['--bias', '1'], '--bias must be token ids with a number each', undefined],
    [['--bias', '1=2=3'], '--bias must be token ids with a number each', undefined],
    [['--bias', '-1=2'], '--bias must be token ids with a number each', undefined],
    [['--bias', '1=inf'], '--bias must be token ids with a number each', undefined],
    [['--bias='], '--bias must be token ids with a number each', undefined],
    [['--kind', 'rare'], '--kind must be one of raw, well-done, not "rare"', undefined],
    [['--steps', 'topQ'], 'out of top-k, top-p, xtc, not "topQ"', undefined],
    [['--steps', 'xtc,'], '--steps must be comma-separated names', undefined],
    [['--shift='], '--shift must be a whole number of 0 or more, not ""', undefined],
    [['--shift=x'], '--shift must be a whole number of 0 or more, not "x"', undefined],
    [['--prompt-ids', '1,,2'], '--prompt-ids must be token ids', undefined],
    [['--prompt-ids', '1,-2'], '--prompt-ids must be token ids', undefined],
    [['--prompt-ids', ''], '--prompt-ids must be token ids', undefined],
  ])('rejects %j', (args, message, hint) => {
    const error = usageError(args)
    expect(error.message).toContain(message)
    if (hint === undefined) expect(error.hint).toBeUndefined()
    else expect(error.hint).toContain(hint)
  })

  it('either reads or rejects, whatever is written, and gives texts back as they were', () => {
    const word = fc.oneof(
      fc.string(),
      fc.constantFrom(
        '--',
        '-',
        '--prompt',
        '--json',
        '--temp',
        '--toString',
        '--__proto__',
        '--constructor=1',
        '--bias',
        '--steps',
        '--seeds',
        '--shift',
      ),
    )
    fc.assert(
      fc.property(fc.array(word), (args) => {
        try {
          parse(args, table)
        } catch (error) {
          if (!(error instanceof UsageError)) throw error
        }
      }),
    )
    fc.assert(
      fc.property(fc.string(), (value) => parse([`--prompt=${value}`], table).values.prompt === value),
    )
  })
})

describe('options', () => {
  it('are named as the command line writes them', () => {
    expect(optionName('penaltyLastN')).toBe('--penalty-last-n')
  })

  it('can be picked by part', () => {
    const { values } = parse(['--temp', '1', '--json'], table)
    expect(pick({ temp: table.temp }, values)).toEqual({ temp: 1 })
  })
})

describe('nearest', () => {
  const names = ['--prompt', '--prompt-ids', '--temp', '--top-k']

  it.each([
    ['--tmep', '--temp'],
    ['--topk', '--top-k'],
    ['--otp-k', '--top-k'],
    ['--prompt-id', '--prompt-ids'],
    ['--verbose', undefined],
    ['x'.repeat(100_000), undefined],
  ])('of %s is %s', (name, expected) => {
    expect(nearest(name, names)).toBe(expected)
  })
})
