/** What models write around tool calls, and how it must be parsed, in every dialect that applies. */
import { describe, expect, it } from 'vitest'
import type { ReplyEvent } from '../../src/chat/reply/events.js'
import { type ReplyFormatOverrides, replyFormat, replyFormatOf } from '../../src/chat/reply/format.js'
import { createReplyParser } from '../../src/chat/reply/parser.js'
import { textOf as allTextOf, partsOf } from '../chat/reply/parse.js'
import { WRITTEN } from '../chat/reply/written-calls.js'
import { testKind } from './kind.js'

type Tools = NonNullable<ReplyFormatOverrides['tools']>
type Call = readonly [name: string, args: Readonly<Record<string, unknown>>]

interface Case {
  readonly tools: Tools
  readonly text: string
  readonly calls?: readonly Call[]
  /** Default: not checked. */
  readonly content?: string
  readonly reasoning?: string
  readonly malformed?: readonly string[]
  readonly thinks?: boolean
}

const TOOLS = [
  {
    name: 'weather',
    parameters: {
      type: 'object',
      $defs: { unit: { enum: ['c', 'f'] }, list: { type: 'array' } },
      properties: {
        city: { type: 'string' },
        days: { type: 'integer' },
        share: { type: 'number' },
        raw: { type: 'boolean' },
        where: { type: 'object' },
        tags: { type: 'array', items: { type: 'string' } },
        note: { anyOf: [{ type: 'string' }, { type: 'null' }] },
        either: { type: ['string', 'integer'] },
        unit: { $ref: '#/$defs/unit' },
        list: { $ref: '#/$defs/list' },
        maybe: { type: 'integer', nullable: true },
        code: { enum: ['1', '2'] },
        anything: {},
      },
    },
  },
  { name: 'now' },
]

const formatOf = ({ tools, thinks = false }: Pick<Case, 'tools' | 'thinks'>) =>
  replyFormat({ tools, reasoning: tools === 'harmony' ? 'harmony' : thinks ? 'think' : 'none' })

function read({ tools, text, thinks = false }: Case, pieces: readonly string[] = [text]): ReplyEvent[] {
  const parser = createReplyParser(formatOf({ tools, thinks }), { tools: TOOLS })
  return [...pieces.flatMap((piece) => parser.push(piece)), ...parser.end('stop')]
}

const textOf = (events: readonly ReplyEvent[], type: 'content' | 'reasoning') =>
  events.map((event) => (event.type === type ? event.text : '')).join('')

function check(input: Case): void {
  for (const pieces of [[input.text], input.text.split('')]) {
    const events = read(input, pieces)
    const calls = events.flatMap((event): Call[] =>
      event.type === 'tool-call' ? [[event.call.name, event.call.arguments]] : [],
    )
    expect(calls).toEqual(input.calls ?? [])
    const reasons = events.flatMap((event) => (event.type === 'malformed-tool-call' ? [event.reason] : []))
    expect(reasons).toEqual(input.malformed ?? [])
    if (input.content !== undefined) expect(textOf(events, 'content')).toBe(input.content)
    const format = formatOf(input)
    expect(allTextOf(partsOf(format, [...pieces], { tools: TOOLS }))).toBe(input.text)
    if (input.reasoning !== undefined) expect(textOf(events, 'reasoning')).toBe(input.reasoning)
  }
}

/** The marker before MiniMax M3's tags. */
const M3 = ']<]minimax[>['
const DIALECTS = Object.keys(WRITTEN) as Exclude<Tools, 'none'>[]
/** Formats whose replies consist of sections, in which calls do not occur within reasoning. */
const SECTIONED: readonly Tools[] = ['harmony', 'functionary', 'gigachat-3', 'kimi-k3']
/** Dialects whose calls are JSON objects within markers. */
const AS_JSON: readonly (readonly [Tools, open: string, close: string])[] = [
  ['hermes', '<tool_call>', '</tool_call>'],
  ['nemotron', '<TOOLCALL>', '</TOOLCALL>'],
  ['tool-calls', '<tool_calls>', '</tool_calls>'],
  ['cohere', '<|START_ACTION|>', '<|END_ACTION|>'],
  ['granite', '<|tool_call|>', ''],
  ['apertus', '<|tools_prefix|>', '<|tools_suffix|>'],
  ['mistral', '[TOOL_CALLS]', ''],
  ['gigachat', '<|function_call|>', ''],
  ['gigachat-3', '<|message_sep|>\n\nfunction call<|role_sep|>\n', ''],
]
/** Dialects with JSON for the arguments alone: the text before and after. */
const WITH_JSON: readonly (readonly [Tools, before: string, behind: string])[] = [
  ...AS_JSON.map(
    ([tools, open, close]) => [tools, `${open}{"name": "weather", "arguments": `, `}${close}`] as const,
  ),
  ['mistral', '[TOOL_CALLS]weather[ARGS]', ''],
  ['llama-json', '{"name": "weather", "parameters": ', '}'],
  ['apertus', '<|tools_prefix|>[{"weather": ', '}]<|tools_suffix|>'],
  ['functionary', 'weather\n', ''],
  ['functionary', 'all\nOk.>>>weather\n', '\n>>>all\nSo.'],
  [
    'kimi-k3',
    '<|open|>call tool="weather" index="1"<|sep|><|open|>json type="object"<|sep|>',
    '<|close|>json<|sep|><|close|>call<|sep|>',
  ],
  ['glm', '<tool_call>weather\n', '</tool_call>'],
  ['hunyuan', '<tool_call:opensource>weather<tool_sep:opensource>\n', '</tool_call:opensource>'],
  ['deepseek', '<｜tool▁call▁begin｜>weather<｜tool▁sep｜>', '<｜tool▁call▁end｜>'],
  ['kimi', '<|tool_call_begin|>functions.weather:3<|tool_call_argument_begin|>', '<|tool_call_end|>'],
  ['solar', '<|tool_call:begin|>1<|tool_call:name|>weather<|tool_call:args|>', '<|tool_call:end|>'],
  ['harmony', '<|channel|>commentary to=functions.weather<|message|>', '<|call|>'],
  ['qwen-xml', '<function=weather>', '</function>'],
]
const json = (args: string, calls: readonly Call[]): Case[] =>
  WITH_JSON.map(([tools, before, behind]) => ({ tools, text: before + args + behind, calls }))

