/** Replies that are meant to take long or much memory, in each format; a model's output is as untrusted as its file. */
import { describe } from 'vitest'
import type { ReplyFormatOverrides } from '../../src/chat/reply/format.js'
import { testAttack } from './support/child.js'

type Tools = Exclude<NonNullable<ReplyFormatOverrides['tools']>, 'none'>

/** For each reader a dialect that uses it, with beginnings of a call of different lengths; the first one opens it. */
const HEADS = {
  hermes: ['<tool_call>', '<tool_call>{"name": "a", "arguments": {"b": "'],
  granite: ['<|tool_call|>[', '<|tool_call|>{"name": "a"}'],
  'llama-json': ['<|python_tag|>', '{"name": "a", "parameters": {}}', '{"'],
  mistral: ['[TOOL_CALLS]', '[TOOL_CALLS]a[ARGS]{"b": "', '[TOOL_CALLS]a[CALL_ID]'],
  deepseek: ['<｜tool▁call▁begin｜>', '<｜tool▁call▁begin｜>a<｜tool▁sep｜>{}', '<｜tool▁calls▁begin｜>'],
  gemma: ['<|tool_call>', '<|tool_call>call:a{b:', '<|tool_call>call:a{b:<|"|>', '<|tool_call>call:a{'],
  harmony: ['<|channel|>', '<|channel|>analysis<|message|>', '<|channel|>commentary to=a<|message|>{"b": "'],
  'qwen-xml': [
    '<tool_call>',
    '<function=a>',
    '<function=a><parameter=b>',
    '<function=a><parameter=b>\nx</function>',
  ],
  minicpm: [
    '<function name="',
    '<function name="a"><param name="b">',
    '<function name="a"><param name="b"><![CDATA[',
  ],
  glm: ['<tool_call>', '<tool_call>a<arg_key>', '<tool_call>a<arg_key>b</arg_key><arg_value>'],
  lfm2: [
    '<|tool_call_start|>',
    '<|tool_call_start|>[a(b=',
    '<|tool_call_start|>[a(',
    '<|tool_call_start|>[a(b="',
  ],
  'kimi-k3': [
    '<|open|>',
    '<|open|>call tool="a"<|sep|>',
    '<|open|>call tool="a"<|sep|><|open|>argument key="b" type="string"<|sep|>',
    '<|open|>call tool="a"<|sep|><|open|>argument key="b" type="string"<|sep|>x<|close|>',
  ],
  functionary: ['>>>', '>>>a\n{"b": "'],
  'gigachat-3': ['<|message_sep|>', '<|message_sep|>function call<|role_sep|>{"'],
  apertus: ['<|tools_prefix|>', '<|tools_prefix|>[{"a": {"b": "'],
  'minimax-m3': [
    ']<]minimax[>[',
    ']<]minimax[>[<invoke name="a">]<]minimax[>[<b>',
    ']<]minimax[>[<tool_call>]<]minimax[>[<invoke name="a">]<]minimax[>[<b>]<]minimax[>[<',
  ],
} as const satisfies Partial<Record<Tools, readonly string[]>>

/** Hundreds of kilobytes of these after a head: white space, quotes, brackets, commas, and the head itself. */
const FILLERS = [' ', '\n', 'x', '"', '[', '{', '1,', '\n</function> ', '\n<parameter=b>']

describe('replies', () => {
  for (const [tools, heads] of Object.entries(HEADS)) {
    const reasoning = tools === 'harmony' ? 'harmony' : 'think'
    const [open] = heads
    const inThoughts = tools === 'harmony' ? [] : [`<think>${open}`]
    const all = ['', ...heads, ...inThoughts]
    const fillers = [...FILLERS, `${open} `]
    testAttack(
      `hostile replies: ${tools}`,
      'replies.ts',
      all.length * fillers.length,
      { heapMegabytes: 500, seconds: 120 },
      { format: { tools, reasoning }, heads: all, fillers, length: 800_000 },
    )
  }
})
