import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type ReplyFormat, replyFormat } from '../../../src/chat/reply/format.js'
import { MAX_CALL_LENGTH, MAX_CALLS } from '../../../src/chat/reply/limits.js'
import { createReplyParser, type ReplyParserOptions } from '../../../src/chat/reply/parser.js'
import { eventsOf, joined, partsOf, summarize, textOf } from './parse.js'
import { DEEPSEEK, FORMATS, GEMMA, HARMONY, LLAMA, MISTRAL, QWEN, REPLIES, TOOLS } from './replies.js'

/** Cuts a text into pieces at these offsets. */
function cutAt(text: string, places: readonly number[]): string[] {
  const ends = [...new Set(places.map((place) => place % (text.length + 1)))].sort((a, b) => a - b)
  return [...ends, text.length].map((end, i) => text.slice(i === 0 ? 0 : ends[i - 1], end))
}

describe.each(REPLIES)('$name: $text', ({ format, text, expected, options }) => {
  const whole = eventsOf(format, [text], options)

  it('gives the expected events', () => {
    expect(summarize(whole)).toBe(expected)
  })

  it('gives the same events character by character and cut in two anywhere, and loses nothing', () => {
    expect(eventsOf(format, text.split(''), options)).toEqual(whole)
    for (let at = 0; at <= text.length; at++) {
      const pieces = [text.slice(0, at), text.slice(at)]
      const parts = partsOf(format, pieces, options)
      expect(joined(parts), `cut at ${at}`).toEqual(whole)
      if (!options?.prefill) expect(textOf(parts), `cut at ${at}`).toBe(text)
    }
  })

  it('loses nothing if it is cut anywhere', () => {
    for (let end = 0; end < text.length; end++) {
      const parts = partsOf(format, text.slice(0, end).split(''), options)
      if (!options?.prefill) expect(textOf(parts)).toBe(text.slice(0, end))
    }
  })
})