describe('tool calls', () => {
  testKind(
    'a call in each dialect',
    DIALECTS.map(
      (tools): Case => ({
        tools,
        text: WRITTEN[tools]('Rome'),
        calls: [['weather', { city: 'Rome' }]],
      }),
    ),
    check,
  )

  testKind(
    'arguments as the JSON text of an object',
    AS_JSON.flatMap(([tools, open, close]): Case[] => [
      {
        tools,
        text: `${open}{"name": "weather", "arguments": "{\\n \\"city\\": \\"Ro\\\\\\"me\\"\\n}"}${close}`,
        calls: [['weather', { city: 'Ro"me' }]],
      },
      { tools, text: `${open}{"arguments": "{}", "name": "now"}${close}`, calls: [['now', {}]] },
      { tools, text: `${open}{"name": "now", "arguments": ""}${close}`, calls: [['now', {}]] },
      { tools, text: `${open}{"name": "now", "arguments": null}${close}`, calls: [['now', {}]] },
      {
        tools,
        text: `${open}{"name": "now", "arguments": "Rome"}${close}`,
        malformed: ['arguments-not-object'],
      },
      {
        tools,
        text: `${open}{"name": "now", "arguments": "[]"}${close}`,
        malformed: ['arguments-not-object'],
      },
      {
        tools,
        text: `${open}{"type": "function", "function": {"name": "now", "arguments": "{\\"a\\": 1}"}}${close}`,
        calls: [['now', { a: 1 }]],
      },
    ]),
    check,
  )

  testKind(
    'raw control characters within strings',
    [
      ...json('{"city": "a\tb\nc\r\u0001"}', [['weather', { city: 'a\tb\nc\r\u0001' }]]),
      ...json('{"ci\nty": "\n"}', [['weather', { 'ci\nty': '\n' }]]),
      ...DIALECTS.map(
        (tools): Case => ({
          tools,
          text: WRITTEN[tools]('a\n\tb'),
          calls: [['weather', { city: 'a\n\tb' }]],
        }),
      ),
    ],
    check,
  )

  testKind(
    'Python syntax: single quotes, True, None, tuples, trailing commas',
    [
      ...json(`{'city': 'it"s', 'raw': True, 'note': None, "tags": ['a', "b",],}`, [
        ['weather', { city: 'it"s', raw: true, note: null, tags: ['a', 'b'] }],
      ]),
      ...json(`{"where": {"x": False, 'y': (1, 2)}, "city": 'don\\'t'}`, [
        ['weather', { where: { x: false, y: [1, 2] }, city: "don't" }],
      ]),
    ],
    check,
  )

  testKind(
    'escapes that JSON lacks',
    json('{"city": "\\d+\\.\\w \\\'"}', [['weather', { city: "\\d+\\.\\w '" }]]),
    check,
  )

  testKind('a brace too many', json('{"days": 1}}', [['weather', { days: 1 }]]), check)

  testKind(
    'brackets that are missing before a closing marker',
    [
      ...AS_JSON.filter(([, , close]) => close !== '').map(
        ([tools, open, close]) => [tools, `${open}{"name": "weather", "arguments": `, close] as const,
      ),
      ...WITH_JSON.filter(([tools, , behind]) => behind.startsWith('<') && tools !== 'harmony'),
    ].map(
      ([tools, before, behind]): Case => ({
        tools,
        text: `${before}{"tags": ["a"${behind}`,
        calls: [['weather', { tags: ['a'] }]],
      }),
    ),
    check,
  )

  testKind(
    'several calls in one tag',
    AS_JSON.flatMap(([tools, open, close]): Case[] => {
      const [a, b] = ['{"name": "weather", "arguments": {"city": "A"}}', '{"name": "now"}']
      const both: readonly Call[] = [
        ['weather', { city: 'A' }],
        ['now', {}],
      ]
      return [
        { tools, text: `${open}\n${a}\n${b}\n${close}`, calls: both, content: '' },
        { tools, text: `${open}[${a}, ${b}]${close}`, calls: both, content: '' },
        { tools, text: `${open}${a}, ${b}${close}`, calls: both, content: '' },
        { tools, text: `${open}[${a}]${close}`, calls: both.slice(0, 1), content: '' },
        { tools, text: `${open}\`\`\`json\n${b}\n\`\`\`${close}`, calls: both.slice(1), content: '' },
        { tools, text: `${open}[]${close}`, content: '' },
        {
          tools,
          text: `${open}${a}\n{"name": "rm"}${close}`,
          calls: both.slice(0, 1),
          malformed: ['unknown-tool'],
        },
      ]
    }),
    check,
  )

  testKind(
    'a missing closing marker at the end',
    [
      ['hermes', '<tool_call>{"name": "now"}\n'],
      ['nemotron', '<TOOLCALL>[{"name": "now"}'],
      ['cohere', '<|START_ACTION|>[{"tool_name": "now"}]'],
      ['qwen-xml', '<tool_call>\n<function=now>\n</function>'],
      ['qwen-xml', '<tool_call>\n<function=now>\n'],
      ['qwen-xml', '<function=now></function>\n</tool_call>'],
      ['glm', '<tool_call>now<arg_key>a</arg_key><arg_value>1</arg_value>'],
      ['lfm2', '<|tool_call_start|>[now()]'],
      ['minicpm', '<function name="now">'],
      ['kimi', '<|tool_call_begin|>functions.now:0<|tool_call_argument_begin|>{}'],
      ['gemma', '<|tool_call>call:now{}'],
    ].map(([tools, text]) => ({ tools: tools as Tools, text })),
    (input) => {
      const events = read(input)
      expect(events.filter(({ type }) => type === 'tool-call')).toHaveLength(1)
      expect(events.filter(({ type }) => type === 'malformed-tool-call')).toEqual([])
    },
  )

  testKind(
    'text before and after a call',
    DIALECTS.filter((tools) => tools !== 'harmony' && tools !== 'llama-json').flatMap((tools): Case[] => {
      const call = WRITTEN[tools]('A')
      const calls: readonly Call[] = [['weather', { city: 'A' }]]
      return [
        { tools, text: `Ok.\n${call}\nDone`, calls, content: 'Ok.\nDone' },
        { tools, text: `Ok.${call}Done`, calls, content: 'Ok.\nDone' },
        { tools, text: `Ok. ${call} Done`, calls, content: 'Ok. Done' },
        { tools, text: `Ok.\n\n${call}\n\nDone`, calls, content: 'Ok.\n\nDone' },
        { tools, text: `Ok.\n${call}\n`, calls, content: 'Ok.' },
        { tools, text: `${call}\nDone`, calls, content: 'Done' },
      ]
    }),
    (input) => {
      // Which white space separates them is not specified.
      const content = textOf(read(input), 'content').replace(/\s+/g, ' ').trim()
      expect(content).toBe(input.content?.replace(/\s+/g, ' '))
      check({ ...input, content: undefined })
    },
  )

  testKind(
    'two visible messages of Harmony',
    [
      [
        '<|channel|>commentary<|message|>I will look.<|end|><|start|>assistant<|channel|>final<|message|>It is 20.',
        'I will look.\nIt is 20.',
      ],
      ['<|channel|>final<|message|>A<|end|><|start|>assistant<|channel|>final<|message|>B<|return|>', 'A\nB'],
      [
        `<|channel|>commentary<|message|>A<|end|><|start|>assistant${WRITTEN.harmony('X')}<|channel|>final<|message|>B`,
        'A\nB',
      ],
    ].map(([text, content]) => ({ text, content })),
    ({ text, content }) => expect(textOf(read({ tools: 'harmony', text }), 'content')).toBe(content),
  )

  testKind(
    'a call in reasoning that never ends',
    DIALECTS.filter((tools) => !SECTIONED.includes(tools)).flatMap((tools): Case[] => {
      const call = WRITTEN[tools]('A')
      const calls: readonly Call[] = [['weather', { city: 'A' }]]
      return [
        {
          tools,
          thinks: true,
          text: `<think>I will call\n${call}`,
          calls,
          reasoning: 'I will call',
          content: '',
        },
        { tools, thinks: true, text: `<think>${call}\n`, calls, content: '' },
        // Reasoning that ends may mention a call.
        { tools, thinks: true, text: `<think>As in ${call} so.</think>Yes.`, content: 'Yes.' },
      ]
    }),
    check,
  )

  testKind(
    'half a call in reasoning that never ends',
    DIALECTS.filter((tools) => !SECTIONED.includes(tools)).map((tools): Case => {
      const call = WRITTEN[tools]('A')
      const text = call.slice(0, call.indexOf('A'))
      return { tools, thinks: true, text: `<think>So ${text}`, reasoning: `So ${text}`, content: '' }
    }),
    check,
  )

  const xml = (key: string, value: string): Case[] => [
    {
      tools: 'qwen-xml',
      text: `<tool_call>\n<function=weather>\n<parameter=${key}>\n${value}\n</parameter>\n</function>\n</tool_call>`,
    },
    {
      tools: 'qwen-xml',
      text: `<function=weather>\n<parameter=${key}>\n${value}\n</parameter>\n</function>`,
    },
    {
      tools: 'seed',
      text: `<seed:tool_call><function=weather><parameter=${key}>${value}</parameter></function></seed:tool_call>`,
    },
    {
      tools: 'glm',
      text: `<tool_call>weather<arg_key>${key}</arg_key><arg_value>${value}</arg_value></tool_call>`,
    },
    {
      tools: 'hunyuan',
      text: `<tool_call:opensource>weather<tool_sep:opensource>\n<arg_key:opensource>${key}</arg_key:opensource>\n<arg_value:opensource>${value}</arg_value:opensource>\n</tool_call:opensource>`,
    },
    {
      tools: 'minimax-m3',
      text: `${M3}<tool_call>${M3}<invoke name="weather">${M3}<${key}>${value}${M3}</${key}>${M3}</invoke>${M3}</tool_call>`,
    },
    {
      tools: 'kimi-k3',
      text: `<|open|>call tool="weather" index="1"<|sep|><|open|>argument key="${key}" type="number"<|sep|>${value}<|close|>argument<|sep|><|close|>call<|sep|>`,
    },
    { tools: 'minicpm', text: `<function name="weather"><param name="${key}">${value}</param></function>` },
    {
      tools: 'minimax',
      text: `<minimax:tool_call><invoke name="weather"><parameter name="${key}">${value}</parameter></invoke></minimax:tool_call>`,
    },
  ]
  testKind(
    "values by the tool's schema",
    (
      [
        ['city', '5', '5'],
        ['city', 'true', 'true'],
        ['city', 'null', 'null'],
        ['city', '{"a": 1}', '{"a": 1}'],
        ['city', '"quoted"', '"quoted"'],
        ['city', '  a ', '  a '],
        ['city', 'a < b && c > "d"\n\n</b>', 'a < b && c > "d"\n\n</b>'],
        ['city', '', ''],
        ['days', '5', 5],
        ['days', ' 5 ', 5],
        ['days', 'five', 'five'],
        ['days', '"5"', 5],
        ['share', '0.5', 0.5],
        ['share', '5', 5],
        ['raw', 'true', true],
        ['raw', 'True', true],
        ['raw', 'FALSE', false],
        ['where', '{"a": [1]}', { a: [1] }],
        ['where', "{'a': None}", { a: null }],
        ['where', '{"a": "x\ny"}', { a: 'x\ny' }],
        ['tags', '["a", "b"]', ['a', 'b']],
        ['note', 'null', null],
        ['note', 'None', null],
        ['note', 'text', 'text'],
        ['note', '5', '5'],
        ['either', '5', 5],
        ['either', 'five', 'five'],
        ['unit', 'c', 'c'],
        ['list', '[1]', [1]],
        ['maybe', 'null', null],
        ['maybe', '3', 3],
        ['code', '1', '1'],
        ['anything', '[1, 2]', [1, 2]],
        ['anything', 'text', 'text'],
        ['unknown', '7', 7],
        ['unknown', 'seven', 'seven'],
        ['unknown', '007', '007'],
      ] as const
    ).flatMap(([key, value, expected]) =>
      xml(key, value).map((input) => ({ ...input, calls: [['weather', { [key]: expected }]] as Call[] })),
    ),
    check,
  )

  testKind(
    'calls in Python syntax',
    (
      [
        ['[now()]', [['now', {}]]],
        ['now()', [['now', {}]]],
        [
          '[now(), weather(city="A")]',
          [
            ['now', {}],
            ['weather', { city: 'A' }],
          ],
        ],
        [`[weather(city='A, (B) = "C"')]`, [['weather', { city: 'A, (B) = "C"' }]]],
        ['[weather( city = "A" , days = 3 )]', [['weather', { city: 'A', days: 3 }]]],
        [
          '[weather(share=-1.5e3, raw=True, note=None)]',
          [['weather', { share: -1500, raw: true, note: null }]],
        ],
        [
          "[weather(where={'a': [1, {'b': False}]}, tags=('x', 'y'))]",
          [['weather', { where: { a: [1, { b: false }] }, tags: ['x', 'y'] }]],
        ],
        ['[weather(city="a\nb\\n")]', [['weather', { city: 'a\nb\n' }]]],
        [
          "[weather(city='it's five o'clock', days=3, note='l'été')]",
          [['weather', { city: "it's five o'clock", days: 3, note: "l'été" }]],
        ],
        ["[weather(city='a' 'b', note='')]", [['weather', { city: 'ab', note: '' }]]],
        ['[weather(city="A",)]', [['weather', { city: 'A' }]]],
        [
          'now()\nweather(days=1)\n',
          [
            ['now', {}],
            ['weather', { days: 1 }],
          ],
        ],
        ['[{"name": "weather", "arguments": {"city": "A"}}]', [['weather', { city: 'A' }]]],
        ['{"name": "now"}', [['now', {}]]],
      ] as readonly (readonly [string, readonly Call[]])[]
    ).map(
      ([text, calls]): Case => ({
        tools: 'lfm2',
        text: `<|tool_call_start|>${text}<|tool_call_end|>`,
        calls,
      }),
    ),
    check,
  )

  testKind(
    'forms of Gemma',
    (
      [
        ['call:weather{city:<|"|>A<|"|>}', [['weather', { city: 'A' }]]],
        ['call:weather(city:<|"|>ls -a<|"|>)', [['weather', { city: 'ls -a' }]]],
        ['call:weather(city=<|"|>A<|"|>,days=5)', [['weather', { city: 'A', days: 5 }]]],
        ['call:now{path:test.txt,n:5}', [['now', { path: 'test.txt', n: 5 }]]],
        [
          'call:now{a:two words,b:true,c:null,d:-1.5}',
          [['now', { a: 'two words', b: true, c: null, d: -1.5 }]],
        ],
        ['call:now{a:x, y,b:[p, q],c:{d:e}}', [['now', { a: 'x, y', b: ['p', 'q'], c: { d: 'e' } }]]],
        ['call:now{url:http://a.b/c?d=e}', [['now', { url: 'http://a.b/c?d=e' }]]],
        ['call:weather{city:5,either:5}', [['weather', { city: '5', either: 5 }]]],
        ['call:now{"a": "b\\"c", "d": 1}', [['now', { a: 'b"c', d: 1 }]]],
        ['call:now()', [['now', {}]]],
        ['call:now{}', [['now', {}]]],
        ['call:now', [['now', {}]]],
        ['call:now{a:1,}', [['now', { a: 1 }]]],
        ['call:now{a:1}}', [['now', { a: 1 }]]],
        [
          'call:now{}call:weather{days:1}',
          [
            ['now', {}],
            ['weather', { days: 1 }],
          ],
        ],
        ['call:now{a:<|"|>x{y}:,"<|"|>}', [['now', { a: 'x{y}:,"' }]]],
      ] as readonly (readonly [string, readonly Call[]])[]
    ).map(
      ([text, calls]): Case => ({
        tools: 'gemma',
        text: `<|tool_call>${text}<tool_call|>`,
        calls,
        content: '',
      }),
    ),
    check,
  )

  testKind(
    "MiniMax M3's nested elements",
    (
      [
        ['<where>¦<a>1¦</a>¦<b>x¦</b>¦</where>', { where: { a: 1, b: 'x' } }],
        ['<tags>¦<item>1¦</item>¦<item>two¦</item>¦</tags>', { tags: ['1', 'two'] }],
        ['<tags>¦</tags>', { tags: [] }],
        ['<where>¦</where>', { where: {} }],
        ['<tags>["a", "b"]¦</tags>', { tags: ['a', 'b'] }],
        ['<where>{"a": {"b": 1}}¦</where>', { where: { a: { b: 1 } } }],
        ['<where>\n¦<list>\n¦<item>1¦</item>\n¦</list>\n¦</where>\n', { where: { list: [1] } }],
        ['<where>¦<item>1¦</item>¦</where>', { where: { item: 1 } }],
        ['<anything>¦<item>¦<a>true¦</a>¦</item>¦</anything>', { anything: [{ a: true }] }],
        ['<anything>¦<a>¦<b>¦</b>¦</a>¦</anything>', { anything: { a: { b: '' } } }],
        ['<tags>¦<tag>a¦</tag>¦<tag>b¦</tag>¦</tags>', { tags: ['a', 'b'] }],
        ['<city>a ¦ <b> ¦<b>c¦</b>\n¦</city>', { city: 'a ¦ <b> ¦<b>c¦</b>\n' }],
        ['<city>A¦</city>¦<days>2¦</days>', { city: 'A', days: 2 }],
        ['<city>A', { city: 'A' }],
        ['<where>¦<a>1', { where: { a: 1 } }],
      ] as const
    ).flatMap(([elements, args]): Case[] => {
      const marked = (text: string) => text.replaceAll('¦', M3)
      const calls: readonly Call[] = [['weather', JSON.parse(marked(JSON.stringify(args)))]]
      const text = marked(`¦<invoke name="weather">¦${elements}¦</invoke>`)
      return [
        { tools: 'minimax-m3', text, calls, content: '' },
        { tools: 'minimax-m3', text: marked(`¦<tool_call>\n${text}\n¦</tool_call>`), calls, content: '' },
      ]
    }),
    check,
  )

  testKind(
    'several calls in one section',
    (
      [
        ['apertus', ['<|tools_prefix|>[', '{"now": {}}, ', ']<|tools_suffix|>']],
        ['apertus', ['<|tools_prefix|>', '{"now": {}}\n', '<|tools_suffix|>']],
        ['apertus', ['<|tools_prefix|>[', '{"name": "now", "arguments": {}}, ', ']<|tools_suffix|>']],
        [
          'hunyuan',
          [
            '<tool_calls:opensource>\n',
            '<tool_call:opensource>now<tool_sep:opensource>\n</tool_call:opensource>\n',
            '</tool_calls:opensource>',
          ],
        ],
        [
          'hunyuan',
          [
            '<tool_calls:opensource>',
            '<tool_call:opensource>now<tool_sep:opensource>',
            '</tool_calls:opensource>',
          ],
        ],
        ['minimax-m3', [`${M3}<tool_call>`, `\n${M3}<invoke name="now">${M3}</invoke>`, `${M3}</tool_call>`]],
        [
          'kimi-k3',
          [
            '<|open|>tools<|sep|>',
            '<|open|>call tool="now"<|sep|><|close|>call<|sep|>',
            '<|close|>tools<|sep|>',
          ],
        ],
        ['kimi-k3', ['<|open|>tools<|sep|>', '<|open|>call tool="now"<|sep|>', '<|close|>tools<|sep|>']],
        ['minimax-m3', ['', `${M3}<invoke name="now">${M3}</invoke>`, '']],
      ] as const
    ).flatMap(([tools, [open, call, close]]): Case[] =>
      [1, 2, 3].map((count) => ({
        tools,
        text: `Ok. ${open}${call.repeat(count)}${close} So.`,
        calls: Array.from({ length: count }, (): Call => ['now', {}]),
        content: 'Ok. So.',
      })),
    ),
    (input) => {
      expect(textOf(read(input), 'content').replace(/\s+/g, ' ')).toBe(input.content)
      check({ ...input, content: undefined })
    },
  )

  testKind(
    'markers of MiniMax M3 that open no call are content',
    [`a ${M3} b`, `a${M3}`, `a${M3}<b>c`, `${M3}</tool_call>`, `${M3}${M3}<tool_call`].map((text) => ({
      text,
    })),
    ({ text }) => {
      const events = read({ tools: 'minimax-m3', text })
      expect(events.filter(({ type }) => type !== 'content')).toEqual([])
      expect(textOf(events, 'content').replace(/\s/g, '')).toBe(text.replace(/\s/g, ''))
    },
  )

  testKind(
    "DeepSeek's fences",
    [
      '```json\n{"days": 1}\n```',
      '```\n{"days": 1}\n```',
      '```python\n{"days": 1}\n```',
      '\n{"days": 1}\n',
      '{"days": 1}',
    ].flatMap((body): Case[] =>
      ['function<｜tool▁sep｜>weather\n', 'weather<｜tool▁sep｜>'].map((head) => ({
        tools: 'deepseek',
        text: `<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>${head}${body}<｜tool▁call▁end｜><｜tool▁calls▁end｜>`,
        calls: [['weather', { days: 1 }]],
      })),
    ),
    check,
  )

  testKind(
    'malformed calls stay text with a reason',
    [
      ['hermes', '<tool_call>weather(Rome)</tool_call>', 'invalid-json'],
      ['hermes', '<tool_call>{"name": "weather", "arguments": {"city": Rome}}</tool_call>', 'invalid-json'],
      ['hermes', '<tool_call>{"name": "rm", "arguments": {}}</tool_call>', 'unknown-tool'],
      ['hermes', '<tool_call>{"arguments": {}}</tool_call>', 'not-a-call'],
      ['hermes', '<tool_call>{"name": "now", "argu', 'incomplete'],
      ['qwen-xml', '<tool_call>\nweather in Rome\n</tool_call>', 'invalid-json'],
      ['qwen-xml', '<tool_call>\n<function=rm>\n</function>\n</tool_call>', 'unknown-tool'],
      ['qwen-xml', '<tool_call>\n<function=now>\n<parameter=a>\nb', 'incomplete'],
      ['qwen-xml', '<tool_call>\n<function=now and then', 'incomplete'],
      ['glm', '<tool_call>now and then</tool_call>', 'invalid-json'],
      ['glm', '<tool_call>rm<arg_key>a</arg_key><arg_value>b</arg_value></tool_call>', 'unknown-tool'],
      ['glm', '<tool_call>now<arg_key>a</arg_key><arg_value>b', 'incomplete'],
      ['lfm2', '<|tool_call_start|>[now(1)]<|tool_call_end|>', 'invalid-json'],
      ['lfm2', '<|tool_call_start|>[rm()]<|tool_call_end|>', 'unknown-tool'],
      ['lfm2', '<|tool_call_start|>[now(a="b', 'incomplete'],
      ['lfm2', `<|tool_call_start|>[now(a='b' c='d')]<|tool_call_end|>`, 'invalid-json'],
      ['lfm2', `<|tool_call_start|>[now(a="b"c)]<|tool_call_end|>`, 'invalid-json'],
      ['nemotron', '<TOOLCALL>now</TOOLCALL>', 'invalid-json'],
      ['granite', '<|tool_call|>now', 'incomplete'],
      ['minicpm', '<function name="now">now</function>', 'invalid-json'],
      [
        'kimi',
        '<|tool_call_begin|>functions.now:0<|tool_call_argument_begin|>soon<|tool_call_end|>',
        'invalid-json',
      ],
      ['gemma', '<|tool_call>now()<tool_call|>', 'invalid-json'],
      ['apertus', '<|tools_prefix|>now()<|tools_suffix|>', 'invalid-json'],
      ['apertus', '<|tools_prefix|>[{"rm": {}}]<|tools_suffix|>', 'unknown-tool'],
      ['apertus', '<|tools_prefix|>[{"now": {}, "weather": {}}]<|tools_suffix|>', 'not-a-call'],
      ['apertus', '<|tools_prefix|>[{"now": {}, "now": {}}]<|tools_suffix|>', 'not-a-call'],
      ['apertus', '<|tools_prefix|>[{}]<|tools_suffix|>', 'not-a-call'],
      ['apertus', '<|tools_prefix|>[{"now": [1]}]<|tools_suffix|>', 'arguments-not-object'],
      ['apertus', '<|tools_prefix|>[{"now": {"a": 1', 'incomplete'],
      ['functionary', 'now\nsoon', 'invalid-json'],
      ['functionary', 'rm\n{}', 'unknown-tool'],
      ['functionary', 'now\n{"a": ', 'incomplete'],
      ['functionary', 'now\n[1]', 'invalid-json'],
      ['gigachat-3', '<|message_sep|>\n\nfunction call<|role_sep|>\nnow()', 'invalid-json'],
      ['gigachat-3', '<|message_sep|>\n\nfunction call', 'incomplete'],
      ['kimi-k3', '<|open|>call tool="now" index="1"<|sep|>now()<|close|>call<|sep|>', 'invalid-json'],
      ['kimi-k3', '<|open|>call index="1"<|sep|><|close|>call<|sep|>', 'invalid-json'],
      ['kimi-k3', '<|open|>call tool="rm" index="1"<|sep|><|close|>call<|sep|>', 'unknown-tool'],
      ['kimi-k3', '<|open|>call tool="now" index="1"', 'incomplete'],
      [
        'kimi-k3',
        '<|open|>call tool="now"<|sep|><|open|>argument key="a" type="string"<|sep|>b<|close|>arg',
        'incomplete',
      ],
      [
        'kimi-k3',
        '<|open|>call tool="now"<|sep|><|open|>argument type="string"<|sep|>b<|close|>call<|sep|>',
        'invalid-json',
      ],
      [
        'kimi-k3',
        '<|open|>call tool="now"<|sep|><|open|>json type="object"<|sep|>soon<|close|>json<|sep|><|close|>call<|sep|>',
        'invalid-json',
      ],
      ['hunyuan', '<tool_call:opensource>now and then</tool_call:opensource>', 'invalid-json'],
      ['hunyuan', '<tool_call:opensource>rm<tool_sep:opensource></tool_call:opensource>', 'unknown-tool'],
      ['hunyuan', '<tool_call:opensource>now<tool_sep:opensource><arg_key:opensource>a', 'incomplete'],
      ['minimax-m3', `${M3}<tool_call>${M3}<invoke name="now">${M3}<a>b</a>${M3}</tool_call>`, 'incomplete'],
      ['minimax-m3', `${M3}<tool_call>now()${M3}</tool_call>`, 'invalid-json'],
      ['minimax-m3', `${M3}<invoke name="now">now()${M3}</invoke>`, 'invalid-json'],
      ['minimax-m3', `${M3}<invoke name="rm">${M3}</invoke>`, 'unknown-tool'],
      ['minimax-m3', `${M3}<invoke name=>${M3}</invoke>`, 'invalid-json'],
      ['minimax-m3', `${M3}<invoke name="now">${M3}<a>b`, 'incomplete'],
    ].map(([tools, text, reason]) => ({ tools: tools as Tools, text, reason })),
    ({ tools, text, reason }) => {
      for (const pieces of [[text], text.split('')]) {
        const events = read({ tools, text }, pieces)
        const malformed = events.filter((event) => event.type === 'malformed-tool-call')
        expect(
          malformed.map((event) => [event.text, event.reason === 'invalid-json' || event.reason]),
        ).toEqual([[text, reason === 'invalid-json' || reason === 'incomplete' ? expect.anything() : reason]])
        expect(events.filter(({ type }) => type === 'tool-call')).toEqual([])
      }
    },
  )

  testKind(
    '<tool_call> in a template alone does not mean Hermes',
    [
      [
        '<tool_call>\n<function=example>\n<parameter=example_1>\nvalue\n</parameter>\n</function>\n</tool_call>',
        'qwen-xml',
      ],
      [
        "{{- '<tool_call>\\n<function=' + tool_call.name + '>\\n' }} {{ '<parameter=' + name + '>' }}",
        'qwen-xml',
      ],
      [
        '<tool_call>{function-name}\n<arg_key>{arg-key-1}</arg_key>\n<arg_value>{arg-value-1}</arg_value>\n</tool_call>',
        'glm',
      ],
      ["{{ '<tool_call>' + tc.name }}<arg_key>{{ k }}</arg_key>", 'glm'],
      ['<tool_call>\n{"name": <function-name>, "arguments": <args-json-object>}\n</tool_call>', 'hermes'],
      ['<seed:tool_call><function=a><parameter=b>', 'seed'],
      ['<|tool_call_start|>[f(a=1)]<|tool_call_end|>', 'lfm2'],
      ['<TOOLCALL>[{"name": "a"}]</TOOLCALL>', 'nemotron'],
      ['<function name="a"><param name="b">', 'minicpm'],
      ['respond only with <|tool_call|> followed by a JSON list', 'granite'],
      ['<|tool_call>call:', 'gemma'],
      ['<tool_calls>\n{"name": "a"}\n</tool_calls>', 'tool-calls'],
    ].map(([template, tools]) => ({ template, tools })),
    ({ template, tools }) => expect(replyFormatOf(template, undefined).tools).toBe(tools),
  )
})

