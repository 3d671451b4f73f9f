import { describe, expect, it } from 'vitest'
import { FAMILIES } from '../../../src/chat/families.js'
import { PromptBuilder } from '../../../src/chat/prompt.js'
import type { ReplyEvent } from '../../../src/chat/reply/events.js'
import { replyFormat, replyFormatOf } from '../../../src/chat/reply/format.js'
import { createReplyParser } from '../../../src/chat/reply/parser.js'
import { type Thinking, thinkingControl } from '../../../src/chat/reply/thinking.js'
import { toolResult } from '../../../src/chat/reply/tool-result.js'
import { checkTools } from '../../../src/chat/tools.js'
import { Transcript } from '../../../src/chat/transcript.js'
import { readChatTemplates } from '../../../src/facade/chat-templates.js'
import { Metadata } from '../../../src/gguf/metadata.js'
import { createTokenizer } from '../../../src/tokenizer/create.js'
import { WEATHER } from '../conversations.js'
import { chatMetadata, TEMPLATE_FILES, type TemplateFile, templateSource } from '../template-files.js'
import { joined, summarize } from './parse.js'

const NOW = new Date(2025, 5, 3)

/** The formats detected from published templates. */
const DETECTED: Readonly<
  Record<string, readonly [reasoning: string, tools: string, ...variables: string[]]>
> = {
  'HuggingFaceTB-SmolLM3-3B': ['think', 'hermes', 'enable_thinking'],
  'NousResearch-Hermes-3-Llama-3.1-8B-tool_use': ['none', 'hermes'],
  'Qwen-Qwen2.5-7B-Instruct': ['none', 'hermes'],
  'Qwen-Qwen3-0.6B': ['think', 'hermes', 'enable_thinking'],
  'deepseek-ai-DeepSeek-R1-Distill-Qwen-32B': ['think', 'deepseek', 'enable_thinking'],
  'google-gemma-2-2b-it': ['none', 'hermes'],
  'google-gemma-4-31B-it': ['gemma', 'gemma', 'enable_thinking'],
  'meta-llama-Llama-3.2-3B-Instruct': ['none', 'llama-json'],
  'microsoft-Phi-3.5-mini-instruct': ['none', 'hermes'],
  'mistralai-Mistral-Nemo-Instruct-2407': ['none', 'mistral'],
  'openai-gpt-oss-120b': ['harmony', 'harmony', 'reasoning_effort'],
}

/** The end of a prompt and the prefill, with thinking on, off or unset. */
const ENDS: Readonly<
  Record<string, Readonly<Record<'on' | 'off' | 'unasked', readonly [end: string, prefill: string]>>>
> = {
  'HuggingFaceTB-SmolLM3-3B': {
    on: ['<|im_start|>assistant\n', ''],
    off: ['<|im_start|>assistant\n<think>\n\n</think>\n', ''],
    unasked: ['<|im_start|>assistant\n', ''],
  },
  'Qwen-Qwen3-0.6B': {
    on: ['<|im_start|>assistant\n', ''],
    off: ['<|im_start|>assistant\n<think>\n\n</think>\n\n', ''],
    unasked: ['<|im_start|>assistant\n', ''],
  },
  'deepseek-ai-DeepSeek-R1-Distill-Qwen-32B': {
    on: ['<｜Assistant｜><think>\n', '<think>'],
    off: ['<｜Assistant｜><think>\n</think>', ''],
    unasked: ['<｜Assistant｜><think>\n</think>', ''],
  },
  'google-gemma-4-31B-it': {
    on: ['<|turn>model\n', ''],
    off: ['<|turn>model\n<|channel>thought\n<channel|>', ''],
    unasked: ['<|turn>model\n<|channel>thought\n<channel|>', ''],
  },
  'openai-gpt-oss-120b': {
    on: ['<|start|>assistant', ''],
    off: ['<|start|>assistant<|channel|>final<|message|>', '<|channel|>final<|message|>'],
    unasked: ['<|start|>assistant', ''],
  },
}

async function builderOf(file: TemplateFile, { hasTools = false } = {}) {
  const own = await chatMetadata(file)
  // Models with such markers do not add spaces after them.
  const metadata = new Metadata(
    file.name,
    new Map([...own.entries(), ['tokenizer.ggml.add_space_prefix', false]]),
  )
  const tokenizer = createTokenizer(metadata)
  const builder = new PromptBuilder(
    { tokenizer, chatTemplates: readChatTemplates(metadata) },
    { template: undefined, templateVariables: {}, tools: checkTools(hasTools ? [WEATHER] : []) },
  )
  return { tokenizer, builder, format: replyFormatOf(templateSource(file), tokenizer) }
}