/** Pieces of random replies: markers of all formats, JSON and words. */
const SCRAPS = [
  ...['<think>', '</think>', '[THINK]', '[/THINK]', '<tool_call>', '</tool_call>', '<|python_tag|>', '; '],
  ...[
    '[TOOL_CALLS]',
    '[CALL_ID]',
    '[ARGS]',
    '[',
    ']',
    ', ',
    '<｜tool▁calls▁begin｜>',
    '<｜tool▁calls▁end｜>',
  ],
  ...['<｜tool▁call▁begin｜>', '<｜tool▁call▁end｜>', '<｜tool▁sep｜>', '```json\n', '\n```', '<|channel>'],
  ...[
    'thought\n',
    '<channel|>',
    '<|tool_call>',
    '<tool_call|>',
    'call:now{',
    '<|"|>',
    '<|channel|>',
    '<|start|>',
  ],
  ...['<|message|>', '<|end|>', '<|call|>', '<|constrain|>', 'assistant', 'analysis', 'final', 'commentary'],
  ...[' to=functions.now', '{"name": "now", "arguments": {}}', '{"name": "now"', '"arguments": ', '{', '}'],
  ...[
    '<function=now>',
    '<function=',
    '<parameter=a>',
    '</parameter>',
    '</function>',
    '<arg_key>',
    '</arg_key>',
  ],
  ...[
    '<arg_value>',
    '</arg_value>',
    '<|tool_call_start|>',
    '<|tool_call_end|>',
    '[now(',
    'a=',
    ')',
    "'",
    '(',
    '`',
  ],
  ...[
    '<TOOLCALL>',
    '</TOOLCALL>',
    '<|tool_call|>',
    '<function name="now">',
    '<param name="a">',
    '</param>',
    '>',
  ],
  ...[
    '<![CDATA[',
    ']]>',
    '<seed:tool_call>',
    '</seed:tool_call>',
    '<minimax:tool_call>',
    '<invoke name="now">',
  ],
  ...[
    '<parameter name="a">',
    '</invoke>',
    '</minimax:tool_call>',
    '<｜DSML｜function_calls>',
    '<｜DSML｜invoke name="now">',
  ],
  ...[
    '<｜DSML｜parameter name="a" string="true">',
    '</｜DSML｜parameter>',
    '</｜DSML｜invoke>',
    '<|tool_call_begin|>',
  ],
  ...['functions.now:0', '<|tool_call_argument_begin|>', '<|tool_call_end|>', '<|tool_calls_section_end|>'],
  ...[
    '<|tool_call:begin|>',
    '<|tool_call:name|>',
    '<|tool_call:args|>',
    '<|tool_call:end|>',
    '<|START_ACTION|>',
  ],
  ...[
    '<|END_ACTION|>',
    '<tool_calls>',
    '</tool_calls>',
    'functools[',
    'call:now(',
    'True',
    '}}',
    '"{}"',
    '\t',
  ],
  ...[']<]minimax[>[', '<tool_call>', '<invoke name=', '<a>', '</a>', '<item>', '</item>', '</invoke>'],
  ...[
    '<|tools_prefix|>',
    '<|tools_suffix|>',
    '{"now": {}}',
    '{"now": ',
    '<|inner_prefix|>',
    '<|inner_suffix|>',
  ],
  ...[
    '<tool_calls:opensource>',
    '</tool_calls:opensource>',
    '<tool_call:opensource>',
    '<tool_sep:opensource>',
  ],
  ...['<arg_key:opensource>', '</arg_key:opensource>', '<arg_value:opensource>', '</arg_value:opensource>'],
  ...['</tool_call:opensource>', '<think:opensource>', '</think:opensource>', '<mm:think>', '</mm:think>'],
  ...['<|START_THINKING|>', '<|END_THINKING|>', '<|START_RESPONSE|>', '<|END_RESPONSE|>', '<seed:think>'],
  ...['Here are my reasoning steps:', '[BEGIN FINAL RESPONSE]', '[END FINAL RESPONSE]', '</seed:think>'],
  ...['<|open|>', '<|close|>', '<|sep|>', '<|end_of_msg|>', 'think', 'response', 'tools', 'call tool="now"'],
  ...[
    'argument key="a" type="string"',
    'json type="object"',
    'call',
    'argument',
    'json',
    '>>>',
    'all\n',
    'now\n',
  ],
  ...[
    '<|message_sep|>',
    '<|role_sep|>',
    'function call',
    '<|begin|>',
    '<|think|>',
    '<|content|>',
    '<|tool_calls|>',
  ],
  ...[' to=self', ' to=user', '<|eom|>', '<|eot|>', '<atem:function_calls>', '<atem:invoke name="now">'],
  ...[':', ',', '"', '\\', '{}', '{"a": "b"}', 'now', 'weather', '1', 'true', ' ', '\n', 'a', '😀', '<', '|'],
]

const reply = fc
  .array(fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...SCRAPS) }, fc.string()))
  .map((all) => all.join(''))
const options = fc.constantFrom<ReplyParserOptions>(
  {},
  { tools: TOOLS },
  { tools: [] },
  { thinkingOpened: true, tools: TOOLS },
)

describe.each(Object.entries(FORMATS))('any text as a reply of %s', (_, format) => {
  it('never throws, loses nothing, and gives the same events for any pieces', () => {
    fc.assert(
      fc.property(reply, options, fc.array(fc.nat()), (text, options, places) => {
        const parts = partsOf(format, cutAt(text, places), options)
        expect(textOf(parts)).toBe(text)
        expect(joined(parts)).toEqual(eventsOf(format, [text], options))
        expect(eventsOf(format, text.split(''), options)).toEqual(eventsOf(format, [text], options))
      }),
      { numRuns: 400 },
    )
  })

  it('begins and ends calls in order, and streams their arguments exactly', () => {
    fc.assert(
      fc.property(reply, (text) => {
        const streamed = new Map<number, string>()
        for (const event of eventsOf(format, text.split(''))) {
          if (event.type === 'tool-call-start') {
            expect(event.index).toBe(streamed.size)
            streamed.set(event.index, '')
          } else if (event.type === 'tool-call-delta') {
            streamed.set(event.index, streamed.get(event.index)! + event.argumentsText)
          } else if (event.type === 'tool-call') {
            expect(JSON.parse(streamed.get(event.index)!)).toEqual(event.call.arguments)
          }
        }
      }),
      { numRuns: 400 },
    )
  })
})

