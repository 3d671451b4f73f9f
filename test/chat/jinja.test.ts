import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Budget, MAX_STEPS, MAX_TEXT } from '../../src/chat/jinja/budget.js'
import { toValue } from '../../src/chat/jinja/convert.js'
import { Template } from '../../src/chat/jinja/template.js'
import { Text } from '../../src/chat/jinja/text.js'
import { CASES, CONTEXT } from './jinja-cases.js'

const NOW = new Date(2025, 5, 3, 4, 5, 6)

function variables(context: object) {
  return new Map(
    Object.entries(context).map(([name, value], i) => [name, toValue(value, i + 1, name)] as const),
  )
}

function render(template: string, context: object = CONTEXT): Text {
  return new Template(template).render(variables(context), NOW)
}

describe('a template', () => {
  it.each(CASES)('%s', (template, printed) => {
    expect(render(template).text).toBe(printed)
  })

  it('prints none as Python does, unless that is set to be an error', () => {
    const template = new Template("{{ none }}{{ d.get('zz') }}|{{ [none] }}")
    const given = variables(CONTEXT)
    expect(template.render(given, NOW).text).toBe('NoneNone|[None]')
    expect(() => template.render(given, NOW, undefined, { refusesNone: true })).toThrow('it prints "none"')
  })

  it('formats the given time, in English', () => {
    const format = '%Y-%m-%d %-d %e %y %b %B %a %A %H %I %M %S %p %% %Q'
    expect(render(`{{ strftime_now('${format}') }}`).text).toBe(
      '2025-06-03 3  3 25 Jun June Tue Tuesday 04 04 05 06 AM % %Q',
    )
  })
})

describe('a template that fails', () => {
  it.each([
    ['{{ raise_exception("no " ~ name) }}', 'TEMPLATE_REFUSED', 'refuses the conversation: no Ada Lovelace'],
    ['{{ name|frobnicate }}', 'UNSUPPORTED', 'needs the filter "frobnicate"'],
    ['{{ name is shiny }}', 'UNSUPPORTED', 'needs the test "shiny"'],
    ['{{ launch(1) }}', 'UNSUPPORTED', 'needs the function "launch"'],
    ['{{ name.explode() }}', 'UNSUPPORTED', 'needs the method "explode"'],
    ['{{ missing.content }}', 'TEMPLATE_FAILED', '"missing" is undefined, so it has no "content"'],
    ['{{ "a" + missing }}', 'TEMPLATE_FAILED', '"missing" is undefined'],
    ['{{ "a" + 1 }}', 'TEMPLATE_FAILED', 'unsupported operands for "+": a string and a number'],
    ['{{ 1 in 2 }}', 'TEMPLATE_FAILED', '"in" cannot look for a number in a number'],
    ['{{ "a" < 1 }}', 'TEMPLATE_FAILED', 'cannot be ordered'],
    ['{{ 1 / 0 }}', 'TEMPLATE_FAILED', 'division by zero'],
    ['{% for x in 5 %}{% endfor %}', 'TEMPLATE_FAILED', 'a loop cannot iterate over a number'],
    ['{% for a, b in items %}{% endfor %}', 'TEMPLATE_FAILED', 'cannot be unpacked into 2 variables'],
    ['{% set d.x = 1 %}', 'TEMPLATE_FAILED', '"d" is a mapping, not a namespace'],
    ['{% break %}', 'TEMPLATE_FAILED', 'break outside of a loop'],
    ['{{ name.split("") }}', 'TEMPLATE_FAILED', 'the separator is empty'],
    ['{{ name.replace(1, "x") }}', 'TEMPLATE_FAILED', 'replace: old must be a string, not a number'],
    ['{{ name.replace("x") }}', 'TEMPLATE_FAILED', 'replace needs new'],
    ['{{ name.find("a", 2, 3, 4) }}', 'TEMPLATE_FAILED', 'find takes at most 3 arguments, not 4'],
    ['{{ name.split(times=2) }}', 'TEMPLATE_FAILED', 'split takes no argument named "times"'],
    ['{{ range|tojson }}', 'TEMPLATE_FAILED', 'tojson cannot serialize a function'],
    ['{{ items[::0] }}', 'TEMPLATE_FAILED', 'the step of a slice is 0'],
    ['{% if %}', 'TEMPLATE_FAILED', 'not valid: unexpected "%}", expected an expression'],
    ['{{ "abc', 'TEMPLATE_FAILED', 'not valid: a string is not closed'],
    ['{% for x in items %}', 'TEMPLATE_FAILED', '"for" is not closed: "endfor" or "else" is missing'],
    ['{% include "x" %}', 'UNSUPPORTED', 'needs the statement "include"'],
  ])('%s', (template, code, message) => {
    expect(() => render(template)).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(message) }),
    )
  })
})

