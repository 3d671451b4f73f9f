/**
 * Templates and their output with `CONTEXT`. Recorded with Python, Jinja2 3.1.6, `ImmutableSandboxedEnvironment` with
 * `trim_blocks`, `lstrip_blocks`, the extension `loopcontrols` and `json.dumps(…, ensure_ascii=False)` for `tojson`, as
 * transformers renders chat templates.
 */
export const CONTEXT = {
  name: 'Ada Lovelace',
  empty: '',
  pad: '  \n x y \t',
  n: 7,
  f: 2.5,
  items: [3, 1, 2],
  words: ['b', 'A', 'c'],
  d: { b: 1, a: { x: [1, 2] }, items: 'own' },
  msgs: [
    { role: 'user', content: 'hi' },
    { role: 'assistant', content: 'yo', n: null },
  ],
  quote: 'it\'s "q"\n\\',
  uni: 'h\u00e9 \u{1F600}!',
  tags: '<a>&b',
}

export const CASES: readonly (readonly [template: string, printed: string])[] = [
  ['{{ name }}', 'Ada Lovelace'],
  ['{{ missing }}|', '|'],
  [
    "{{ name|upper }} {{ name|lower }} {{ name|title }} {{ 'hELLO wORLD'|capitalize }} {{ 'a-b c'|title }}",
    'ADA LOVELACE ada lovelace Ada Lovelace Hello world A-B C',
  ],
  [
    '[{{ pad|trim }}] [{{ pad.strip() }}] [{{ pad.lstrip() }}] [{{ pad.rstrip() }}]',
    '[x y] [x y] [x y \t] [  \n x y]',
  ],
  [
    "[{{ 'xxabxx'.strip('x') }}] [{{ '\\n\\n a\\n'.lstrip('\\n') }}] [{{ 'abc'|trim('ac') }}]",
    '[ab] [ a\n] [b]',
  ],
  [
    "{{ 'a,b,,c'.split(',') }} {{ 'a,b,c'.split(',', 1) }} {{ ' a  b '.split() }} {{ 'a b c'.split(none, 1) }} {{ ''.split(',') }} {{ ''.split() }}",
    "['a', 'b', '', 'c'] ['a', 'b,c'] ['a', 'b'] ['a', 'b c'] [''] []",
  ],
  [
    "{{ 'aXbXc'.replace('X', '--') }} {{ 'aXbXc'|replace('X', '', 1) }} {{ 'ab'.replace('', '-') }}",
    'a--b--c abXc -a-b-',
  ],
  [
    "{{ name.startswith('Ada') }} {{ name.endswith(('x', 'lace')) }} {{ name.find('L') }} {{ name.find('zz') }}",
    'True True 4 -1',
  ],
  [
    '{{ name[0] }} {{ name[-1] }} {{ name[:3] }} {{ name[::-1] }} {{ name[4:-1:2] }} {{ uni[3] }} {{ uni|length }}',
    'A e Ada ecalevoL adA Lvlc 😀 5',
  ],
  [
    '{{ items[0] }} {{ items[-1] }} {{ items[1:] }} {{ items[::-1] }} {{ items[5] is defined }}',
    '3 2 [1, 2] [2, 1, 3] False',
  ],
  [
    '{{ 1 + 2 * 3 }} {{ 7 // 2 }} {{ -7 // 2 }} {{ 7 % 3 }} {{ -7 % 3 }} {{ 7 / 2 }} {{ 4 / 2 }} {{ 2 ** 3 }} {{ 2 ** -1 }} {{ 1.5 + 1.5 }}',
    '7 3 -4 1 2 3.5 2.0 8 0.5 3.0',
  ],
  ["{{ 'a' ~ 1 ~ none ~ true ~ 1.0 }} {{ 'ab' * 3 }} {{ [1] + [2] }}", 'a1NoneTrue1.0 ababab [1, 2]'],
  [
    "{{ 1 == 1.0 }} {{ 'a' == 'a' }} {{ [1, 'x'] == [1, 'x'] }} {{ {'a': 1} == {'a': 1} }} {{ 1 != '1' }} {{ none == none }} {{ true == 1 }}",
    'True True True True True True True',
  ],
  ["{{ 1 < 2 <= 2 }} {{ 'a' < 'b' }} {{ not 1 > 2 }}", 'True True True'],
  [
    "{{ 'l' in name }} {{ 'zz' not in name }} {{ 3 in items }} {{ 'a' in d }} {{ 'x' in missing }}",
    'True True True True False',
  ],
  [
    "{{ 'yes' if n > 5 else 'no' }} {{ 'yes' if n > 9 }}| {{ 'a' or 'b' }} {{ '' or 'b' }} {{ 1 and 0 }} {{ none or empty or 'z' }}",
    'yes | a b 0 z',
  ],
  [
    "{% for k, v in {'b': 1, 'a': 2}.items() %}{{ k }}={{ v }};{% endfor %} {% for k, v in {'b': 1, 'a': 2}|dictsort %}{{ k }}={{ v }};{% endfor %} {% for k in {'q': 1} %}{{ k }}{% endfor %}",
    'b=1;a=2; a=2;b=1; q',
  ],
  [
    "{{ d }} {{ quote }} {{ [quote, none, true, 1.0, 'é'] }}",
    `{'b': 1, 'a': {'x': [1, 2]}, 'items': 'own'} it's "q"\n\\ ['it\\'s "q"\\n\\\\', None, True, 1.0, 'é']`,
  ],
  [
    "{{ d|tojson }} {{ quote|tojson }} {{ [1, 2.5, none, false, {}, []]|tojson }} {{ 'é<'|tojson }} {{ 'é'|tojson(ensure_ascii=true) }}",
    `{"b": 1, "a": {"x": [1, 2]}, "items": "own"} "it's \\"q\\"\\n\\\\" [1, 2.5, null, false, {}, []] "é<" "\\u00e9"`,
  ],
  [
    "{{ {'a': [1, {'b': 2}], 'c': [], 'd': {}}|tojson(indent=2) }}",
    '{\n  "a": [\n    1,\n    {\n      "b": 2\n    }\n  ],\n  "c": [],\n  "d": {}\n}',
  ],
  ["{{ {'b': 1, 'a': 2}|tojson(sort_keys=true, separators=(',', ':')) }}", '{"a":2,"b":1}'],
  [
    "{{ items|sort }} {{ items|sort(reverse=true) }} {{ words|sort }} {{ words|sort(case_sensitive=true) }} {{ msgs|sort(attribute='content')|map(attribute='role')|list }}",
    "[1, 2, 3] [3, 2, 1] ['A', 'b', 'c'] ['A', 'b', 'c'] ['user', 'assistant']",
  ],
  [
    "{{ items|join('-') }} {{ words|join }} {{ msgs|join(', ', attribute='role') }} {{ items|first }} {{ items|last }} {{ items|reverse|list }} {{ 'abc'|reverse }}",
    '3-1-2 bAc user, assistant 3 2 [2, 1, 3] cba',
  ],
  [
    '{{ items|sum }} {{ items|max }} {{ items|min }} {{ [1, 1, 2]|unique|list }} {{ items|length }} {{ items|count }}',
    '6 3 1 [1, 2] 3 3',
  ],
  [
    "{{ msgs|selectattr('role', 'equalto', 'user')|list|length }} {{ msgs|rejectattr('role', 'eq', 'user')|map(attribute='content')|list }} {{ msgs|selectattr('n')|list }} {{ items|select('odd')|list }} {{ items|reject('gt', 2)|list }} {{ msgs|selectattr('n', 'none')|list|length }}",
    "1 ['yo'] [] [3, 1] [1, 2] 1",
  ],
  [
    "{{ words|map('upper')|list }} {{ msgs|map(attribute='zz', default='none')|list }}",
    "['B', 'A', 'C'] ['none', 'none']",
  ],
  [
    "{{ '12'|int }} {{ 'x'|int }} {{ 'x'|int(3) }} {{ 2.9|int }} {{ '2.5'|float }} {{ 3|float }} {{ 2.567|round(1) }} {{ -3|abs }} {{ 3|string }}",
    '12 0 3 2 2.5 3.0 2.6 3 3',
  ],
  [
    "{{ n is defined }} {{ missing is undefined }} {{ none is none }} {{ 'a' is string }} {{ d is mapping }} {{ items is iterable }} {{ 'x' is sequence }} {{ 3 is odd }} {{ 4 is even }} {{ n is number }} {{ true is boolean }} {{ n is not string }} {{ true is true }} {{ f is float }} {{ n is integer }} {{ d is iterable }} {{ missing is iterable }} {{ range is callable }}",
    'True True True True True True True True True True True True True True True True True True',
  ],
  [
    '{% for i in range(3) %}{{ loop.index }}{{ loop.index0 }}{{ loop.first }}{{ loop.last }}{{ loop.length }}{{ loop.revindex }} {% endfor %}',
    '10TrueFalse33 21FalseFalse32 32FalseTrue31 ',
  ],
  [
    '{% for i in items if i > 1 %}{{ i }}{{ loop.index }}{% if not loop.last %},{% endif %}{% else %}none{% endfor %} {% for i in [] %}x{% else %}none{% endfor %}',
    '31,22 none',
  ],
  [
    "{% for i in items %}{{ loop.previtem }}<{{ i }}>{{ loop.nextitem }} {% endfor %} {% for i in range(3) %}{{ loop.cycle('a', 'b') }}{% endfor %}",
    '<3>1 3<1>2 1<2>  aba',
  ],
  ['{% set x = 1 %}{% for i in range(2) %}{{ x }}{% set x = 9 %}{{ x }}{% endfor %}{{ x }}', '19191'],
  [
    "{% set ns = namespace(a=1, s='') %}{% for i in range(3) %}{% set ns.a = ns.a + i %}{% set ns.s = ns.s ~ i %}{% endfor %}{{ ns.a }} {{ ns.s }}",
    '4 012',
  ],
  [
    "{% set a, b = 1, 2 %}{{ a }}{{ b }} {% set block %}<{{ name }}>{% endset %}{{ block }} {% set t = (1, 'x') %}{{ t[1] }}",
    '12 <Ada Lovelace> x',
  ],
  [
    '{% macro outer(x) %}({{ caller() }}:{{ x }}){% endmacro %}{% call outer(3) %}in{% endcall %} {% macro r(n) %}{{ n }}{% if n %}{{ r(n - 1) }}{% endif %}{% endmacro %}{{ r(3) }}',
    '(in:3) 3210',
  ],
  [
    '{% for i in range(9) %}{% if i == 2 %}{% continue %}{% endif %}{% if i == 5 %}{% break %}{% endif %}{{ i }}{% endfor %}',
    '0134',
  ],
  ['{% filter upper %}abc {{ name }}{% endfilter %}', 'ABC ADA LOVELACE'],
  ["{{ 'a\\nb\\n\\nc'|indent }}|{{ 'a\\nb'|indent(2, true) }}", 'a\n    b\n\n    c|  a\n  b'],
  [
    "{{ tags|escape }} {{ tags|safe }} {{ 'one two  three'|wordcount }} {{ range(5, 0, -2)|list }} {{ range(2, 4)|list }}",
    '&lt;a&gt;&amp;b <a>&b 3 [5, 3, 1] [2, 3]',
  ],
  [
    "{{ 'A' if name is string and name|length > 3 else 'B' }} {{ (items|length) - 1 }} {{ -n }} {{ not empty }} {{ +n }}",
    'A 2 -7 True 7',
  ],
  ['{%- if n == 7 -%} seven {%- elif n == 8 -%} eight {%- else -%} other {%- endif -%}|', 'seven|'],
  [
    '{% if missing %}a{% elif items %}b{% endif %} {% if d.zz is none %}x{% else %}y{% endif %} {% if msgs[1].n is none %}none{% endif %}',
    'b y none',
  ],
  ['a {# comment #} b {#- c -#} d', 'a  bd'],
  [
    "{% for m in msgs %}{{ m.role }}:{{ m['content'] }}{{ '' if loop.last else ', ' }}{% endfor %}",
    'user:hi, assistant:yo',
  ],
  ["{% set s = 'x' %}{% if true %}{% set s = 'y' %}{% endif %}{{ s }}", 'y'],
  [
    "{{ missing|default(none) is none }} {{ 'x'|int(default=none) is none }} {{ d.get('b', none) }}",
    'True True 1',
  ],
  [
    "{% macro m(x='d') %}{{ x is none }}{% endmacro %}{{ m(none) }} {{ m() }} {{ m(x=none) }}",
    'True False True',
  ],
  [
    "{{ '\u{1F600}x'.strip('\u{1F601}') }} {{ '\u{1F601}\u{1F600}\u{1F601}'.strip('\u{1F601}') }} {{ uni.find('!') }} {{ uni.rfind('!') }} {{ uni[:uni.find('!')] }} {{ uni.count('') }}",
    '\u{1F600}x \u{1F600} 4 4 h\u00e9 \u{1F600} 6',
  ],
  [
    '{{ 2.5|round }} {{ 3.5|round }} {{ -2.5|round }} {{ 0.5|round|int }} {{ 7|round }} {{ 2.567|round(2) }}',
    '2.0 4.0 -2.0 0 7 2.57',
  ],
  ["{{ '12.7'|int }} {{ ' 42 '|int }} {{ '-3.9'|int }} {{ 'x'|int(5) }}", '12 42 -3 5'],
  [
    "{{ ['a', 'A', 'b', 'a']|unique|list }} {{ ['a', 'A']|unique(case_sensitive=true)|list }}",
    "['a', 'b'] ['a', 'A']",
  ],
  ['{{ "it\'s"|title }} {{ \'x_y z-w (q\'|title }} {{ "it\'s".title() }}', "It's X_y Z-W (Q It'S"],
  ["{{ '1' is upper }} {{ 'A1' is upper }} {{ 'a1' is lower }} {{ '' is lower }}", 'False True True False'],
  [
    "{{ 'a\\r\\nb\\n'.splitlines(true)|tojson }} {{ '<a>'|e }} [{{ ''|indent(2, true) }}]",
    '["a\\r\\n", "b\\n"] &lt;a&gt; [  ]',
  ],
]