it('finds a call in what seemed to be a header, however it is cut', () => {
  const format = FORMATS.ATEM
  const text = ' to=self<atem:invoke name="now">'
  const whole = eventsOf(format, [text])
  expect(whole.map(({ type }) => type)).toContain('tool-call-start')
  expect(eventsOf(format, text.split(''))).toEqual(whole)
})

describe('events', () => {
  it('stream: name first, then arguments as they come', () => {
    const parser = createReplyParser(QWEN, { tools: TOOLS, firstCall: 36 })
    const push = (text: string) => parser.push(text)
    expect(push('Well <tool')).toEqual([{ type: 'content', text: 'Well' }])
    expect(push('_call>{"name": "wea')).toEqual([])
    expect(push('ther"')).toEqual([{ type: 'tool-call-start', index: 0, id: 'call00010', name: 'weather' }])
    expect(push(', "arguments": {"ci')).toEqual([
      { type: 'tool-call-delta', index: 0, argumentsText: '{"ci' },
    ])
    expect(push('ty": 1}}')).toEqual([{ type: 'tool-call-delta', index: 0, argumentsText: 'ty": 1}' }])
    const raw = '<tool_call>{"name": "weather", "arguments": {"city": 1}}</tool_call>'
    expect(push('</tool_call>')).toEqual([
      {
        type: 'tool-call',
        index: 0,
        call: { id: 'call00010', name: 'weather', arguments: { city: 1 }, raw },
        problems: ['arguments.city must be string, not number'],
      },
    ])
    expect(parser.end('stop')).toEqual([])
  })

  it('hold back only what may be a marker', () => {
    const parser = createReplyParser(QWEN)
    expect(parser.push('1 <')).toEqual([{ type: 'content', text: '1' }])
    expect(parser.push(' 2')).toEqual([{ type: 'content', text: ' < 2' }])
    expect(parser.push('</p>')).toEqual([{ type: 'content', text: '</p>' }])
  })

  it('keep the ids that a model writes before the name, and have the id from the beginning', () => {
    const calls = (format: typeof MISTRAL, text: string) =>
      eventsOf(format, [text]).flatMap((event) => {
        if (event.type === 'tool-call-start') return [event.id]
        return event.type === 'tool-call' ? [event.call.id] : []
      })
    expect(
      calls(MISTRAL, '[TOOL_CALLS][{"id": "abc123DEF", "name": "a"}, {"name": "b", "id": "late"}]'),
    ).toEqual([...['abc123DEF', 'abc123DEF'], ...['call00001', 'call00001']])
    expect(calls(MISTRAL, '[TOOL_CALLS]a[CALL_ID]abc123DEF[ARGS]{}')).toEqual(['abc123DEF', 'abc123DEF'])
  })

  it('stream no second object of arguments', () => {
    for (const [format, text] of [
      [FORMATS.MINIMAX, '<invoke name="now">{}{"a": "b"}</invoke>'],
      [FORMATS.QWEN_XML, '<function=now>{}\n{"a": "b"}</function>'],
      [FORMATS.GLM, '<tool_call>now{}{"a": "b"}</tool_call>'],
    ] as const) {
      expect(eventsOf(format, [text])).toMatchObject([
        { type: 'tool-call-start' },
        { type: 'tool-call-delta', argumentsText: '{}' },
        { type: 'malformed-tool-call', reason: 'invalid-json', text },
      ])
    }
  })

  it('include the index of a call that was begun but is malformed', () => {
    expect(eventsOf(GEMMA, ['<|tool_call>call:a{b'])).toEqual([
      { type: 'tool-call-start', index: 0, id: 'call00000', name: 'a' },
      { type: 'tool-call-delta', index: 0, argumentsText: '{' },
      { type: 'malformed-tool-call', index: 0, reason: 'incomplete', text: '<|tool_call>call:a{b' },
    ])
  })
})