describe('a template that exceeds a limit', () => {
  const loop = (times: number, body: string) =>
    '{% for x in range(1000) %}'.repeat(times) + body + '{% endfor %}'.repeat(times)
  it.each([
    ['loops', loop(5, ''), `${MAX_STEPS} steps`],
    ['makes a long range', '{{ range(1000000000)|length }}', 'a range of 1000000000 items'],
    ['calls itself', '{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}', 'levels deep'],
    ['writes too much', loop(3, 'x'.repeat(900)), `the limit is ${MAX_TEXT}`],
    [
      'doubles a text',
      `{% set ns = namespace(s='xxxxxxxx') %}{% for i in range(60) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}`,
      'characters',
    ],
    [
      'doubles a list',
      `{% set ns = namespace(s=[1]) %}{% for i in range(60) %}{% set ns.s = ns.s + ns.s %}{% endfor %}`,
      'items',
    ],
    ['repeats a text', "{{ 'ab' * 1000000000 }}", 'characters'],
    ['indents JSON', '{{ [[1]]|tojson(indent=1000000000) }}', 'characters'],
    ['indents lines', "{{ 'a\nb'|indent(1000000000) }}", 'characters'],
    ['replaces characters', "{% set a = 'x' * 100000 %}{{ a.replace('x', a) }}", 'characters'],
    [
      'compares lists with shared items',
      `{% set ns = namespace(a=[1], b=[1]) %}{% for i in range(60) %}{% set ns.a = [ns.a, ns.a] %}{% set ns.b = [ns.b, ns.b] %}{% endfor %}{{ ns.a == ns.b }}`,
      'steps',
    ],
    ['nests expressions', `{{ ${'-'.repeat(3000)}1 }}`, 'levels deep'],
    ['nests parentheses', `{{ ${'('.repeat(60000)}1${')'.repeat(60000)} }}`, 'nests more than 100 levels'],
    ['is long', 'x'.repeat(200_000), 'has 200000 characters'],
    ['chains operators', `{{ 1${' + 1'.repeat(5000)} }}`, 'chains more than 200 operators'],
    ['nests statements', '{% if 1 %}'.repeat(3000), 'nests more than 100 levels'],
  ])('%s and is stopped', (_, template, message) => {
    expect(() => render(template)).toThrow(
      expect.objectContaining({ code: 'LIMIT', message: expect.stringMatching(message) }),
    )
  })

  // Each of these is one step of a loop, so it must cost as much as it scans.
  const text =
    "{% set q = 'a' * 900000 %}{% set s = q ~ q ~ q %}{% set f = '%Y' * 20000 %}{% set t = s ~ 'b' %}{% set u = s ~ 'b' %}"
  const keys = Array.from({ length: 5000 }, (_, i) => `'k${i}': ${i}`).join()
  it.each([
    ['a filter of texts', 's|upper'],
    ['a test of texts', 's is upper'],
    ['a test of texts by a filter', "[s]|select('upper')|list"],
    ['an ordering of texts', 't < u'],
    ['an equality of texts', 't == u'],
    ['sorting', '[t, u, t, u]|sort|length'],
    ['parsing a number', 's|int'],
    ['characters to strip', "'a'|trim(q)"],
    ['formatting the time', 'strftime_now(f)'],
    ['the first key', 'd|first'],
    ['the members of a mapping', 'd|items|length'],
    ['an equality of mappings', 'd == e'],
    ['a copy', 'dict(d, k=1)|length'],
    ['named arguments', 'm(**d)'],
  ])('counts what %s scans', (_, expression) => {
    const loop = `{% for i in range(10) %}{% set x = ${expression} %}{% endfor %}`
    const setUp = `${text}{% set d = {${keys}} %}{% set e = dict(d, k0=1) %}{% macro m() %}{{ kwargs|length }}{% endmacro %}`
    const steps = (template: string) => {
      const budget = new Budget()
      let spent = 0
      const counted = Object.assign(budget, {
        spend: (count: number) => {
          spent += count
        },
      })
      new Template(template).render(new Map(), NOW, counted)
      return spent
    }
    expect(steps(setUp + loop) - steps(setUp)).toBeGreaterThan(10 * 500)
  })

  it('limits the indentation of blank lines', () => {
    const template = "{{ ('\\n' * 900000)|indent(3000000, blank=true) }}"
    expect(() => render(template)).toThrow(expect.objectContaining({ code: 'LIMIT' }))
  })

  it('parses the path of an attribute once, not per item', () => {
    const template = "{% set p = 'x' * 900000 %}{{ range(100000)|map(attribute=p)|list|length }}"
    expect(render(template).text).toBe('100000')
  })

  it('fails with an error, not a crash, to serialize deeply nested values', () => {
    const nested = `{% set ns = namespace(a=[]) %}{% for i in range(5000) %}{% set ns.a = [ns.a] %}{% endfor %}`
    for (const end of ['{{ ns.a|tojson }}', '{{ ns.a }}']) {
      expect(() => render(nested + end)).toThrow(expect.objectContaining({ code: 'TEMPLATE_FAILED' }))
    }
  })
})

