import { type ReplyFormat, replyFormat } from '../../../src/chat/reply/format.js'
import type { ReplyParserOptions } from '../../../src/chat/reply/parser.js'

/** Formats by the models that speak them. */
export const QWEN = replyFormat({ reasoning: 'think', tools: 'hermes' })
export const LLAMA = replyFormat({ tools: 'llama-json' })
export const MISTRAL = replyFormat({ reasoning: 'think-brackets', tools: 'mistral' })
export const DEEPSEEK = replyFormat({ reasoning: 'think', tools: 'deepseek' })
export const GEMMA = replyFormat({ reasoning: 'gemma', tools: 'gemma' })
export const HARMONY = replyFormat({ reasoning: 'harmony', tools: 'harmony' })
export const FORMATS: Readonly<Record<string, ReplyFormat>> = {
  QWEN,
  LLAMA,
  MISTRAL,
  DEEPSEEK,
  GEMMA,
  HARMONY,
}

export const TOOLS = [
  {
    name: 'weather',
    parameters: {
      type: 'object',
      properties: { city: { type: 'string' }, days: { type: 'integer' } },
      required: ['city'],
    },
  },
  { name: 'now' },
]

/** A reply written by hand, and what it says: see `told` for how that is written. */
export interface Reply {
  readonly name: string
  readonly format: ReplyFormat
  readonly text: string
  readonly says: string
  readonly options?: ReplyParserOptions
}

const reply = (
  name: string,
  format: ReplyFormat,
  text: string,
  says: string,
  options?: ReplyParserOptions,
) => ({
  name,
  format,
  text,
  says,
  options: { tools: TOOLS, ...options },
})

const OPENED = { thinkingOpened: true }
const PARIS = '«weather {"city":"Paris"}»'