describe('thinking', () => {
  it.each([
    [QWEN, '<think>', 'a', '</think>'],
    [GEMMA, '<|channel>thought\n', 'a', '<channel|>'],
    [HARMONY, '<|channel|>analysis<|message|>', 'a', '<|end|>'],
    [FORMATS.KIMI_K3, '<|open|>think<|sep|>', 'a', '<|close|>think<|sep|>'],
    [FORMATS.SOLAR_OPEN, '<|think|>', 'a', '<|end|>'],
    [FORMATS.ATEM, ' to=self<|message|>', 'a', '<|eom|>'],
    [FORMATS.COMMAND_A, '<|START_THINKING|>', 'a', '<|START_TEXT|>'],
    [MISTRAL, '[THINK]', 'a', '[/THINK]'],
  ])('is reported by isReasoning as it begins and ends', (format, open, text, close) => {
    const parser = createReplyParser(format)
    expect(parser.isReasoning).toBe(false)
    parser.push(open)
    expect(parser.isReasoning).toBe(true)
    parser.push(text)
    expect(parser.isReasoning).toBe(true)
    parser.push(close)
    expect(parser.isReasoning).toBe(false)
    expect(createReplyParser(format, { thinkingOpened: true }).isReasoning).toBe(true)
  })

  it('cannot be opened for a format without reasoning', () => {
    expect(createReplyParser(LLAMA, { thinkingOpened: true }).isReasoning).toBe(false)
  })
})

