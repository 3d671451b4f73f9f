/** What templates use besides the language itself, by kind: each case has Jinja2's recorded output. */
import { describe } from 'vitest'
import { checkRecorded, readRecorded } from '../chat/jinja/recorded.js'
import { testKind } from './kind.js'

const KINDS = {
  'jinja: numbers, their operators and how they print': ['numbers', 'literals-in-use'],
  'jinja: equality and order': ['ordering'],
  'jinja: filters of numbers, int and float and round among them': ['filters-numbers'],
  'jinja: filters of lists, sum and max and groupby among them': ['filters-lists'],
  'jinja: filters of text': ['filters-text'],
  'jinja: filters of markup and addresses': ['filters-markup'],
  'jinja: select, reject and their tests': ['filters-select'],
  'jinja: tests, with and without arguments': ['tests', 'tests-arguments'],
  'jinja: methods of strings': ['methods-text'],
  'jinja: methods and items of lists, tuples, mappings and numbers': ['methods-collections'],
  'jinja: global functions': ['globals'],
  'jinja: % of strings': ['formatting'],
  'jinja: format and its specifications': ['format-specs'],
  'jinja: strftime_now': ['strftime'],
  'jinja: tojson and fromjson': ['json'],
  'jinja: characters beyond ASCII, and repr': ['unicode'],
  'jinja: surplus, unknown, missing and wrong arguments': ['arguments'],
} as const

describe('the environment of templates', () => {
  for (const [kind, topics] of Object.entries(KINDS))
    testKind(kind, topics.flatMap(readRecorded), checkRecorded)
})