describe('streaming', () => {
  it('reports the name as soon as it is known, and texts of tags while they arrive', () => {
    const parser = createReplyParser(replyFormat({ tools: 'qwen-xml' }), { tools: TOOLS })
    expect(parser.push('<tool_call>\n<function=weather')).toEqual([])
    expect(parser.push('>')).toEqual([
      { type: 'tool-call-start', index: 0, id: 'call00000', name: 'weather' },
    ])
    const deltas = (text: string) =>
      parser
        .push(text)
        .map((event) => (event.type === 'tool-call-delta' ? event.argumentsText : event.type))
        .join('')
    expect(deltas('\n<parameter=city>\nNew ')).toBe('{"city": "New ')
    expect(deltas('York\n')).toBe('York')
    expect(deltas('"x"')).toBe('\\n\\"x\\"')
    expect(deltas('\n</parameter>\n<parameter=days>\n1')).toBe('", "days": ')
    expect(deltas('2\n</parameter>')).toBe('12')
  })
})

testKind(
  'a call without arguments, or with its first brace written twice',
  [
    {
      tools: 'deepseek',
      text: '<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>now<｜tool▁sep｜><｜tool▁call▁end｜><｜tool▁calls▁end｜>',
      calls: [['now', {}]],
    },
    {
      tools: 'deepseek',
      text: '<｜tool▁call▁begin｜>function<｜tool▁sep｜>now<｜tool▁call▁end｜>',
      malformed: ['invalid-json'],
    },
    {
      tools: 'deepseek',
      text: '<｜tool▁call▁begin｜>function<｜tool▁sep｜>now\nin Rome<｜tool▁call▁end｜>',
      malformed: ['invalid-json'],
    },
    {
      tools: 'harmony',
      text: '<|channel|>commentary to=functions.now<|message|><|call|>',
      calls: [['now', {}]],
    },
    {
      tools: 'harmony',
      text: '<|channel|>commentary to=functions.now<|message|> \n<|call|>',
      calls: [['now', {}]],
    },
    {
      tools: 'harmony',
      text: '<|channel|>commentary to=functions.now<|message|>',
      malformed: ['incomplete'],
    },
    {
      tools: 'harmony',
      text: '<|channel|>commentary to=functions.now<|message|>soon<|call|>',
      malformed: ['invalid-json'],
    },
    {
      tools: 'hermes',
      text: '<tool_call>\n{{"name": "weather", "arguments": {"city": "Rome"}}}\n</tool_call>',
      calls: [['weather', { city: 'Rome' }]],
    },
    {
      tools: 'hermes',
      text: '<tool_call>{{{"name": "now"}}}</tool_call>',
      calls: [['now', {}]],
    },
  ] satisfies Case[],
  check,
)

