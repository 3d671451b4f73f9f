import { type ReplyFormat, replyFormat } from '../../../src/chat/reply/format.js'
import type { ReplyParserOptions } from '../../../src/chat/reply/parser.js'

/** Formats, named after models that use them. */
export const QWEN = replyFormat({ reasoning: 'think', tools: 'hermes' })
export const LLAMA = replyFormat({ tools: 'llama-json' })
export const MISTRAL = replyFormat({ reasoning: 'think-brackets', tools: 'mistral' })
export const DEEPSEEK = replyFormat({ reasoning: 'think', tools: 'deepseek' })
export const GEMMA = replyFormat({ reasoning: 'gemma', tools: 'gemma' })
export const HARMONY = replyFormat({ reasoning: 'harmony', tools: 'harmony' })
const THINK = { reasoning: 'think' } as const
export const QWEN_XML = replyFormat({ ...THINK, tools: 'qwen-xml' })
export const GLM = replyFormat({ ...THINK, tools: 'glm' })
export const LFM2 = replyFormat({ ...THINK, tools: 'lfm2' })
export const NEMOTRON = replyFormat({ ...THINK, tools: 'nemotron' })
export const MINICPM = replyFormat({ ...THINK, tools: 'minicpm' })
export const GRANITE = replyFormat({ ...THINK, tools: 'granite' })
export const SEED = replyFormat({ tools: 'seed' })
export const MINIMAX = replyFormat({ ...THINK, tools: 'minimax' })
export const DSML = replyFormat({ ...THINK, tools: 'dsml' })
export const KIMI = replyFormat({ ...THINK, tools: 'kimi' })
export const SOLAR = replyFormat({ tools: 'solar' })
export const COHERE = replyFormat({ tools: 'cohere' })
export const TOOL_CALLS = replyFormat({ ...THINK, tools: 'tool-calls' })
export const FIREFUNCTION = replyFormat({ tools: 'firefunction' })
export const APERTUS = replyFormat({ reasoning: 'apertus', tools: 'apertus' })
export const HUNYUAN = replyFormat({ reasoning: 'hunyuan', tools: 'hunyuan' })
export const MINIMAX_M3 = replyFormat({ reasoning: 'minimax', tools: 'minimax-m3' })
export const COMMAND_A = replyFormat({ reasoning: 'cohere', tools: 'cohere' })
export const APRIEL = replyFormat({ reasoning: 'apriel', tools: 'tool-calls' })
export const SEED_OSS = replyFormat({ reasoning: 'seed', tools: 'seed' })
export const KIMI_K3 = replyFormat({ reasoning: 'kimi-k3', tools: 'kimi-k3' })
export const FUNCTIONARY = replyFormat({ tools: 'functionary' })
export const GIGACHAT_3 = replyFormat({ tools: 'gigachat-3' })
export const SOLAR_OPEN = replyFormat({ reasoning: 'solar', tools: 'solar' })
export const ATEM = replyFormat({ reasoning: 'atem', tools: 'atem' })
/** All formats, to test each with random and hostile text. */
export const FORMATS: Readonly<Record<string, ReplyFormat>> = {
  QWEN,
  LLAMA,
  MISTRAL,
  DEEPSEEK,
  GEMMA,
  HARMONY,
  QWEN_XML,
  GLM,
  LFM2,
  NEMOTRON,
  MINICPM,
  GRANITE,
  SEED,
  MINIMAX,
  DSML,
  KIMI,
  SOLAR,
  COHERE,
  TOOL_CALLS,
  FIREFUNCTION,
  APERTUS,
  HUNYUAN,
  MINIMAX_M3,
  COMMAND_A,
  APRIEL,
  SEED_OSS,
  KIMI_K3,
  FUNCTIONARY,
  GIGACHAT_3,
  SOLAR_OPEN,
  ATEM,
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

/** A reply written by hand, and its expected events in the notation of `summarize`. */
export interface Reply {
  readonly name: string
  readonly format: ReplyFormat
  readonly text: string
  readonly expected: string
  readonly options?: ReplyParserOptions
}

const reply = (
  name: string,
  format: ReplyFormat,
  text: string,
  expected: string,
  options?: ReplyParserOptions,
) => ({
  name,
  format,
  text,
  expected,
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
    'the opening marker again, although it is in the prompt',
    DEEPSEEK,
    '<think>\nHm.\n</think>\nYes.',
    '~<think>\nHm.~Yes.',
    OPENED,
  ),
  reply('empty thoughts', QWEN, '<think>\n\n</think>\n\nYes.', 'Yes.'),
  reply('an empty pair in the prompt', QWEN, 'Yes.', 'Yes.', { prefill: '<think>\n\n</think>\n\n' }),
  reply('a closing marker that nothing opened', QWEN, '\n\n</think>\n\nYes.', 'Yes.'),
  reply('a closing marker that is mentioned', QWEN, 'Write </think> there.', 'Write </think> there.'),
  reply('an opening marker that is mentioned', QWEN, 'Use <think> for that.', 'Use <think> for that.'),
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
    'text, two calls',
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
    'markers, quotes and braces in a string',
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
  reply('text after a call', QWEN, '<tool_call>{"name": "now"}</tool_call>\n\nDone.', '«now {}»Done.'),
  reply(
    'thoughts between calls',
    QWEN,
    '<think>a</think><tool_call>{"name": "now"}</tool_call>\n<think>b</think>c',
    '~a~«now {}»~\nb~c',
  ),
  reply(
    'calls without tools',
    QWEN,
    '<tool_call>{"name": "now"}</tool_call>',
    '<tool_call>{"name": "now"}</tool_call>',
    { tools: [] },
  ),
  reply('calls of any tool if none are listed', QWEN, '<tool_call>{"name": "any"}</tool_call>', '«any {}»', {
    tools: undefined,
  }),

  reply(
    'not JSON',
    QWEN,
    'a <tool_call>weather(Paris)</tool_call> b',
    'a!invalid-json[<tool_call>weather(Paris)</tool_call>] b',
  ),
  reply('a surplus brace', QWEN, '<tool_call>{"name": "now"}}</tool_call>', '«now {}»'),
  reply(
    'a line break in a name',
    QWEN,
    '<tool_call>{"name": "no\nw"}</tool_call>b',
    '!unknown-tool[<tool_call>{"name": "no\nw"}</tool_call>]b',
  ),
  reply(
    'a literal that JSON does not have',
    QWEN,
    '<tool_call>{"name": "now", "arguments": {"a": nil}}</tool_call>',
    '!invalid-json[<tool_call>{"name": "now", "arguments": {"a": nil}}</tool_call>]',
  ),
  reply(
    'an early closing marker',
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
    'arguments as a string that is not JSON',
    QWEN,
    '<tool_call>{"name": "now", "arguments": "{a"}</tool_call>',
    '!arguments-not-object[<tool_call>{"name": "now", "arguments": "{a"}</tool_call>]',
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
    'nested too deeply',
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
  reply('after the tag', LLAMA, '<|python_tag|>{"name": "now", "parameters": {}}', '«now {}»'),
  reply(
    'text, then the tag',
    LLAMA,
    'Let me see. <|python_tag|>{"name": "now", "parameters": {}}',
    'Let me see.«now {}»',
  ),
  reply('text after it', LLAMA, '{"name": "now", "parameters": {}} Done.', '«now {}» Done.'),
  reply(
    'JSON that is content',
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
  reply('not JSON', LLAMA, '{name} is it', '{name} is it'),
  reply(
    'JSON without tools',
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
  reply('code after the tag', LLAMA, '<|python_tag|>print(1)\n', '!invalid-json[<|python_tag|>print(1)\n]'),
  reply('cut', LLAMA, '{"name": "now", "para', '!incomplete[{"name": "now", "para]'),
  reply('cut before it is recognizable as a call', LLAMA, '{"na', '{"na'),

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
    '«now {}»«now {}»',
  ),
  reply(
    'an unknown tool',
    MISTRAL,
    '[TOOL_CALLS]rm[ARGS]{"a": 1} b',
    '!unknown-tool[[TOOL_CALLS]rm[ARGS]{"a": 1}] b',
  ),
  reply('nothing after the marker', MISTRAL, '[TOOL_CALLS]', '!incomplete[[TOOL_CALLS]]'),
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
    'text in it',
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
    'a closing marker in a string',
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
    'an unquoted string',
    GEMMA,
    '<|tool_call>call:now{a:two words}<tool_call|>',
    '«now {"a":"two words"}»',
  ),
  reply(
    'not a call',
    GEMMA,
    '<|tool_call>now()<tool_call|>b',
    '!invalid-json[<|tool_call>now()<tool_call|>]b',
  ),
  reply(
    'an unknown tool',
    GEMMA,
    '<|tool_call>call:rm{}<tool_call|>',
    '!unknown-tool[<|tool_call>call:rm{}<tool_call|>]',
  ),
  reply(
    'cut in a string',
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
    'two messages',
    HARMONY,
    '<|channel|>commentary<|message|>I will look.<|end|><|start|>assistant<|channel|>final<|message|>It is 20.',
    'I will look.\nIt is 20.',
  ),
  reply(
    'two thoughts',
    HARMONY,
    '<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant<|channel|>analysis<|message|>So.<|end|>',
    '~Hm.\nSo.~',
  ),
  reply(
    'a surplus brace, a raw line feed and single quotes',
    HARMONY,
    "<|channel|>commentary to=functions.now<|message|>{'a': 'b\n'}}<|call|>",
    '«now {"a":"b\\n"}»',
  ),
  reply(
    'markers in a string',
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
    'not JSON',
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

  reply(
    'a call on lines',
    QWEN_XML,
    '<think>a</think>\n<tool_call>\n<function=weather>\n<parameter=city>\nNew\n York\n</parameter>\n<parameter=days>\n3\n</parameter>\n</function>\n</tool_call>',
    '~a~«weather {"city":"New\\n York","days":3}»',
  ),
  reply(
    'two calls, without the outer tag',
    QWEN_XML,
    'Ok.\n<function=weather>\n<parameter=city>\n5\n</parameter>\n</function>\n</tool_call>\n<function=now>\n</function>',
    'Ok.«weather {"city":"5"}»«now {}»',
  ),
  reply(
    'two calls in one tag, text between',
    QWEN_XML,
    '<tool_call><function=now></function>\n<function=now></function> ok</tool_call> b',
    '«now {}»«now {}»ok b',
  ),
  reply(
    'tags in a value',
    QWEN_XML,
    '<function=weather><parameter=city>\na</function> </tool_call x>\n<parameter=b>\n</parameter></function>',
    '«weather {"city":"a</function> </tool_call x>\\n<parameter=b>"}»',
  ),
  reply(
    'no closing tag of the value, nor of the call',
    QWEN_XML,
    '<tool_call>\n<function=weather>\n<parameter=city>\nRome\n<parameter=days>\n2\n</parameter>\n</tool_call>\n<tool_call>\n<function=weather>\n<parameter=city>\nRome\n</function>\n</tool_call>',
    '«weather {"city":"Rome","days":2}»«weather {"city":"Rome"}»',
  ),
  reply(
    'JSON in the tags',
    QWEN_XML,
    '<tool_call>\n{"name": "now", "arguments": {"a": 1}}\n</tool_call>x<function=now>{"b": 2}</function>',
    '«now {"a":1}»x«now {"b":2}»',
  ),
  reply(
    'cut in a value',
    QWEN_XML,
    '<function=now><parameter=a>b',
    '!incomplete[<function=now><parameter=a>b]',
  ),
  reply(
    'no inner tags',
    QWEN_XML,
    '<tool_call>now()</tool_call>b<function=now>()</function>c',
    '!invalid-json[<tool_call>now()</tool_call>]b!invalid-json[<function=now>()</function>]\nc',
  ),
  reply(
    'an unknown tool, as tags',
    QWEN_XML,
    '<function=rm>\n</function>b',
    '!unknown-tool[<function=rm>\n</function>]b',
  ),
  reply(
    'next to the tags',
    SEED,
    '<seed:tool_call>\n<function=weather>\n<parameter=city>Rome\n</parameter>\n</function>\n</seed:tool_call>',
    '«weather {"city":"Rome\\n"}»',
  ),
  reply(
    'CDATA',
    MINICPM,
    '<function name="weather"><param name="city"><![CDATA[a</param>\n&b]]></param><param name="days">2</param></function>\n<function name="now"></function>',
    '«weather {"city":"a</param>\\n&b","days":2}»«now {}»',
  ),
  reply(
    'invoked',
    MINIMAX,
    '<think>a</think>\n<minimax:tool_call>\n<invoke name="weather">\n<parameter name="city">Rome</parameter>\n<parameter name="days">2</parameter>\n</invoke>\n<invoke name="now">\n</invoke>\n</minimax:tool_call>',
    '~a~«weather {"city":"Rome","days":2}»«now {}»',
  ),
  reply(
    'values that are marked as strings or not',
    DSML,
    '<｜DSML｜function_calls>\n<｜DSML｜invoke name="now">\n<｜DSML｜parameter name="a" string="true">5</｜DSML｜parameter>\n<｜DSML｜parameter name="b" string="false">[5]</｜DSML｜parameter>\n</｜DSML｜invoke>\n</｜DSML｜function_calls>',
    '«now {"a":"5","b":[5]}»',
  ),
  reply(
    'keys and values',
    GLM,
    'Ok.\n<tool_call>weather\n<arg_key>city</arg_key>\n<arg_value>Rome "x"\n</arg_value>\n<arg_key>days</arg_key>\n<arg_value>2</arg_value>\n</tool_call>\n<tool_call>now</tool_call>Done.',
    'Ok.«weather {"city":"Rome \\"x\\"\\n","days":2}»«now {}»\nDone.',
  ),
  reply(
    'no closing tag, as keys and values',
    GLM,
    '<tool_call>now<arg_key>a</arg_key><arg_value>b</arg_value>',
    '«now {"a":"b"}»',
  ),
  reply('JSON in the tag', GLM, '<tool_call>\n{"name": "now"}\n</tool_call>', '«now {}»'),
  reply('cut in a key', GLM, '<tool_call>now<arg_key>a</arg', '!incomplete[<tool_call>now<arg_key>a</arg]'),
  reply(
    'text in the tag',
    GLM,
    '<tool_call>now and then</tool_call>b',
    '!invalid-json[<tool_call>now and then</tool_call>]b',
  ),
  reply(
    'a list in Python syntax',
    LFM2,
    `a <|tool_call_start|>[weather(city="Ro'me", days=3), now(a=[1, True], b={'c': None}, d='x"y', e=(1,))]<|tool_call_end|>b`,
    `a«weather {"city":"Ro'me","days":3}»«now {"a":[1,true],"b":{"c":null},"d":"x\\"y","e":[1]}»\nb`,
  ),
  reply('one call without a list', LFM2, '<|tool_call_start|>now()<|tool_call_end|>', '«now {}»'),
  reply(
    'JSON in its place',
    LFM2,
    '<|tool_call_start|>[{"name": "now", "arguments": {}}]<|tool_call_end|>',
    '«now {}»',
  ),
  reply('an empty list', LFM2, 'a<|tool_call_start|>[]<|tool_call_end|>', 'a'),
  reply(
    'no literals',
    LFM2,
    '<|tool_call_start|>[now(a=b c)]<|tool_call_end|>',
    '!invalid-json[<|tool_call_start|>[now(a=b c)]<|tool_call_end|>]',
  ),
  reply(
    'cut in a Python call',
    LFM2,
    '<|tool_call_start|>[now(a=1',
    '!incomplete[<|tool_call_start|>[now(a=1]',
  ),
  reply('no closing marker, as Python', LFM2, '<|tool_call_start|>[now(a=1)]', '«now {"a":1}»'),
  reply(
    'a list between tags',
    NEMOTRON,
    '<TOOLCALL>[{"name": "now", "arguments": {}}, {"name": "weather", "arguments": "{\\"city\\": \\"Rome\\"}"}]</TOOLCALL>\nDone.',
    '«now {}»«weather {"city":"Rome"}»Done.',
  ),
  reply(
    'a list without a closing marker',
    GRANITE,
    'a\n<|tool_call|>[{"name": "now", "arguments": {}}, {"name": "now"}]\n\nDone.',
    'a«now {}»«now {}»\n\nDone.',
  ),
  reply(
    'a section',
    KIMI,
    '<|tool_calls_section_begin|><|tool_call_begin|>functions.weather:0<|tool_call_argument_begin|>{"city": "Paris"}<|tool_call_end|><|tool_call_begin|>functions.now:1<|tool_call_argument_begin|>{}<|tool_call_end|><|tool_calls_section_end|>',
    `${PARIS}«now {}»`,
  ),
  reply(
    'a header of three parts',
    SOLAR,
    '<|tool_calls|><|tool_call:begin|>abc<|tool_call:name|>weather<|tool_call:args|>{"city": "Paris"}<|tool_call:end|><|calls|>',
    PARIS,
  ),
  reply(
    "Cohere's names",
    COHERE,
    '<|START_ACTION|>[\n    {"tool_call_id": "0", "tool_name": "weather", "parameters": {"city": "Paris"}}\n]<|END_ACTION|>',
    PARIS,
  ),
  reply(
    'one per line',
    TOOL_CALLS,
    '<tool_calls>\n{"name": "now", "arguments": {}}\n{"name": "now", "arguments": {}}\n</tool_calls>',
    '«now {}»«now {}»',
  ),
  reply('after a word', FIREFUNCTION, 'a functools[{"name": "now", "arguments": {}}] b', 'a«now {}» b'),

  reply(
    'names as keys',
    APERTUS,
    'Ok.<|inner_prefix|>Hm.<|inner_suffix|><|tools_prefix|>[{"weather": {"city": "Paris"}}, {"now": {}}]<|tools_suffix|>b',
    `Ok.<|inner_prefix|>Hm.<|inner_suffix|>${PARIS}«now {}»\nb`,
  ),
  reply(
    'thoughts before them',
    APERTUS,
    '<|inner_prefix|>Hm.<|inner_suffix|>Ok. <|tools_prefix|>[{"now": {"now": {}}}]<|tools_suffix|>',
    '~Hm.~Ok.«now {"now":{}}»',
  ),
  reply(
    'keys and values with suffixes',
    HUNYUAN,
    'Hm.</think:opensource>Ok.<tool_calls:opensource>\n<tool_call:opensource>weather<tool_sep:opensource>\n<arg_key:opensource>city</arg_key:opensource>\n<arg_value:opensource>Rome "x"\n</arg_value:opensource>\n<arg_key:opensource>days</arg_key:opensource>\n<arg_value:opensource>2</arg_value:opensource>\n</tool_call:opensource>\n<tool_call:opensource>now<tool_sep:opensource>\n</tool_call:opensource>\n</tool_calls:opensource>',
    '~Hm.~Ok.«weather {"city":"Rome \\"x\\"\\n","days":2}»«now {}»',
    OPENED,
  ),
  reply(
    'a section that is left open',
    HUNYUAN,
    '<tool_calls:opensource><tool_call:opensource>now</tool_calls:opensource>b<tool_calls:opensource>',
    '«now {}»b',
  ),
  reply(
    'a section of text',
    HUNYUAN,
    '<tool_call:opensource>a b</tool_calls:opensource>c',
    '!invalid-json[<tool_call:opensource>a b]c',
  ),
  reply(
    'elements',
    MINIMAX_M3,
    '<mm:think>Hm.</mm:think>Ok.]<]minimax[>[<tool_call>\n]<]minimax[>[<invoke name="weather">]<]minimax[>[<city>Rome]<]minimax[>[</city>]<]minimax[>[<days>2]<]minimax[>[</days>]<]minimax[>[</invoke>\n]<]minimax[>[<invoke name="now">]<]minimax[>[</invoke>\n]<]minimax[>[</tool_call>b',
    '~Hm.~Ok.«weather {"city":"Rome","days":2}»«now {}»\nb',
  ),
  reply('no thoughts', MINIMAX_M3, '</mm:think>Yes.', 'Yes.'),
  reply(
    'text after a call in its section',
    MINIMAX_M3,
    ']<]minimax[>[<tool_call>]<]minimax[>[<invoke name="now">]<]minimax[>[</invoke> so ]<]minimax[>[<invoke name="now">]<]minimax[>[</invoke>]<]minimax[>[</tool_call>',
    '«now {}»so«now {}»',
  ),
  reply(
    'a marked response',
    COMMAND_A,
    'Hm.<|END_THINKING|><|START_RESPONSE|>Yes.<|END_RESPONSE|>',
    '~Hm.~Yes.',
    OPENED,
  ),
  reply(
    'a marked text without the end of the thoughts',
    COMMAND_A,
    '<|START_THINKING|>Hm.<|START_TEXT|>Yes.<|END_TEXT|>',
    '~Hm.~Yes.',
  ),
  reply(
    'thoughts and actions',
    COMMAND_A,
    '<|START_THINKING|>Hm.<|END_THINKING|><|START_ACTION|>[\n    {"tool_call_id": "0", "tool_name": "now", "parameters": {}}\n]<|END_ACTION|>',
    '~Hm.~«now {}»',
  ),
  reply(
    'thoughts in words',
    APRIEL,
    'Here are my reasoning steps:\nHm.\n[BEGIN FINAL RESPONSE]\nYes.\n[END FINAL RESPONSE]\n',
    '~Hm.~Yes.',
  ),
  reply(
    'thoughts in words that the prompt has opened',
    APRIEL,
    'Hm.\n[BEGIN FINAL RESPONSE]\n<tool_calls>[{"name": "now", "arguments": {}}]</tool_calls>',
    '~Hm.~«now {}»',
    OPENED,
  ),
  reply(
    'tags of control tokens',
    KIMI_K3,
    'Hm.<|close|>think<|sep|><|open|>response<|sep|>Ok.<|close|>response<|sep|><|open|>tools<|sep|><|open|>call tool="weather" index="1"<|sep|><|open|>argument key="city" type="string"<|sep|>5<|close|>argument<|sep|><|open|>argument key="days" type="number"<|sep|>2<|close|>argument<|sep|><|close|>call<|sep|><|open|>call tool="now" index="2"<|sep|><|close|>call<|sep|><|close|>tools<|sep|><|close|>message<|sep|><|end_of_msg|>',
    '~Hm.~Ok.«weather {"city":"5","days":2}»«now {}»',
    OPENED,
  ),
  reply(
    'tags in values and in text',
    KIMI_K3,
    '<|open|>response<|sep|>Use <|open|> and <|close|>x<|sep|>.<|close|>response<|sep|><|open|>call tool="now"<|sep|><|open|>argument key="a" type="string"<|sep|><|open|>b<|sep|> <|close|>response<|sep|> <|sep|><|close|>argument<|sep|><|close|>call<|sep|>',
    'Use <|open|> and <|close|>x<|sep|>.«now {"a":"<|open|>b<|sep|> <|close|>response<|sep|> <|sep|>"}»',
  ),
  reply(
    'escaped attributes',
    KIMI_K3,
    '<|open|>call tool="now" index="1"<|sep|><|open|>argument key="a &amp;quot; &quot;b" type="boolean"<|sep|>true<|close|>argument<|sep|><|close|>call<|sep|>',
    '«now {"a &quot; \\"b":true}»',
  ),
  reply(
    'missing closing tags',
    KIMI_K3,
    '<|open|>tools<|sep|><|open|>call tool="now"<|sep|><|open|>argument key="a" type="string"<|sep|>b<|open|>call tool="now"<|sep|><|open|>json<|sep|>{"a": [1<|close|>json<|sep|><|close|>tools<|sep|>So.',
    '«now {"a":"b"}»«now {"a":[1]}»So.',
  ),
  reply(
    'tags without tools',
    KIMI_K3,
    '<|open|>response<|sep|>a<|open|>call tool="now"<|sep|>b',
    'a<|open|>call tool="now"<|sep|>b',
    { tools: [] },
  ),
  reply('thoughts without an end', KIMI_K3, '<|open|>think<|sep|>a<|open|>response<|sep|>b', '~a~b'),
  reply('content for all', FUNCTIONARY, 'all\nHello,\nworld. \n', 'Hello,\nworld. \n'),
  reply('content for all without tools', FUNCTIONARY, 'all\nnow\n{}', 'now\n{}', { tools: [] }),
  reply('a tool as the recipient', FUNCTIONARY, 'weather\n{"city": "Paris"}', PARIS),
  reply(
    'several recipients',
    FUNCTIONARY,
    'all\nOk.>>>weather\n{"city": "Paris"}>>>now\n{}\n>>>all\nSo.',
    `Ok.${PARIS}«now {}»\nSo.`,
  ),
  reply('a recipient without arguments', FUNCTIONARY, 'now\n>>>all\nSo.', '«now {}»So.'),
  reply(
    "Python's prompt in content",
    FUNCTIONARY,
    'all\n>>> 1 + 1\n2\n>>>print(1)\n1\n>>>now()\n>>>x\n5',
    '>>> 1 + 1\n2\n>>>print(1)\n1\n>>>now()\n>>>x\n5',
  ),
  reply('no recipient', FUNCTIONARY, 'Hello, world.\nYes.', 'Hello, world.\nYes.'),
  reply('a word without a recipient', FUNCTIONARY, 'Hello\nworld', 'Hello\nworld'),
  reply('one word', FUNCTIONARY, 'Hello', 'Hello'),
  reply('only a recipient', FUNCTIONARY, 'now', '!incomplete[now]'),
  reply(
    'a message of its own',
    GIGACHAT_3,
    'Ok.<|message_sep|>\n\nfunction call<|role_sep|>\n{"name": "weather", "arguments": {"city": "Paris"}}<|message_sep|>\n\nassistant<|role_sep|>\nSo.<|message_sep|>\n\n',
    `Ok.${PARIS}\nSo.`,
  ),
  reply(
    'messages of other roles',
    GIGACHAT_3,
    'a<|message_sep|>\n\nuser<|role_sep|>\nb<|message_sep|>',
    'a<|message_sep|>\n\nuser<|role_sep|>\nb',
  ),
  reply(
    'messages',
    SOLAR_OPEN,
    '<|think|>Hm.<|end|><|begin|>assistant<|content|>Ok.<|end|><|begin|>assistant<|tool_calls|><|tool_call:begin|>abc<|tool_call:name|>weather<|tool_call:args|>{"city": "Paris"}<|tool_call:end|><|tool_call:begin|>d<|tool_call:name|>now<|tool_call:args|>{}<|tool_call:end|><|calls|>',
    `~Hm.~Ok.${PARIS}«now {}»`,
  ),
  reply('messages without a header', SOLAR_OPEN, 'Yes.<|end|>', 'Yes.'),
  reply(
    'messages to recipients',
    ATEM,
    ' to=self<|message|>Hm.<|eom|><|start|>assistant to=weather<|message|><atem:function_calls>\n<atem:invoke name="weather">\n<atem:parameter name="city">Paris</atem:parameter>\n</atem:invoke>\n</atem:function_calls><|eom|><|start|>assistant to=user<|message|>So.<|eot|>',
    `~Hm.~${PARIS}So.`,
  ),
  reply('a message without a recipient', ATEM, '<|message|>Yes.<|eot|>', 'Yes.'),
  reply('no messages', ATEM, 'To be or not', 'To be or not'),
  reply('thoughts with reflections', SEED_OSS, '<seed:think>Hm.</seed:think>\nYes.', '~Hm.~Yes.'),

  reply('text on both sides', QWEN, 'Ok.\n<tool_call>{"name": "now"}</tool_call>\nDone', 'Ok.«now {}»\nDone'),
  reply(
    'text on both sides, with a blank line',
    QWEN,
    'Ok.\n\n<tool_call>{"name": "now"}</tool_call>Done',
    'Ok.«now {}»\n\nDone',
  ),
  reply(
    'text after a call in its tag',
    QWEN,
    '<tool_call>{"name": "now"} So.</tool_call> Yes.',
    '«now {}»So. Yes.',
  ),
  reply(
    'two in a tag',
    QWEN,
    '<tool_call>\n{"name": "now"}\n{"name": "weather", "arguments": {"city": "Paris"}}\n</tool_call>',
    `«now {}»${PARIS}`,
  ),
  reply(
    'a list in a tag',
    QWEN,
    '<tool_call>[{"name": "now"}, {"name": "now"},]</tool_call>',
    '«now {}»«now {}»',
  ),
  reply('a fence in a tag', QWEN, '<tool_call>\n```json\n{"name": "now"}\n```\n</tool_call>', '«now {}»'),
  reply(
    'a missing brace',
    QWEN,
    '<tool_call>{"name": "now", "arguments": {"a": 1}</tool_call>b',
    '«now {"a":1}»b',
  ),
  reply(
    'a Python dict',
    QWEN,
    `<tool_call>{'name': 'now', 'arguments': {'a': True, 'b': None, 'c': "it's", 'd': 'x"y', 'e': 'a\\'b', 'f': [1,]}}</tool_call>`,
    `«now {"a":true,"b":null,"c":"it's","d":"x\\"y","e":"a'b","f":[1]}»`,
  ),
  reply(
    'raw control characters and escapes that JSON lacks',
    QWEN,
    '<tool_call>{"name": "now", "arguments": {"a": "b\tc\nd\\d\\"", "e\n": 1}}</tool_call>',
    '«now {"a":"b\\tc\\nd\\\\d\\"","e\\n":1}»',
  ),
  reply(
    'null for no arguments',
    QWEN,
    '<tool_call>{"name": "now", "arguments": null}</tool_call>',
    '«now {}»',
  ),
  reply(
    'a call in thoughts that never end',
    QWEN,
    '<think>I will call\n<tool_call>\n{"name": "weather", "arguments": {"city": "Paris"}}\n</tool_call>',
    `~I will call~${PARIS}`,
  ),
  reply(
    'calls and more in thoughts that never end',
    QWEN,
    'I\n<tool_call>{"name": "now"}</tool_call> <tool_call>{"name": "rm"}</tool_call> so\n<tool_call>{"name": "now"}</tool_call>',
    '~I~«now {}»~\n<tool_call>{"name": "rm"}</tool_call> so~«now {}»',
    OPENED,
  ),
  reply(
    'half a call in thoughts that never end',
    QWEN,
    '<think>I <tool_call>{"name": "now"',
    '~I <tool_call>{"name": "now"~',
  ),
  reply(
    'tags in thoughts that never end',
    QWEN_XML,
    '<think>\nSo:\n<tool_call>\n<function=weather>\n<parameter=city>\nParis\n</parameter>\n</function>\n</tool_call>',
    `~So:~${PARIS}`,
  ),
  reply('round brackets', GEMMA, '<|tool_call>call:weather(city:<|"|>Paris<|"|>)<tool_call|>', PARIS),
  reply(
    'unquoted strings, numbers and equals signs',
    GEMMA,
    '<|tool_call>call:weather{city:Paris, France,days=5}<tool_call|><|tool_call>call:now(path:test.txt,n:5,ok:true,l:[a,b])<tool_call|>',
    '«weather {"city":"Paris, France","days":5}»«now {"path":"test.txt","n":5,"ok":true,"l":["a","b"]}»',
  ),
  reply(
    'two in a Gemma tag',
    GEMMA,
    '<|tool_call>call:now{}call:now{a:1}}<tool_call|>',
    '«now {}»«now {"a":1}»',
  ),
  reply('no brackets', GEMMA, '<|tool_call>call:now<tool_call|>', '«now {}»'),
  reply(
    'a fence without a language',
    DEEPSEEK,
    '<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>weather\n```\n{"city": "Paris"}\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>',
    PARIS,
  ),
  reply('a surplus brace, bare', LLAMA, '{"name": "now", "parameters": {}}}', '«now {}»'),
  reply(
    'string arguments in a list',
    MISTRAL,
    '[TOOL_CALLS][{"name": "weather", "arguments": "{\\"city\\": \\"Paris\\"}"}]',
    PARIS,
  ),
]