describe('provenance', () => {
  /** The output, with text from variables in brackets. */
  const marked = (template: string, context: object) =>
    render(template, context)
      .runs.map(({ text, provenance }) => (provenance === 0 ? text : `[${provenance}:${text}]`))
      .join('')

  it.each([
    ['<{{ a }}>', '<[1:one two]>'],
    ['{{ "<" + a + ">" + b }}', '<[1:one two]>[2: b\n]'],
    ['{{ b|trim }}{{ b.strip() }}{{ b.lstrip() }}', '[2:bbb\n]'],
    ['{{ a.split(" ")[1] }}|{{ a.split()[0] }}', '[1:two]|[1:one]'],
    ['{{ a.replace("one", "ONE") }}', 'ONE[1: two]'],
    ['{{ "say one".replace("one", a) }}', 'say [1:one two]'],
    ['{{ a|upper }} {{ (a ~ "x")|title }}', '[1:ONE TWO] [1:One Two]x'],
    ['{{ [a, "x"]|tojson }}', '["[1:one two]", "x"]'],
    ['{{ {"k": b}|tojson }}', '{"k": "[2: b\\n]"}'],
    ['{{ c|tojson }}', '{"[3:key]": "[3:value]"}'],
    ['{% for k, v in c|items %}{{ k }}{{ v }}{% endfor %}', '[3:keyvalue]'],
    ['{{ [a, b]|join(",") }}', '[1:one two],[2: b\n]'],
    ['{{ a[0] }}{{ a[4:] }}{{ a[::-1] }}', '[1:otwoowt eno]'],
    ['{% set x %}<{{ a }}>{% endset %}{{ x }}', '<[1:one two]>'],
    ['{% macro m(t) %}({{ t }}){% endmacro %}{{ m(a)|upper }}', '([1:ONE TWO])'],
    ['{{ a|list|join("-") }}', '[1:o]-[1:n]-[1:e]-[1: ]-[1:t]-[1:w]-[1:o]'],
    ['{{ a|escape }}{{ "<"|e if false else "" }}{{ a|indent }}', '[1:one twoone two]'],
    ['{{ [a] }}', "['[1:one two]']"],
    ['{{ a|default("x") }}{{ zz|default(a) }}', '[1:one twoone two]'],
  ])('%s', (template, expected) => {
    expect(marked(template, { a: 'one two', b: ' b\n', c: { key: 'value' } })).toBe(expected)
  })

  it('slices and joins like a string', () => {
    const runs = fc.array(fc.tuple(fc.string({ maxLength: 5 }), fc.nat(2)), { maxLength: 6 })
    fc.assert(
      fc.property(runs, fc.nat(20), fc.nat(20), (parts, start, end) => {
        const text = Text.join(parts.map(([part, provenance]) => Text.of(part, provenance)))
        const plain = parts.map(([part]) => part).join('')
        const slice = text.slice(start, end)
        expect(slice.text).toBe(plain.slice(start, Math.max(start, end)))
        expect(Text.join([text.slice(0, start), text.slice(start)])).toEqual(text)
        const provenances = parts
          .flatMap(([part, provenance]) => Array(part.length).fill(provenance))
          .slice(start, Math.max(start, end))
        expect(slice.runs.flatMap((run) => Array(run.text.length).fill(run.provenance))).toEqual(provenances)
      }),
    )
  })
})