testKind(
  'a name, and the arguments as JSON, in a tag of GLM',
  (
    [
      ['weather\n{"city": "</tool_call> {"}', [['weather', { city: '</tool_call> {' }]]],
      ['weather{"days": 1}}\n', [['weather', { days: 1 }]]],
      ['\nnow\n{}\n', [['now', {}]]],
      ['weather\n{"tags": ["a"', [['weather', { tags: ['a'] }]]],
      ["weather\n{'raw': True,}", [['weather', { raw: true }]]],
    ] as readonly (readonly [string, readonly Call[]])[]
  ).map(
    ([text, calls]): Case => ({
      tools: 'glm',
      text: `<tool_call>${text}</tool_call>Done`,
      calls,
      content: 'Done',
    }),
  ),
  check,
)

testKind(
  'a name without JSON arguments in a tag of GLM',
  [
    { tools: 'glm', text: '<tool_call>rm\n{"a": 1}</tool_call>', malformed: ['unknown-tool'] },
    { tools: 'glm', text: '<tool_call>now\n{soon}</tool_call>', malformed: ['invalid-json'] },
    { tools: 'glm', text: '<tool_call>now\n{"a": 1} soon</tool_call>', malformed: ['invalid-json'] },
    { tools: 'glm', text: '<tool_call>now and {"a": 1}</tool_call>', malformed: ['invalid-json'] },
    { tools: 'glm', text: '<tool_call>now\n{"a": ', malformed: ['incomplete'] },
    {
      tools: 'glm',
      text: '<tool_call>now\n{"a": 1}\n<tool_call>now</tool_call>',
      calls: [
        ['now', { a: 1 }],
        ['now', {}],
      ],
    },
  ] satisfies Case[],
  check,
)

