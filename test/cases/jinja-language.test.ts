/** Kinds of template text, compared with Jinja2's output, and the positions in error messages. */
import { describe, expect } from 'vitest'
import { Template } from '../../src/chat/jinja/template.js'
import { DasllamaError } from '../../src/errors.js'
import { checkRecorded, type RecordedCase, readRecorded } from '../chat/jinja/recorded.js'
import { testKind } from './kind.js'

const TOPICS = {
  'line endings': 'line-endings',
  'white space around tags': 'whitespace',
  'text that looks like tags': 'hostile-text',
  'literals of strings and numbers': 'literals',
  expressions: 'expressions',
  statements: 'statements',
  loops: 'loops',
  'scopes of variables': 'scoping',
  'macros and call blocks': 'macros',
  'templates that are not valid': 'syntax-errors',
  'random templates': 'random',
} as const

const LONG = 'x'.repeat(200)

/** Templates, the position of their error, and its code. */
const PLACES: readonly (readonly [template: string, place: string, code: string])[] = [
  ['{{ }}', 'line 1, column 4: "{{ }}"', 'TEMPLATE_FAILED'],
  ['a\nb\n  {% if %}', 'line 3, column 9: "{% if %}"', 'TEMPLATE_FAILED'],
  ['a\r\nb\r\n  {% if %}', 'line 3, column 9: "{% if %}"', 'TEMPLATE_FAILED'],
  ['a\rb\r  {% if %}', 'line 3, column 9: "{% if %}"', 'TEMPLATE_FAILED'],
  ['\n\n\n{{ 1 / 0 }}', 'line 4, column 6: "{{ 1 / 0 }}"', 'TEMPLATE_FAILED'],
  ['{{\n  1 +\n  zz }}', 'line 2, column 5: "1 +"', 'TEMPLATE_FAILED'],
  ['{{ zz.a }}', 'line 1, column 6: "{{ zz.a }}"', 'TEMPLATE_FAILED'],
  ['😀é {{ zz() }}', 'line 1, column 7: "😀é {{ zz() }}"', 'UNSUPPORTED'],
  ["{{ 'a'|shiny }}", 'line 1, column 8: "{{ \'a\'|shiny }}"', 'UNSUPPORTED'],
  ["{{ 'a' is shiny }}", 'line 1, column 8: "{{ \'a\' is shiny }}"', 'UNSUPPORTED'],
  ["{{ 'a'.shiny() }}", 'line 1, column 7: "{{ \'a\'.shiny() }}"', 'UNSUPPORTED'],
  ['x\n{% include "a" %}', 'line 2, column 4: "{% include \\"a\\" %}"', 'UNSUPPORTED'],
  ['x\n{% extends "a" %}', 'line 2, column 4: "{% extends \\"a\\" %}"', 'UNSUPPORTED'],
  ['x\n{% from "a" import b %}', 'line 2, column 4: "{% from \\"a\\" import b %}"', 'UNSUPPORTED'],
  ['{% if 1 %}\n{% for a in b %}\n', 'line 2, column 4: "{% for a in b %}"', 'TEMPLATE_FAILED'],
  ['{% if 1 %}\n{% endfor %}', 'line 2, column 4: "{% endfor %}"', 'TEMPLATE_FAILED'],
  ['a {# b\nc', 'line 1, column 3: "a {# b"', 'TEMPLATE_FAILED'],
  ['\n{% raw %} {{', 'line 2, column 1: "{% raw %} {{"', 'TEMPLATE_FAILED'],
  ["{{ 'a\nb }}", 'line 1, column 4: "{{ \'a"', 'TEMPLATE_FAILED'],
  ["{{ '\\xz' }}", 'line 1, column 5: "{{ \'\\\\xz\' }}"', 'TEMPLATE_FAILED'],
  ['{{ a ? b }}', 'line 1, column 6: "{{ a ? b }}"', 'TEMPLATE_FAILED'],
  ['{{ (1] }}', 'line 1, column 6: "{{ (1] }}"', 'TEMPLATE_FAILED'],
  [
    '{% macro m(a) %}{{ a + 1 }}{% endmacro %}\n{{ m("x") }}',
    'line 1, column 22: "{% macro m(a) %}{{ a + 1 }}{% endmacro %}"',
    'TEMPLATE_FAILED',
  ],
  ['{% macro m() %}{% endmacro %}\n{{ m(1) }}', 'line 2, column 4: "{{ m(1) }}"', 'TEMPLATE_FAILED'],
  ['{% for a in 5 %}\n{% endfor %}', 'line 1, column 13: "{% for a in 5 %}"', 'TEMPLATE_FAILED'],
  [
    '\n{% for a, b in [1] %}{% endfor %}',
    'line 2, column 8: "{% for a, b in [1] %}{% endfor %}"',
    'TEMPLATE_FAILED',
  ],
  ['{% set a.b = 1 %}', 'line 1, column 8: "{% set a.b = 1 %}"', 'TEMPLATE_FAILED'],
  [`{{ ${'('.repeat(150)}`, `line 1, column 103: "${'('.repeat(60)}"`, 'LIMIT'],
  ["{{ 'a' * 9000000 }}", 'line 1, column 8: "{{ \'a\' * 9000000 }}"', 'LIMIT'],
  [
    `${LONG}{{ 1 / 0 }}${LONG}`,
    `line 1, column 206: "${'x'.repeat(15)}{{ 1 / 0 }}${'x'.repeat(34)}"`,
    'TEMPLATE_FAILED',
  ],
  [`{{ 1 / 0 }}${LONG}`, `line 1, column 6: "{{ 1 / 0 }}${'x'.repeat(49)}"`, 'TEMPLATE_FAILED'],
  [`${LONG}{{ 1 / 0 }}`, `line 1, column 206: "${'x'.repeat(49)}{{ 1 / 0 }}"`, 'TEMPLATE_FAILED'],
]

describe('Jinja', () => {
  for (const [kind, topic] of Object.entries(TOPICS)) {
    testKind(`Jinja: ${kind}`, readRecorded(topic), checkRecorded)
  }

  const withCrlf = Object.values(TOPICS)
    .flatMap((topic) => readRecorded(topic))
    .filter(({ template }) => template.includes('\n') && !template.includes('\r'))
    .map((recorded): RecordedCase => ({ ...recorded, template: recorded.template.replaceAll('\n', '\r\n') }))
  testKind('Jinja: the same output with CRLF', withCrlf, checkRecorded)

  testKind('Jinja: positions in errors', PLACES, ([template, place, code]) => {
    expect(() => new Template(template).render(new Map(), new Date(0))).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(`(${place})`) }),
    )
    expect(() => new Template(template).render(new Map(), new Date(0))).toThrow(DasllamaError)
  })
})
