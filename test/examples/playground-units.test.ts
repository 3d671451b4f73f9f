import { describe, expect, it } from 'vitest'
import { bytes, digits, duration, percent } from '../../playground/app/format.js'
import { calculate } from '../../playground/chat/calculator.js'
import { EXAMPLE_DEFINITIONS, parseDefinitions, runTool } from '../../playground/chat/tools.js'
import { EXAMPLES } from '../../playground/format/examples.js'
import { inspectResponseFormat } from '../../src/index.js'

describe('the calculator of the playground', () => {
  it.each([
    ['17 * 23', 391],
    ['2 + 3 * 4 - 1', 13],
    ['8 / 4 / 2', 1],
    ['-2^2', -4],
    ['2^3^2', 512],
    ['2 ** -1', 0.5],
    ['(1 + 2) × 3 ÷ 9 − 1', 0],
    ['--3 + +4', 7],
    ['.5e1 + 1.', 6],
    ['7 % 4', 3],
    ['sqrt(16) + max(1, 2, min(9, 5))', 9],
    ['2 * PI', 2 * Math.PI],
    [' 1\n+ 1 ', 2],
  ])('%s = %f', (expression, value) => {
    expect(calculate(expression)).toBeCloseTo(value, 12)
  })

  it.each([
    ['', 'the expression ends too early'],
    ['1 +', 'the expression ends too early'],
    ['(1 + 2', 'a closing parenthesis is missing'],
    ['1 2', 'unexpected "2" at character 3'],
    ['2 * (3 + ;)', 'unexpected ";" at character 10'],
    ['alert(1)', 'unexpected "alert" at character 1'],
    ['constructor', 'unexpected "constructor" at character 1'],
    ['sqrt 4', 'sqrt needs parentheses: sqrt(…)'],
    ['1 / 0', 'the result is not a finite number'],
    ['10 ^ 400', 'the result is not a finite number'],
    ['('.repeat(400), 'more than 100 nested parentheses'],
    [`2${'^2'.repeat(400)}`, 'more than 100 powers of powers'],
    ['1'.repeat(1001), 'the expression has more than 1000 characters'],
  ])('refuses %s', (expression, message) => {
    expect(() => calculate(expression)).toThrow(message)
  })
})

describe('the tools of the playground', () => {
  it('gives results, and errors as results', () => {
    expect(runTool('calculator', { expression: '6 * 7' })).toEqual({ result: 42 })
    expect(runTool('calculator', { expression: '6 *' })).toEqual({ error: 'the expression ends too early' })
    expect(runTool('clock', { timeZone: 'Asia/Tokyo' })).toEqual({ now: expect.stringMatching(/GMT\+9|JST/) })
    expect(runTool('clock', { timeZone: 'Nowhere' })).toEqual({ error: expect.stringMatching(/time ?zone/i) })
    expect(runTool('weather', {})).toBeUndefined()
  })

  it('reads edited definitions, which must be a list', () => {
    expect(parseDefinitions(JSON.stringify(EXAMPLE_DEFINITIONS))).toEqual(EXAMPLE_DEFINITIONS)
    expect(() => parseDefinitions('{}')).toThrow('must be a JSON array')
    expect(() => parseDefinitions('[')).toThrow(SyntaxError)
  })
})

it.each(EXAMPLES)('enforces everything in the example format "$name"', ({ kind, source }) => {
  const format =
    kind === 'grammar'
      ? ({ type: 'grammar', grammar: source } as const)
      : ({ type: 'json_schema', schema: JSON.parse(source) as object } as const)
  expect(inspectResponseFormat(format)).toEqual([])
})

it('writes numbers with few digits', () => {
  expect([0, 999, 999.6, 3_136_288, 45_100_000_000].map(bytes)).toEqual([
    '0 B',
    '999 B',
    '1.00 kB',
    '3.14 MB',
    '45.1 GB',
  ])
  expect([0, 0.0123, 1.234, 12.34, 1234].map(digits)).toEqual(['0.00', '0.0123', '1.23', '12.3', '1234'])
  expect([0.2, 89, 200, 7300].map(duration)).toEqual(['1 s', '89 s', '3 min', '2 h'])
  expect([0.0123, 0.5, 1].map(percent)).toEqual(['1.23 %', '50.0 %', '100.0 %'])
})