testKind(
  'self-closing tags, and empty tags',
  [
    { tools: 'minicpm', text: 'Ok.<function name="now"/>Done', calls: [['now', {}]], content: 'Ok.\nDone' },
    { tools: 'minicpm', text: '<function name="now" />', calls: [['now', {}]], content: '' },
    { tools: 'minicpm', text: '<function name="now"></function>', calls: [['now', {}]], content: '' },
    { tools: 'minicpm', text: '<function name="now">\n</function>', calls: [['now', {}]], content: '' },
    {
      tools: 'minicpm',
      text: '<function name="now"/>\n<function name="weather"><param name="city"/></function>',
      calls: [
        ['now', {}],
        ['weather', { city: '' }],
      ],
      content: '',
    },
    { tools: 'minicpm', text: '<function name="rm"/>', malformed: ['unknown-tool'] },
    { tools: 'minicpm', text: '<function name="/">', malformed: ['unknown-tool'] },
    {
      tools: 'qwen-xml',
      text: '<tool_call>\n<function=now/>\n</tool_call>',
      calls: [['now', {}]],
      content: '',
    },
    { tools: 'qwen-xml', text: '<tool_call>\n<function=now></function>\n</tool_call>', calls: [['now', {}]] },
    { tools: 'seed', text: '<seed:tool_call><function=now/></seed:tool_call>', calls: [['now', {}]] },
    {
      tools: 'minimax',
      text: '<minimax:tool_call><invoke name="now"/><invoke name="weather"><parameter name="note"/><parameter name="days">1</parameter></invoke></minimax:tool_call>',
      calls: [
        ['now', {}],
        ['weather', { note: '', days: 1 }],
      ],
    },
  ] satisfies Case[],
  check,
)