describe('control tokens', () => {
  const controls = new Map([
    ['<think>', 1],
    ['</think>', 2],
    ['<tool_call>', 3],
    ['</tool_call>', 4],
    ['<|other|>', 5],
  ])
  const format = { ...QWEN, controls }
  const control = (id: number, before = '') => {
    const [[name]] = [...controls].filter(([, own]) => own === id)
    return { id, piece: before + name, isControl: true }
  }
  const text = (piece: string) => ({ id: 99, piece, isControl: false })
  const parse = (...tokens: ReturnType<typeof text>[]) => {
    const parser = createReplyParser(format)
    const events = [...tokens.flatMap((token) => parser.push(token)), ...parser.end()]
    return summarize(joined(events))
  }

  it('are markers, but not the same characters as text', () => {
    expect(parse(control(1), text('a</think>b'), control(2), text('c<tool_call>d'))).toBe(
      '~a</think>b~c<tool_call>d',
    )
    expect(parse(text('<think>'), text('a</think>'))).toBe('<think>a</think>')
  })

  it('count anywhere, because a model does not write them by accident', () => {
    expect(parse(text('a'), control(1), text('b'), control(2), text('c'))).toBe('a~b~\nc')
    expect(parse(control(3), text('{"name": "a'), control(4), text('b'))).toBe(
      '!invalid-json[<tool_call>{"name": "a</tool_call>]b',
    )
  })

  it('that are not markers are text, and never complete a marker', () => {
    expect(parse(text('a'), control(5), text('b'))).toBe('a<|other|>b')
    const odd = { ...QWEN, controls: new Map([['nk>', 7]]) }
    const parser = createReplyParser(odd)
    const events = [
      ...parser.push('<thi'),
      ...parser.push({ id: 7, piece: 'nk>', isControl: true }),
      ...parser.end(),
    ]
    expect(summarize(joined(events))).toBe('<think>')
  })

  /** Tokens of a text, with these texts as control tokens. */
  function withControls(format: ReplyFormat, texts: readonly string[], text: string) {
    const controls = new Map(texts.map((name, id) => [name, id]))
    const parser = createReplyParser({ ...format, controls }, { tools: TOOLS })
    const pieces = text.split(new RegExp(`(${texts.map(escaped).join('|')})`))
    const tokens = pieces.map((piece) => ({
      id: controls.get(piece) ?? 1000,
      piece,
      isControl: controls.has(piece),
    }))
    return summarize(joined([...tokens.flatMap((token) => parser.push(token)), ...parser.end('stop')]))
  }
  const escaped = (text: string) => text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')

  it.each([
    [
      'KIMI_K3',
      ['<|open|>', '<|close|>', '<|sep|>', '<|end_of_msg|>'],
      '<|open|>think<|sep|>a<|close|>think<|sep|><|open|>response<|sep|>b<|close|>response<|sep|><|open|>tools<|sep|><|open|>call tool="now" index="1"<|sep|><|open|>argument key="a" type="number"<|sep|>1<|close|>argument<|sep|><|close|>call<|sep|><|open|>call tool="now" index="2"<|sep|><|open|>json type="object"<|sep|>{"b": [2<|close|>json<|sep|><|close|>call<|sep|><|close|>tools<|sep|><|end_of_msg|>',
      '~a~b«now {"a":1}»«now {"b":[2]}»',
    ],
    [
      'MINIMAX_M3',
      [']<]minimax[>[', '<mm:think>', '</mm:think>', '<tool_call>', '</tool_call>'],
      '<mm:think>a</mm:think>b]<]minimax[>[<tool_call>\n]<]minimax[>[<invoke name="now">]<]minimax[>[<a><tool_call>]<]minimax[>[</a>]<]minimax[>[</invoke>\n]<]minimax[>[</tool_call>',
      '~a~b«now {"a":"<tool_call>"}»',
    ],
    [
      'HUNYUAN',
      [
        '<tool_calls:opensource>',
        '</tool_calls:opensource>',
        '<tool_call:opensource>',
        '<tool_sep:opensource>',
      ],
      '<think:opensource>a</think:opensource>b<tool_calls:opensource>\n<tool_call:opensource>now<tool_sep:opensource>\n<arg_key:opensource>a</arg_key:opensource><arg_value:opensource>1</arg_value:opensource>\n</tool_call:opensource>\n</tool_calls:opensource>',
      '~a~b«now {"a":1}»',
    ],
    [
      'APERTUS',
      ['<|inner_prefix|>', '<|inner_suffix|>', '<|tools_prefix|>', '<|tools_suffix|>'],
      '<|inner_prefix|>a<|inner_suffix|>b<|tools_prefix|>[{"now": {"a": 1<|tools_suffix|>',
      '~a~b«now {"a":1}»',
    ],
    [
      'GIGACHAT_3',
      ['<|message_sep|>', '<|role_sep|>'],
      'b<|message_sep|>\n\nfunction call<|role_sep|>\n{"name": "now", "arguments": {"a": 1}}<|message_sep|>',
      'b«now {"a":1}»',
    ],
    [
      'GIGACHAT_3',
      ['<|message_sep|>', '<|role_sep|>'],
      '<|message_sep|>\n\nfunction call<|role_sep|>\n{"name": "now", "arg<|message_sep|>\n\nassistant<|role_sep|>\nb',
      '!invalid-json[<|message_sep|>\n\nfunction call<|role_sep|>\n{"name": "now", "arg]b',
    ],
    [
      'SOLAR_OPEN',
      ['<|begin|>', '<|think|>', '<|content|>', '<|end|>', '<|tool_calls|>', '<|tool_call:begin|>'],
      '<|think|>a<|end|><|begin|>assistant<|content|>b<|end|><|begin|>assistant<|tool_calls|><|tool_call:begin|>x<|tool_call:name|>now<|tool_call:args|>{"a": 1}<|tool_call:end|><|end|>',
      '~a~b«now {"a":1}»',
    ],
    [
      'ATEM',
      ['<|start|>', '<|message|>', '<|eom|>', '<|eot|>'],
      ' to=self<|message|>a<|eom|><|start|>assistant to=user<|message|>b<|eom|><|start|>assistant to=now<|message|><atem:function_calls>\n<atem:invoke name="now">\n<atem:parameter name="a">1</atem:parameter>\n</atem:invoke>\n</atem:function_calls><|eot|>',
      '~a~b«now {"a":1}»',
    ],
    [
      'COMMAND_A',
      ['<|START_THINKING|>', '<|END_THINKING|>', '<|START_TEXT|>', '<|END_TEXT|>'],
      '<|START_THINKING|>a<|END_THINKING|><|START_TEXT|>b<|END_TEXT|>',
      '~a~b',
    ],
  ])('work in %s as such and as text, but the same characters are text', (name, texts, text, expected) => {
    const format = FORMATS[name]
    expect(withControls(format, texts, text)).toBe(expected)
    if (!expected.startsWith('!'))
      expect(summarize(eventsOf(format, [text], { tools: TOOLS }))).toBe(expected)
    const parser = createReplyParser({ ...format, controls: new Map(texts.map((name, id) => [name, id])) })
    const mentioned = `a ${texts.join(' ')} b`
    const events = [...parser.push(mentioned), ...parser.end('stop')]
    expect(summarize(joined(events))).toBe(mentioned)
  })

  it('may come with the end of the preceding character', () => {
    expect(parse(control(1, '\ufffd'), text('a'), control(2))).toBe('\ufffd~a~')
  })
})