describe('published templates', () => {
  it.each(TEMPLATE_FILES)('the format of $name is detected', (file) => {
    const { reasoning, tools, thinkingVariables, controls } = replyFormatOf(templateSource(file), undefined)
    expect([reasoning, tools, ...thinkingVariables]).toEqual(DETECTED[file.name])
    expect(controls.size).toBe(0)
  })

  it.each(TEMPLATE_FILES.filter(({ name }) => name in ENDS))(
    'thinking can be controlled for $name',
    async (file) => {
      const { tokenizer, builder, format } = await builderOf(file)
      for (const [wanted, [end, prefill]] of Object.entries(ENDS[file.name])) {
        const thinking = wanted === 'unasked' ? undefined : (wanted as Thinking)
        const control = thinkingControl(format, tokenizer, thinking)
        const user = [{ role: 'user', content: 'Hi <think>' }] as const
        const prompt = builder.build(user, 0, NOW, new Transcript(tokenizer), control)
        expect(prompt.text.text.slice(-end.length), wanted).toBe(end)
        expect(prompt.prefill, wanted).toBe(prefill)
        expect(createReplyParser(format, { prefill }).isReasoning, wanted).toBe(prefill === '<think>')
      }
      const { budget, templateVariables } = thinkingControl(format, tokenizer, 7)
      expect(templateVariables).toEqual(thinkingControl(format, tokenizer, 'on').templateVariables)
      expect(budget?.tokens).toBe(7)
      const parser = createReplyParser(format, { thinkingOpened: true })
      expect(parser.isReasoning).toBe(true)
      for (const id of budget!.closeIds) {
        parser.push({ id, piece: tokenizer.piece(id), isControl: tokenizer.isControl(id) })
      }
      expect(parser.isReasoning).toBe(false)
      expect(parser.push('Yes')).toEqual([{ type: 'content', text: 'Yes' }])
    },
  )

  it.each(TEMPLATE_FILES)('$name writes a call that its format reads', async (file) => {
    const { tokenizer, builder, format } = await builderOf(file, { hasTools: true })
    const args = { city: 'Rome "x" é\n{', days: 2 }
    const call = { id: 'abcdef123', name: 'get_weather', arguments: args }
    const asked = { role: 'user', content: 'How is it?' } as const
    const called = { role: 'assistant', content: '', toolCalls: [call] } as const
    const text = (...messages: Parameters<typeof builder.build>[0]) =>
      builder.build(messages, 0, NOW, new Transcript(tokenizer)).text.text
    const before = text(asked).replace(/(<think>\s*(<\/think>)?\s*|<\|channel>thought\n<channel\|>)$/, '')
    const all = text(asked, called, toolResult(call, { celsius: 20 }, format))
    expect(all.startsWith(before)).toBe(true)
    const [reply] = all
      .slice(before.length)
      .split(
        /<\|im_end\|>|<\|eot_id\|>|<end_of_turn>|<\/s>|<\|endoftext\|>|<｜end▁of▁sentence｜>|<\|tool_response>|<\|call\|>|<\|end\|>/,
      )
    const parser = createReplyParser(format, { tools: [WEATHER] })
    const events: ReplyEvent[] = []
    const stream = tokenizer.createDecoder()
    for (const id of tokenizer.encode(reply, { addSpecial: false, parseSpecial: true })) {
      events.push(...parser.push({ id, piece: stream.push(id), isControl: tokenizer.isControl(id) }))
    }
    events.push(...parser.end('stop'))
    expect(summarize(joined(events))).toBe(`«get_weather ${JSON.stringify(args)}»`)
    // The result follows, in the template's own form.
    expect(all.slice(before.length + reply.length)).toContain('celsius')
  })
})

describe('formats', () => {
  it.each([
    ['<|im_start|>', 'none', 'hermes'],
    ['{{ "<think>" }}', 'think', 'hermes'],
    ["split('</think>')", 'think', 'hermes'],
    ['[THINK] [TOOL_CALLS]', 'think-brackets', 'mistral'],
    ['<|python_tag|>', 'none', 'llama-json'],
    ['', 'none', 'hermes'],
  ])('of %s', (template, reasoning, tools) => {
    expect(replyFormatOf(template, undefined)).toMatchObject({ reasoning, tools })
  })

  it.each(FAMILIES)('of the family $name', ({ name, template }) => {
    expect(replyFormatOf(template, undefined)).toMatchObject({
      reasoning: name === 'deepseek-r1' ? 'think' : 'none',
      tools: name === 'llama-3' ? 'llama-json' : 'hermes',
    })
  })

  it('are also detected by a marker in the vocabulary, and have its control tokens', () => {
    const specialTokens = [
      { id: 5, text: '<think>', isControl: true },
      { id: 6, text: '</think>', isControl: false },
    ]
    const format = replyFormatOf('', { specialTokens })
    expect(format.reasoning).toBe('think')
    expect([...format.controls]).toEqual([['<think>', 5]])
  })

  it('have the variables that a template reads, not the same words in its text', () => {
    const of = (template: string) => replyFormatOf(template, undefined).thinkingVariables
    expect(of('{% if enable_thinking %}{% endif %}')).toEqual(['enable_thinking'])
    expect(of("{{ 'x' if thinking is defined and thinking else reasoning_effort }}")).toEqual([
      'thinking',
      'reasoning_effort',
    ])
    expect(of("thinking {{ message.thinking }} {{ 'thinking' }} {{ message['thinking'] }} {% x")).toEqual([])
    expect(of('{{ thinking')).toEqual([])
    expect(of('{%'.repeat(100_000))).toEqual([])
  })

  it('may be set by name', () => {
    expect(replyFormatOf('<think>', undefined, { reasoning: 'none', tools: 'gemma' })).toMatchObject({
      reasoning: 'none',
      tools: 'gemma',
    })
    expect(replyFormat()).toMatchObject({ reasoning: 'none', tools: 'none' })
  })

  it.each([{ reasoning: 'thick' }, { tools: 'xml' }])('that do not exist: %o', (names) => {
    expect(() => replyFormat(names as never)).toThrowError(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', hint: expect.stringContaining('harmony') }),
    )
  })
})