testKind(
  'names as attributes in the tags of Qwen and Seed',
  ['tool_call', 'seed:tool_call'].flatMap((outer): Case[] =>
    [
      '<function=weather>\n<parameter name="city">Rome</parameter>\n<parameter=days>\n1\n</parameter>\n</function>',
      '<function name="weather">\n<parameter=city>Rome</parameter>\n<parameter name="days">1</parameter></function>',
      '<function name="weather"><parameter name="city">Rome</parameter><parameter name="days">1</parameter></function>',
      "<function name='weather'>\n<parameter name='city'>\nRome\n<parameter name='days'>\n1\n</parameter>",
      '<function name="weather">{"city": "Rome", "days": 1}</function>',
    ].flatMap((text): Case[] => {
      const tools = outer === 'tool_call' ? 'qwen-xml' : 'seed'
      const call: Call = ['weather', { city: 'Rome', days: 1 }]
      return [
        { tools, text: `<${outer}>\n${text}\n</${outer}>`, calls: [call], content: '' },
        { tools, text: `<${outer}>${text}${text}</${outer}>`, calls: [call, call], content: '' },
      ]
    }),
  ),
  check,
)

testKind(
  'tags like those of calls within texts',
  [
    {
      tools: 'qwen-xml',
      text: 'Write <function name="now"></function>.',
      content: 'Write <function name="now"></function>.',
    },
    {
      tools: 'qwen-xml',
      text: '<tool_call>\n<function=weather>\n<parameter=city>\n<function name="f">\n<parameter name="x">\n</parameter>\n</function>\n</tool_call>',
      calls: [['weather', { city: '<function name="f">\n<parameter name="x">' }]],
    },
  ] satisfies Case[],
  check,
)

