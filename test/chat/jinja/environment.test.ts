/** Filters, tests, methods, globals and operators: what Jinja2 itself gives, recorded by `record.py`. */
import { describe, it } from 'vitest'
import { checkRecorded, readRecorded } from './recorded.js'

const TOPICS = [
  'filters-text',
  'filters-lists',
  'filters-numbers',
  'filters-markup',
  'filters-select',
  'tests',
  'methods-text',
  'methods-collections',
  'globals',
  'formatting',
  'format-specs',
  'strftime',
  'numbers',
  'ordering',
  'arguments',
  'json',
  'unicode',
] as const

describe.each(TOPICS)('%s', (topic) => {
  it.each(readRecorded(topic).map((recorded) => [recorded.template, recorded] as const))(
    '%s',
    (_, recorded) => checkRecorded(recorded),
  )
})