describe('thinking', () => {
  /** One id per character. */
  const tokenizer = {
    encodeSegments: (segments: readonly { text: string; ids?: readonly number[] }[]) =>
      segments.flatMap(({ text, ids }) => ids ?? Array.from(text, (unit) => unit.charCodeAt(0))),
  }
  const control = (names: Parameters<typeof replyFormat>[0], thinking?: Thinking) =>
    thinkingControl(replyFormat(names), tokenizer, thinking)

  it('is switched off by an empty pair of markers if there is no variable for it', () => {
    const off = control({ reasoning: 'think' }, 'off')
    const pair = '<think>\n\n</think>\n\n'
    expect(off.templateVariables).toEqual({})
    expect(off.opening('…assistant\n')).toEqual({ append: pair, prefill: pair })
    expect(off.opening('…<think>\n')).toEqual({ append: '\n</think>\n\n', prefill: '<think>\n</think>\n\n' })
    expect(off.opening('…<think>\n\n</think>\n\n')).toEqual({ append: '', prefill: '' })
    expect(control({ reasoning: 'think' }, 0).opening('')).toEqual({ append: pair, prefill: pair })
    expect(control({ reasoning: 'gemma' }, 'off').opening('')).toMatchObject({
      append: '<|channel>thought\n<channel|>',
    })
    expect(control({ reasoning: 'think-brackets' }, 'off').opening('')).toMatchObject({
      append: '[THINK][/THINK]',
    })
  })

  it('is detected if the prompt opens it', () => {
    expect(control({ reasoning: 'think' }).opening('…<think>\n')).toEqual({ append: '', prefill: '<think>' })
    expect(control({ reasoning: 'gemma' }).opening('…<|channel>thought\n')).toEqual({
      append: '',
      prefill: '<|channel>thought\n',
    })
    expect(control({ reasoning: 'none' }).opening('…<think>\n')).toEqual({ append: '', prefill: '' })
  })

  it('has a budget that ends with the closing marker', () => {
    const closing = (names: Parameters<typeof replyFormat>[0]) =>
      String.fromCharCode(...control(names, 9).budget!.closeIds)
    expect(closing({ reasoning: 'think' })).toBe('\n</think>\n\n')
    expect(closing({ reasoning: 'gemma' })).toBe('<channel|>')
    expect(closing({ reasoning: 'harmony' })).toBe('<|end|><|start|>assistant<|channel|>final<|message|>')
    expect(control({ reasoning: 'think' }, 'on').budget).toBeUndefined()
  })

  it('may be off, but not on, for a model that does not show its reasoning', () => {
    expect(control({}, 'off').opening('a')).toEqual({ append: '', prefill: '' })
    for (const thinking of ['on', 5] as const) {
      expect(() => control({}, thinking)).toThrowError(expect.objectContaining({ code: 'UNSUPPORTED' }))
    }
  })

  it.each(['yes', -1, 1.5, Number.NaN, null, true])('%s is rejected', (thinking) => {
    expect(() => control({ reasoning: 'think' }, thinking as never)).toThrowError(
      expect.objectContaining({
        code: 'INVALID_ARGUMENT',
        message: expect.stringContaining('thinking must be'),
      }),
    )
  })
})

describe('results of tools', () => {
  const call = { id: 'a', name: 'f' }
  it.each([
    ['words', 'words'],
    [{ a: [1] }, '{"a":[1]}'],
    [null, 'null'],
    [undefined, 'null'],
    [0.5, '0.5'],
  ])('%o', (value, content) => {
    expect(toolResult(call, value)).toEqual({ role: 'tool', content, toolCallId: 'a', name: 'f' })
  })

  it('are always JSON for templates that insert them into JSON', () => {
    expect(toolResult({ name: 'f' }, 'words', { tools: 'mistral' })).toEqual({
      role: 'tool',
      content: '"words"',
      name: 'f',
    })
  })

  it('are rejected if they cannot be serialized', () => {
    expect(() => toolResult(call, 1n)).toThrowError(expect.objectContaining({ code: 'INVALID_ARGUMENT' }))
  })
})