testKind(
  'a byte order mark before the JSON of a call',
  [
    ...json('\ufeff{"days": 1}', [['weather', { days: 1 }]]).filter(({ text }) => !/: \ufeff/.test(text)),
    ...AS_JSON.map(
      ([tools, open, close]): Case => ({
        tools,
        text: `${open}\ufeff\n{"name": "now"}${close}`,
        calls: [['now', {}]],
        content: '',
      }),
    ),
    {
      tools: 'llama-json',
      text: '\ufeff{"name": "weather", "parameters": {"city": "\ufeff"}}',
      calls: [['weather', { city: '\ufeff' }]],
    },
    { tools: 'llama-json', text: '\ufeff{"a": 1}', content: '\ufeff{"a": 1}' },
    { tools: 'llama-json', text: '<|python_tag|>\ufeff{"name": "now"}', calls: [['now', {}]] },
    { tools: 'glm', text: '<tool_call>\ufeffnow\n\ufeff{"a": 1}</tool_call>', calls: [['now', { a: 1 }]] },
    { tools: 'hermes', text: '\ufeffHi.\ufeff', content: '\ufeffHi.\ufeff' },
  ] satisfies Case[],
  check,
)

testKind(
  'a call of Harmony in a Markdown fence',
  (
    [
      ...['```json\n{"days": 1}\n```', '```\n{"days": 1}```', ' \n```JSON {"days": 1}}\n```\n'].map(
        (text): Case => ({ tools: 'harmony', text, calls: [['weather', { days: 1 }]] }),
      ),
      {
        tools: 'harmony',
        text: '{"city": "```json <|call|>"}',
        calls: [['weather', { city: '```json <|call|>' }]],
      },
      { tools: 'harmony', text: '```json\n{"days": 1}\n``` soon', malformed: ['invalid-json'] },
      { tools: 'harmony', text: '```json\nsoon\n```', malformed: ['invalid-json'] },
    ] satisfies Case[]
  ).map(
    (input): Case => ({
      ...input,
      tools: 'harmony' as const,
      text: `<|channel|>commentary to=functions.weather<|message|>${input.text}<|call|>`,
      content: '',
    }),
  ),
  check,
)