export const REPLIES: readonly Reply[] = [
  reply('no markers at all', QWEN, ' Hello,\n\nworld. \n', ' Hello,\n\nworld. \n'),
  reply('nothing', QWEN, '', ''),
  reply('thoughts and answer', QWEN, '<think>\nHm.\nSo.\n</think>\n\nYes.', '~Hm.\nSo.~Yes.'),
  reply('white space before the thoughts', QWEN, '\n<think>a</think>b', '~a~b'),
  reply('an indented answer', QWEN, '<think>a</think>\n\n    code', '~a~    code'),
  reply('thoughts that the prompt has opened', QWEN, 'Hm.\n</think>\n\nYes.', '~Hm.~Yes.', OPENED),
  reply(
    'a marker again, although the prompt has it',
    DEEPSEEK,
    '<think>\nHm.\n</think>\nYes.',
    '~<think>\nHm.~Yes.',
    OPENED,
  ),
  reply('empty thoughts', QWEN, '<think>\n\n</think>\n\nYes.', 'Yes.'),
  reply('an empty pair in the prompt', QWEN, 'Yes.', 'Yes.', { prefill: '<think>\n\n</think>\n\n' }),
  reply('a closing marker that nothing opened', QWEN, '\n\n</think>\n\nYes.', 'Yes.'),
  reply('a closing marker that is talked about', QWEN, 'Write </think> there.', 'Write </think> there.'),
  reply('an opening marker that is talked about', QWEN, 'Use <think> for that.', 'Use <think> for that.'),
  reply('thoughts that never end', QWEN, '<think>\nHm, ', '~Hm, ~'),
  reply('half a marker', QWEN, '<think>a</thi', '~a</thi~'),
  reply('half a marker, then another one', QWEN, '<think>a</thi</think>b', '~a</thi~b'),
  reply(
    'calls in thoughts',
    QWEN,
    '<think><tool_call>{}</tool_call></think>b',
    '~<tool_call>{}</tool_call>~b',
  ),
  reply('brackets', MISTRAL, '[THINK]a[/THINK]b', '~a~b'),

  reply(
    'a call',
    QWEN,
    '<tool_call>\n{"name": "weather", "arguments": {"city": "Paris"}}\n</tool_call>',
    PARIS,
  ),
  reply(
    'words, two calls',
    QWEN,
    'Let me see.\n<tool_call>\n{"name": "weather", "arguments": {"city": "Paris"}}\n</tool_call>\n<tool_call>\n{"name": "now", "arguments": {}}\n</tool_call>\n',
    `Let me see.${PARIS}«now {}»`,
  ),
  reply(
    'arguments before the name',
    QWEN,
    '<tool_call>{"arguments": {"city": "Paris"}, "name": "weather"}</tool_call>',
    PARIS,
  ),
  reply(
    'parameters for arguments',
    QWEN,
    '<tool_call>{"name": "weather", "parameters": {"city": "Paris"}}</tool_call>',
    PARIS,
  ),
  reply('no arguments', QWEN, '<tool_call>{"name": "now"}</tool_call>', '«now {}»'),
  reply(
    "OpenAI's object",
    QWEN,
    '<tool_call>{"type": "function", "function": {"name": "weather", "arguments": {"city": "Paris"}}}</tool_call>',
    PARIS,
  ),
  reply('no closing marker', QWEN, '<tool_call>{"name": "now", "arguments": {}}\n', '«now {}»'),
  reply(
    'no closing marker before the next call',
    QWEN,
    '<tool_call>{"name": "now"}\n<tool_call>{"name": "now"}</tool_call>',
    '«now {}»«now {}»',
  ),
  reply(
    'markers, quotes and braces in a text',
    QWEN,
    '<tool_call>{"name": "weather", "arguments": {"city": "</tool_call>\\"{<tool_call>\\\\"}}</tool_call> ok',
    '«weather {"city":"</tool_call>\\"{<tool_call>\\\\"}» ok',
  ),
  reply(
    'escaped keys',
    QWEN,
    '<tool_call>{"n\\u0061me": "now", "arguments": {"a": [[1e3, -0.5], null]}}</tool_call>',
    '«now {"a":[[1000,-0.5],null]}»',
  ),
  reply('words after a call', QWEN, '<tool_call>{"name": "now"}</tool_call>\n\nDone.', '«now {}»Done.'),
  reply(
    'thoughts between calls',
    QWEN,
    '<think>a</think><tool_call>{"name": "now"}</tool_call>\n<think>b</think>c',
    '~a~«now {}»~b~c',
  ),
  reply(
    'calls where no tool is',
    QWEN,
    '<tool_call>{"name": "now"}</tool_call>',
    '<tool_call>{"name": "now"}</tool_call>',
    { tools: [] },
  ),
  reply('calls of tools that nobody has named', QWEN, '<tool_call>{"name": "any"}</tool_call>', '«any {}»', {
    tools: undefined,
  }),

  reply(
    'no JSON',
    QWEN,
    'a <tool_call>weather(Paris)</tool_call> b',
    'a!invalid-json[<tool_call>weather(Paris)</tool_call>] b',
  ),
  reply(
    'a brace too many',
    QWEN,
    '<tool_call>{"name": "now"}}</tool_call>',
    '!invalid-json[<tool_call>{"name": "now"}}</tool_call>]',
  ),
  reply(
    'a line break in a text',
    QWEN,
    '<tool_call>{"name": "no\nw"}</tool_call>b',
    '!invalid-json[<tool_call>{"name": "no\nw"}</tool_call>]b',
  ),
  reply(
    'a word that JSON has not',
    QWEN,
    '<tool_call>{"name": "now", "arguments": {"a": nil}}</tool_call>',
    '!invalid-json[<tool_call>{"name": "now", "arguments": {"a": nil}}</tool_call>]',
  ),
  reply(
    'a closing marker too soon',
    QWEN,
    '<tool_call>{"name": "now", </tool_call>b',
    '!invalid-json[<tool_call>{"name": "now", </tool_call>]b',
  ),
  reply('nothing in it', QWEN, '<tool_call>\n</tool_call>', '!invalid-json[<tool_call>\n</tool_call>]'),
  reply(
    'an unknown tool',
    QWEN,
    '<tool_call>{"name": "rm", "arguments": {}}</tool_call>',
    '!unknown-tool[<tool_call>{"name": "rm", "arguments": {}}</tool_call>]',
  ),
  reply(
    'arguments in a list',
    QWEN,
    '<tool_call>{"name": "now", "arguments": []}</tool_call>',
    '!arguments-not-object[<tool_call>{"name": "now", "arguments": []}</tool_call>]',
  ),
  reply(
    'arguments as a text',
    QWEN,
    '<tool_call>{"name": "now", "arguments": "{}"}</tool_call>',
    '!arguments-not-object[<tool_call>{"name": "now", "arguments": "{}"}</tool_call>]',
  ),
  reply(
    'no name',
    QWEN,
    '<tool_call>{"arguments": {}}</tool_call>',
    '!not-a-call[<tool_call>{"arguments": {}}</tool_call>]',
  ),
  reply(
    'a number for a name',
    QWEN,
    '<tool_call>{"name": 1}</tool_call>',
    '!not-a-call[<tool_call>{"name": 1}</tool_call>]',
  ),
  reply(
    'two names',
    QWEN,
    '<tool_call>{"name": "now", "name": "weather"}</tool_call>',
    '!not-a-call[<tool_call>{"name": "now", "name": "weather"}</tool_call>]',
  ),
  reply(
    'two arguments',
    QWEN,
    '<tool_call>{"name": "now", "arguments": {}, "parameters": {}}</tool_call>',
    '!not-a-call[<tool_call>{"name": "now", "arguments": {}, "parameters": {}}</tool_call>]',
  ),
  reply(
    'cut in its JSON',
    QWEN,
    'a\n<tool_call>\n{"name": "now", "argu',
    'a!incomplete[<tool_call>\n{"name": "now", "argu]',
  ),
  reply('cut in its closing marker', QWEN, '<tool_call>{"name": "now"}</tool', '«now {}»'),
  reply('cut in its opening marker', QWEN, 'a <tool_ca', 'a <tool_ca'),
  reply(
    'nested too deep',
    QWEN,
    `<tool_call>{"name": "now", "arguments": {"a": ${'['.repeat(70)}${']'.repeat(70)}}}</tool_call>`,
    `!invalid-json[<tool_call>{"name": "now", "arguments": {"a": ${'['.repeat(70)}${']'.repeat(70)}}}</tool_call>]`,
  ),

  reply('bare JSON', LLAMA, '{"name": "weather", "parameters": {"city": "Paris"}}', PARIS),
  reply(
    'bare JSON with a type',
    LLAMA,
    '\n{"type": "function", "name": "now", "parameters": {}}\n',
    '«now {}»',
  ),
  reply('a function by name', LLAMA, '{"type": "function", "function": "now", "parameters": {}}', '«now {}»'),
  reply(
    'several',
    LLAMA,
    '{"name": "now", "parameters": {}}; {"name": "now", "parameters": {}};',
    '«now {}»«now {}»',
  ),
  reply('behind the tag', LLAMA, '<|python_tag|>{"name": "now", "parameters": {}}', '«now {}»'),
  reply(
    'words, then the tag',
    LLAMA,
    'Let me see. <|python_tag|>{"name": "now", "parameters": {}}',
    'Let me see.«now {}»',
  ),
  reply('words after it', LLAMA, '{"name": "now", "parameters": {}} Done.', '«now {}» Done.'),
  reply(
    'JSON that is an answer',
    LLAMA,
    '{"city": "Paris", "name": "now"}',
    '{"city": "Paris", "name": "now"}',
  ),
  reply(
    'JSON that has no arguments',
    LLAMA,
    '{"name": "Ada", "type": "person"} ok',
    '{"name": "Ada", "type": "person"} ok',
  ),
  reply('no JSON', LLAMA, '{name} is it', '{name} is it'),
  reply(
    'JSON where no tool is',
    LLAMA,
    '{"name": "now", "parameters": {}}',
    '{"name": "now", "parameters": {}}',
    { tools: [] },
  ),
  reply(
    'JSON later on',
    LLAMA,
    'So: {"name": "now", "parameters": {}}',
    'So: {"name": "now", "parameters": {}}',
  ),
  reply(
    'an unknown tool, bare',
    LLAMA,
    '{"name": "rm", "parameters": {}}',
    '!unknown-tool[{"name": "rm", "parameters": {}}]',
  ),
  reply('code behind the tag', LLAMA, '<|python_tag|>print(1)\n', '!invalid-json[<|python_tag|>print(1)\n]'),
  reply('cut', LLAMA, '{"name": "now", "para', '!incomplete[{"name": "now", "para]'),
  reply('cut before anything tells', LLAMA, '{"na', '{"na'),

  reply(
    'a list of calls',
    MISTRAL,
    '[TOOL_CALLS][{"name": "weather", "arguments": {"city": "Paris"}, "id": "abc123DEF"}]',
    PARIS,
  ),
  reply(
    'two in a list',
    MISTRAL,
    'a[TOOL_CALLS] [{"name": "now", "arguments": {}}, {"name": "now", "arguments": {}}]\n',
    'a«now {}»«now {}»',
  ),
  reply('name and arguments', MISTRAL, '[TOOL_CALLS]weather[ARGS]{"city": "Paris"}', PARIS),
  reply(
    'with an id',
    MISTRAL,
    '[TOOL_CALLS]now[CALL_ID]abc123DEF[ARGS]{}[TOOL_CALLS]now[ARGS]{}',
    '«now {}»«now {}»',
  ),
  reply('without its marker', MISTRAL, '[TOOL_CALLS]now{}', '«now {}»'),
  reply('one object', MISTRAL, '[TOOL_CALLS]{"name": "now"}', '«now {}»'),
  reply(
    'a list that never ends',
    MISTRAL,
    '[TOOL_CALLS][{"name": "now"}, {"name"',
    '«now {}»!incomplete[, {"name"]',
  ),
  reply(
    'a list without a comma',
    MISTRAL,
    '[TOOL_CALLS][{"name": "now"} {"name": "now"}]',
    '«now {}»!invalid-json[ {"name": "now"}]]',
  ),
  reply(
    'an unknown tool',
    MISTRAL,
    '[TOOL_CALLS]rm[ARGS]{"a": 1} b',
    '!unknown-tool[[TOOL_CALLS]rm[ARGS]{"a": 1}] b',
  ),
  reply('nothing behind the marker', MISTRAL, '[TOOL_CALLS]', '!incomplete[[TOOL_CALLS]]'),
  reply('no name', MISTRAL, '[TOOL_CALLS][ARGS]{}', '!invalid-json[[TOOL_CALLS][ARGS]{}]'),

  reply(
    'fenced JSON',
    DEEPSEEK,
    '<think>a</think>\n\n<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>weather\n```json\n{"city": "Paris"}\n```<｜tool▁call▁end｜>\n<｜tool▁call▁begin｜>function<｜tool▁sep｜>now\n```json\n{}\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>',
    `~a~${PARIS}«now {}»`,
  ),
  reply(
    'without a fence',
    DEEPSEEK,
    'a<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>now<｜tool▁sep｜>{}<｜tool▁call▁end｜><｜tool▁calls▁end｜>',
    'a«now {}»',
  ),
  reply(
    'cut',
    DEEPSEEK,
    '<｜tool▁call▁begin｜>now<｜tool▁sep｜>{"a"',
    '!incomplete[<｜tool▁call▁begin｜>now<｜tool▁sep｜>{"a"]',
  ),
  reply('no end', DEEPSEEK, '<｜tool▁call▁begin｜>now<｜tool▁sep｜>{}', '«now {}»'),
  reply(
    'words in it',
    DEEPSEEK,
    '<｜tool▁call▁begin｜>now<｜tool▁sep｜>{} x<｜tool▁call▁end｜>b',
    '!invalid-json[<｜tool▁call▁begin｜>now<｜tool▁sep｜>{} x<｜tool▁call▁end｜>]b',
  ),

  reply(
    'channel and call',
    GEMMA,
    '<|channel>thought\nHm.\n<channel|><|tool_call>call:weather{city:<|"|>Paris<|"|>}<tool_call|>',
    `~Hm.~${PARIS}`,
  ),
  reply('an empty channel', GEMMA, '<|channel>thought\n<channel|>Yes.', 'Yes.'),
  reply('another channel', GEMMA, '<|channel>though it is\n<channel|>Yes.', '~though it is~Yes.'),
  reply(
    'all kinds of values',
    GEMMA,
    '<|tool_call>call:now{a:<|"|>"x",\n{y:}\\<|"|>,b:[1,-2.5,true,null,<|"|><|"|>],c:{},"d":"e\\"f"}<tool_call|>',
    '«now {"a":"\\"x\\",\\n{y:}\\\\","b":[1,-2.5,true,null,""],"c":{},"d":"e\\"f"}»',
  ),
  reply(
    'a closing marker in a text',
    GEMMA,
    '<|tool_call>call:now{a:<|"|><tool_call|><|"|>}<tool_call|>b',
    '«now {"a":"<tool_call|>"}»b',
  ),
  reply(
    'keys between markers',
    GEMMA,
    '<|tool_call>call:now{<|"|>a b<|"|>:1}<tool_call|>',
    '«now {"a b":1}»',
  ),
  reply('no closing marker', GEMMA, '<|tool_call>call:now{}', '«now {}»'),
  reply(
    'a bare text',
    GEMMA,
    '<|tool_call>call:now{a:two words}<tool_call|>',
    '!invalid-json[<|tool_call>call:now{a:two words}<tool_call|>]',
  ),
  reply('no call', GEMMA, '<|tool_call>now()<tool_call|>b', '!invalid-json[<|tool_call>now()<tool_call|>]b'),
  reply(
    'an unknown tool',
    GEMMA,
    '<|tool_call>call:rm{}<tool_call|>',
    '!unknown-tool[<|tool_call>call:rm{}<tool_call|>]',
  ),
  reply(
    'cut in a text',
    GEMMA,
    '<|tool_call>call:now{a:<|"|>b',
    '!incomplete[<|tool_call>call:now{a:<|"|>b]',
  ),

  reply(
    'two channels',
    HARMONY,
    '<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant<|channel|>final<|message|>Yes.',
    '~Hm.~Yes.',
  ),
  reply(
    'a call',
    HARMONY,
    '<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant<|channel|>commentary to=functions.weather <|constrain|>json<|message|>{"city": "Paris"}<|call|>',
    `~Hm.~${PARIS}`,
  ),
  reply(
    'the recipient before the channel',
    HARMONY,
    ' to=functions.weather<|channel|>commentary json<|message|>{"city": "Paris"}',
    PARIS,
  ),
  reply(
    'a preamble',
    HARMONY,
    '<|channel|>commentary<|message|>Let me see.<|end|><|start|>assistant<|channel|>commentary to=functions.now<|message|>{}',
    'Let me see.«now {}»',
  ),
  reply(
    'markers in a text',
    HARMONY,
    '<|channel|>commentary to=functions.now<|message|>{"a": "<|end|>"}<|call|>',
    '«now {"a":"<|end|>"}»',
  ),
  reply(
    'no end of a message',
    HARMONY,
    '<|channel|>analysis<|message|>Hm.<|channel|>final<|message|>Yes.',
    '~Hm.~Yes.',
  ),
  reply('no header', HARMONY, 'Yes.', 'Yes.'),
  reply('a long answer without a header', HARMONY, 'Yes. '.repeat(100), 'Yes. '.repeat(100)),
  reply('only a role', HARMONY, '<|channel|>final<|message|>Yes.<|end|><|start|>assistant', 'Yes.'),
  reply(
    'a header that is cut',
    HARMONY,
    '<|channel|>commentary to=functions.now',
    '!incomplete[<|channel|>commentary to=functions.now]',
  ),
  reply(
    'a call that is cut',
    HARMONY,
    '<|channel|>commentary to=functions.now<|message|>{"a',
    '!incomplete[<|channel|>commentary to=functions.now<|message|>{"a]',
  ),
  reply(
    'no JSON',
    HARMONY,
    '<|channel|>commentary to=functions.now<|message|>soon<|call|>',
    '!invalid-json[<|channel|>commentary to=functions.now<|message|>soon<|call|>]',
  ),
  reply(
    "a tool of OpenAI's",
    HARMONY,
    '<|channel|>analysis to=browser.search<|message|>{"q": 1}<|call|>',
    '!unknown-tool[<|channel|>analysis to=browser.search<|message|>{"q": 1}<|call|>]',
  ),
  reply('thinking left out', HARMONY, 'Yes.', 'Yes.', { prefill: '<|channel|>final<|message|>' }),
]