it('keeps white space that JSON does not allow before a call', () => {
  const text = '<tool_call>\u00a0{"name": "a", "arguments": {}}</tool_call>'
  const parts = partsOf(FORMATS.GLM, [...text])
  expect(textOf(parts)).toBe(text)
})

describe('limits', () => {
  it.each([
    ['QWEN', QWEN, '<tool_call>{"name": "a", "arguments": {"b": "'],
    ['LLAMA', LLAMA, '{"name": "a", "parameters": {"b": "'],
    ['MISTRAL', MISTRAL, '[TOOL_CALLS]a[ARGS]{"b": "'],
    ['DEEPSEEK', DEEPSEEK, '<｜tool▁call▁begin｜>a<｜tool▁sep｜>{"b": "'],
    ['GEMMA', GEMMA, '<|tool_call>call:a{b:<|"|>'],
    ['HARMONY', HARMONY, '<|channel|>commentary to=functions.a<|message|>{"b": "'],
    ['QWEN_XML', FORMATS.QWEN_XML, '<function=a><parameter=b>'],
    ['MINICPM', FORMATS.MINICPM, '<function name="a"><param name="b"><![CDATA['],
    ['GLM', FORMATS.GLM, '<tool_call>a<arg_key>b</arg_key><arg_value>'],
    ['LFM2', FORMATS.LFM2, '<|tool_call_start|>[a(b="'],
    ['KIMI_K3', FORMATS.KIMI_K3, '<|open|>call tool="a"<|sep|><|open|>argument key="b" type="string"<|sep|>'],
    ['FUNCTIONARY', FORMATS.FUNCTIONARY, 'a\n{"b": "'],
    ['APERTUS', FORMATS.APERTUS, '<|tools_prefix|>[{"a": {"b": "'],
    ['MINIMAX_M3', FORMATS.MINIMAX_M3, ']<]minimax[>[<invoke name="a">]<]minimax[>[<b>'],
    ['KIMI', FORMATS.KIMI, '<|tool_call_begin|>functions.a:0<|tool_call_argument_begin|>{"b": "'],
    ['NEMOTRON', FORMATS.NEMOTRON, '<TOOLCALL>[{"name": "a", "arguments": {"b": "'],
  ])('%s: a call that is too long becomes text', (_, format, head) => {
    const piece = 'x'.repeat(1 << 16)
    const pieces = [head, ...Array.from({ length: MAX_CALL_LENGTH / piece.length + 2 }, () => piece)]
    const parts = partsOf(format, pieces)
    expect(textOf(parts) === pieces.join('')).toBe(true)
    const [malformed] = parts.filter((part) => part.type === 'malformed-tool-call')
    expect(malformed).toMatchObject({ reason: 'too-long' })
    expect(parts.at(-1)?.type).toBe('content')
  })

  it.each([
    ['GRANITE', FORMATS.GRANITE, '<|tool_call|>[{"name": "a", "arguments": {"b": "', '"}}]'],
    [
      'GIGACHAT',
      replyFormat({ tools: 'gigachat' }),
      '<|function_call|>{"name": "a", "arguments": {"b": "',
      '"}}',
    ],
    ['MISTRAL', MISTRAL, '[TOOL_CALLS][{"name": "a", "arguments": {"b": "', '"}}]'],
  ])('%s: a call whose last piece goes beyond the limit is reported once', (_, format, head, tail) => {
    const pieces = [`${head}${'x'.repeat(MAX_CALL_LENGTH - head.length - 1)}`, tail]
    const parts = partsOf(format, pieces)
    expect(textOf(parts) === pieces.join('')).toBe(true)
    expect(parts.filter(({ type }) => type === 'tool-call' || type === 'malformed-tool-call')).toHaveLength(1)
  })

  it('calls beyond the limit are malformed', () => {
    const text = '<tool_call>{"name": "a"}</tool_call>'.repeat(MAX_CALLS + 2)
    const events = eventsOf(QWEN, [text])
    expect(events.filter(({ type }) => type === 'tool-call')).toHaveLength(MAX_CALLS)
    expect(events.filter(({ type }) => type === 'malformed-tool-call')).toEqual(
      Array.from({ length: 2 }, () => expect.objectContaining({ reason: 'too-long' })),
    )
  })

  it.each(Object.entries(FORMATS))(
    '%s: parses long replies of markers, spaces and strings completely',
    (_, format) => {
      const texts = [
        ' ',
        '\n',
        '<',
        '<think>',
        '<|',
        '{',
        '"',
        '[TOOL_CALLS]',
        '<|"|>',
        '<|start|>',
        '{"a":"b"}',
        '<think></think>',
      ]
      for (const text of [...texts, '<tool_call>', '<|tool_call>call:a{b:"c",', '<｜tool▁call▁begin｜>']) {
        const whole = text.repeat(200_000 / text.length)
        expect(textOf(partsOf(format, [whole])) === whole).toBe(true)
      }
      const strings = `<|tool_call>call:a{${'b:"c",'.repeat(40_000)}`
      const word = `<|tool_call>call:a{b:${'c'.repeat(1_000_000)}`
      for (const call of [strings, word]) expect(textOf(partsOf(format, [call])) === call).toBe(true)
    },
  )
})

describe('bad options', () => {
  it.each([
    ['tools that are not a list', { tools: {} }, 'tools must be an array'],
    ['a tool without a name', { tools: [{}] }, 'tools[0] must be'],
    ['a prefill that is not a string', { prefill: 1 }, 'prefill must be a string'],
    ['a negative number of calls', { firstCall: -1 }, 'firstCall must be'],
    ['no options', null, 'options must be an object'],
  ])('%s', (_, options, message) => {
    expect(() => createReplyParser(QWEN, options as never)).toThrowError(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', message: expect.stringContaining(message) }),
    )
  })

  it('an unknown stop reason', () => {
    expect(() => createReplyParser(QWEN).end('why' as never)).toThrowError(
      expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
    )
  })

  it("accepts OpenAI's definitions", () => {
    const tools = [{ type: 'function', function: { name: 'a' } }] as const
    expect(summarize(eventsOf(QWEN, ['<tool_call>{"name": "a"}</tool_call>'], { tools }))).toBe('«a {}»')
  })
})