testKind(
  "calls without a marker in OpenAI's objects and in lists",
  (
    [
      ['{"type": "function", "function": {"name": "now", "arguments": {"a": 1}}}', [['now', { a: 1 }]]],
      ['{"type":"function","function":{"name":"now","parameters":{}}}', [['now', {}]]],
      ['{"function": {"name": "now", "arguments": "{\\"a\\": 1}"}, "id": "x"}', [['now', { a: 1 }]]],
      ['[{"name": "weather", "parameters": {"city": "[A], {B}"}}]', [['weather', { city: '[A], {B}' }]]],
      [
        ' [\n  {"name": "now", "parameters": {}},\n  {"name": "weather", "arguments": {"days": 1}}\n]\n',
        [
          ['now', {}],
          ['weather', { days: 1 }],
        ],
      ],
      [
        '[{"type": "function", "function": {"name": "now", "arguments": {}}},{"function": "now", "parameters": {}}]',
        [
          ['now', {}],
          ['now', {}],
        ],
      ],
      ['[{"name": "now", "parameters": {}}', [['now', {}]]],
    ] as readonly (readonly [string, readonly Call[]])[]
  ).flatMap(([text, calls]): Case[] => [
    { tools: 'llama-json', text, calls },
    { tools: 'llama-json', text: `<|python_tag|>${text}`, calls, content: '' },
    { tools: 'llama-json', text: `${text.trimEnd()}\nDone`, calls },
  ]),
  (input) => {
    check(input)
    expect(textOf(read(input), 'content').trim()).toBe(input.text.endsWith('Done') ? 'Done' : '')
  },
)

testKind(
  'answers in JSON without a marker',
  [
    '[]',
    '[1, 2, {"name": "now"}]',
    '["now"]',
    '[[{"name": "now", "parameters": {}}]]',
    '[{"a": 1}, {"name": "now", "parameters": {}}]',
    '[{"name": "Ann"}, {"name": "Bo", "age": 3}]',
    '[1] says {"name": "now", "parameters": {}}',
    '[',
    '[{"type": "text", "text": "a"}]',
    '{"type": "function", "function": {"name": "now"}}',
    '{"type": "function", "function": {"body": "x", "arguments": []}}',
    '{"function": "now"}',
  ].map((text): Case => ({ tools: 'llama-json', text, content: text })),
  check,
)

testKind(
  'numbers and texts in Python-only syntax',
  (
    [
      ['days=1_000, share=-1_0.2_5', { days: 1000, share: -10.25 }],
      ['where={"a_b": [1_0, (1, 2), ()]}, tags=(1, 2)', { where: { a_b: [10, [1, 2], []] }, tags: [1, 2] }],
      ["city=r\"C:\\new\\d\", note=R'a\\'b'", { city: 'C:\\new\\d', note: "a\\'b" }],
      ['city=u"A", tags=[r"\\d", "\\n"]', { city: 'A', tags: ['\\d', '\n'] }],
      ['city="New " "York", note="a"\n\'b\' "c"', { city: 'New York', note: 'abc' }],
      ['city="", note=\'\' "" \'x\'', { city: '', note: 'x' }],
      ['tags=["a" "b", "c"], where={"a" "b": "c" "d"}', { tags: ['ab', 'c'], where: { ab: 'cd' } }],
      ['city="""a "b" ""c\n\'\'\'""", note=\'\'\'it\'s\'\'\'', { city: 'a "b" ""c\n\'\'\'', note: "it's" }],
      ['city="""""", note=r"""\\d\\""""', { city: '', note: '\\d\\"' }],
      ['city="""\\"a\\n""" "b"', { city: '"a\nb' }],
    ] as const
  ).map(
    ([text, args]): Case => ({
      tools: 'lfm2',
      text: `<|tool_call_start|>[weather(${text})]<|tool_call_end|>`,
      calls: [['weather', args]],
      content: '',
    }),
  ),
  check,
)

testKind(
  'values that Python rejects as well',
  [
    ['days=1_000_', 'arguments-not-object'],
    ['days=_1', 'invalid-json'],
    ['city=x"a"', 'invalid-json'],
    ['city="a" b', 'invalid-json'],
    ['city="a" 1', 'invalid-json'],
    ['city="""a""', 'incomplete'],
  ].map(
    ([text, reason]): Case => ({
      tools: 'lfm2',
      text: `<|tool_call_start|>[weather(${text})]<|tool_call_end|>`,
      malformed: [reason],
    }),
  ),
  check,
)
