import { describe, expect, it } from 'vitest'
import { FAMILIES } from '../../src/chat/families.js'
import type { ChatMessage } from '../../src/chat/message.js'
import { chooseTemplate, reservedTokens } from '../../src/chat/model-templates.js'
import { PromptBuilder } from '../../src/chat/prompt.js'
import { checkTools } from '../../src/chat/tools.js'
import { Transcript } from '../../src/chat/transcript.js'
import { readChatTemplates } from '../../src/facade/chat-templates.js'
import { createTokenizer } from '../../src/tokenizer/create.js'
import {
  bytePairKeys,
  CONTROL,
  type ExtraTokens,
  sentencePieceKeys,
  tokenizerMetadata,
  USER_DEFINED,
} from '../tokenizer/small-vocabularies.js'
import { WEATHER } from './conversations.js'

function vocabulary(markers: readonly string[], type = CONTROL) {
  const extra: ExtraTokens = ['<s>', '</s>', ...markers].map((text) => [text, type] as const)
  const keys = bytePairKeys([], extra)
  const id = (text: string) => keys.tokens.indexOf(text)
  return createTokenizer(tokenizerMetadata({ ...keys, bos_token_id: id('<s>'), eos_token_id: id('</s>') }))
}

const MESSAGES: readonly ChatMessage[] = [
  { role: 'system', content: 'Be kind.' },
  { role: 'user', content: ' Hi ' },
  { role: 'assistant', content: 'Hello.' },
  { role: 'user', content: 'Bye' },
]

const EXPECTED: Readonly<Record<string, string>> = {
  'llama-3':
    '<s><|start_header_id|>system<|end_header_id|>\n\nBe kind.<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nHi<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\nHello.<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nBye<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n',
  gemma:
    '<s><start_of_turn>user\nBe kind.\n\n Hi<end_of_turn>\n<start_of_turn>model\nHello.<end_of_turn>\n<start_of_turn>user\nBye<end_of_turn>\n<start_of_turn>model\n',
  'phi-3':
    '<|system|>\nBe kind.<|end|>\n<|user|>\n Hi <|end|>\n<|assistant|>\nHello.<|end|>\n<|user|>\nBye<|end|>\n<|assistant|>\n',
  'deepseek-r1':
    '<s>Be kind.<｜User｜> Hi <｜Assistant｜>Hello.<｜end▁of▁sentence｜><｜User｜>Bye<｜Assistant｜>',
  chatml:
    '<|im_start|>system\nBe kind.<|im_end|>\n<|im_start|>user\n Hi <|im_end|>\n<|im_start|>assistant\nHello.<|im_end|>\n<|im_start|>user\nBye<|im_end|>\n<|im_start|>assistant\n',
  mistral: '<s>[INST]Be kind.\n\n Hi [/INST]Hello.</s>[INST]Bye[/INST]',
  'llama-2': '<s>[INST] <<SYS>>\nBe kind.\n<</SYS>>\n\nHi [/INST] Hello. </s><s>[INST] Bye [/INST]',
  zephyr:
    '<|system|>\nBe kind.</s>\n<|user|>\n Hi </s>\n<|assistant|>\nHello.</s>\n<|user|>\nBye</s>\n<|assistant|>\n',
}

/** The special tokens by which a vocabulary is recognized as a family's; families whose markers are plain text have none. */
const MARKERS: Readonly<Record<string, readonly string[]>> = {
  'llama-3': ['<|start_header_id|>', '<|end_header_id|>', '<|eot_id|>'],
  gemma: ['<start_of_turn>', '<end_of_turn>'],
  'phi-3': ['<|user|>', '<|assistant|>', '<|end|>'],
  'deepseek-r1': ['<｜User｜>', '<｜Assistant｜>', '<｜end▁of▁sentence｜>'],
  chatml: ['<|im_start|>', '<|im_end|>'],
  mistral: ['[INST]', '[/INST]'],
  'llama-2': [],
  zephyr: [],
}

it('lists the families, each with its markers', () => {
  expect(Object.fromEntries(FAMILIES.map(({ name, markers }) => [name, markers]))).toEqual(MARKERS)
})

describe.each(Object.entries(MARKERS))('the family %s', (name, markers) => {
  const make = (options: { tools?: Parameters<typeof checkTools>[0]; messages?: readonly ChatMessage[] }) => {
    const tokenizer = vocabulary(markers)
    const builder = new PromptBuilder(
      { tokenizer, chatTemplates: new Map() },
      {
        template: markers.length > 0 ? undefined : name,
        templateVariables: {},
        tools: checkTools(options.tools ?? []),
      },
    )
    expect(builder.template.name).toBe(name)
    return builder.build(options.messages ?? MESSAGES, 0, new Date(), new Transcript(tokenizer)).text.text
  }

  it('marks turns as its models expect', () => {
    expect(make({})).toBe(EXPECTED[name])
  })

  if (markers.length > 0)
    it('is chosen for a vocabulary that has all its markers', () => {
      const choose = (present: readonly string[]) => chooseTemplate(new Map(), vocabulary(present)).name
      expect(choose(markers)).toBe(name)
      for (const marker of markers)
        expect(() => choose(markers.filter((other) => other !== marker))).toThrow(
          expect.objectContaining({ code: 'NO_TEMPLATE' }),
        )
    })

  it('includes tools and their results, as text if its template does not support them', () => {
    const messages: ChatMessage[] = [
      { role: 'user', content: 'How is Rome?' },
      { role: 'assistant', content: '', toolCalls: [{ name: 'get_weather', arguments: { city: 'Rome' } }] },
      { role: 'tool', content: '20 degrees' },
    ]
    const text = make({ tools: [WEATHER], messages })
    for (const part of ['Tells the weather', 'get_weather', '"city":', 'Rome', '20 degrees'])
      expect(text).toContain(part)
  })
})

describe('a family with special rules', () => {
  const render = (name: string, messages: readonly ChatMessage[]) => {
    const tokenizer = vocabulary(MARKERS[name])
    const builder = new PromptBuilder(
      { tokenizer, chatTemplates: new Map() },
      { template: name, templateVariables: {}, tools: [] },
    )
    return builder.build(messages, 0, new Date(), new Transcript(tokenizer)).text.text
  }
  const turn = (user: string, assistant: string): readonly ChatMessage[] => [
    { role: 'user', content: user },
    { role: 'assistant', content: assistant },
  ]

  it('llama-3: results of tools come from "ipython", and content is trimmed', () => {
    expect(render('llama-3', [...turn(' Hi ', ' Yes. '), { role: 'tool', content: ' 20 ' }])).toBe(
      '<s><|start_header_id|>user<|end_header_id|>\n\nHi<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\nYes.<|eot_id|><|start_header_id|>ipython<|end_header_id|>\n\n20<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n',
    )
  })

  it('gemma: content is trimmed', () => {
    expect(render('gemma', turn(' Hi ', ' Yes. '))).toContain('user\nHi<end_of_turn>')
    expect(render('gemma', turn(' Hi ', ' Yes. '))).toContain('model\nYes.<end_of_turn>')
  })

  it('deepseek-r1: earlier thoughts are left out', () => {
    expect(render('deepseek-r1', turn('Hi', '<think>Hm.</think>Yes.'))).toBe(
      '<s><｜User｜>Hi<｜Assistant｜>Yes.<｜end▁of▁sentence｜><｜Assistant｜>',
    )
  })

  it('llama-2: the system message is only in the first turn, and content is trimmed', () => {
    const messages = [
      { role: 'system', content: ' S ' } as const,
      ...turn(' Hi ', ' Yes. '),
      ...turn('a', 'b'),
    ]
    expect(render('llama-2', messages)).toBe(
      '<s>[INST] <<SYS>>\nS\n<</SYS>>\n\nHi [/INST] Yes. </s><s>[INST] a [/INST] b </s>',
    )
  })
})

describe('the choice of a template', () => {
  const tokenizer = vocabulary(['<|im_start|>', '<|im_end|>'])

  it("prefers the file's own over the family's, and its variant for tools if there are tools", () => {
    const templates = readChatTemplates(
      tokenizerMetadata({
        'tokenizer.chat_template': 'main',
        'tokenizer.chat_template.tool_use': 'tools',
        'tokenizer.chat_template.rag': 'rag',
        'tokenizer.chat_template.empty': '',
      }),
    )
    expect([...templates.keys()]).toEqual(['default', 'tool_use', 'rag'])
    const choose = (wanted?: string) => chooseTemplate(templates, tokenizer, { wanted })
    expect(choose()).toEqual({ name: 'default', source: 'main' })
    expect(chooseTemplate(templates, tokenizer, { hasTools: true })).toEqual({
      name: 'tool_use',
      source: 'tools',
    })
    expect(choose('rag')).toEqual({ name: 'rag', source: 'rag' })
    expect(choose('{{ x }}')).toEqual({ name: 'given', source: '{{ x }}' })
    expect(choose('gemma').name).toBe('gemma')
    expect(chooseTemplate(new Map(), tokenizer).name).toBe('chatml')
    expect(() => choose('nope')).toThrow(
      expect.objectContaining({
        code: 'INVALID_ARGUMENT',
        hint: expect.stringContaining('default, tool_use, rag'),
      }),
    )
    expect(() => chooseTemplate(new Map(), vocabulary([]))).toThrow(
      expect.objectContaining({ code: 'NO_TEMPLATE', hint: expect.stringContaining('chatml') }),
    )
  })

  it('reserves user-defined markers, but not white space', () => {
    const texts = ['<|user|>', '<mark>', '<table>', '\n\n', '▁▁', 'word', '<|im_end|>']
    const keys = sentencePieceKeys(
      [],
      texts.map((text) => [text, USER_DEFINED] as const),
    )
    const tokenizer = createTokenizer(tokenizerMetadata(keys))
    const reserved = [...reservedTokens(tokenizer, "{{ '<mark>' }}\n\nword")].map((id) => keys.tokens[id])
    expect(reserved.sort()).toEqual(['<mark>', '<|user|>'])
    // A token that ends a generation is a control token anyway.
    expect(tokenizer.isControl(keys.tokens.indexOf('<|im_end|>'))).toBe(true)
  })
})

describe('a template that expects messages in another form', () => {
  const render = (
    template: string,
    messages: readonly ChatMessage[],
    tools: Parameters<typeof checkTools>[0] = [],
  ) => {
    const tokenizer = vocabulary([])
    const builder = new PromptBuilder(
      { tokenizer, chatTemplates: new Map() },
      { template, templateVariables: {}, tools: checkTools(tools) },
    )
    return builder.build(messages, 0, new Date(), new Transcript(tokenizer)).text.text
  }
  const user: ChatMessage = { role: 'user', content: 'Hi' }
  const call: ChatMessage = {
    role: 'assistant',
    content: '',
    toolCalls: [{ id: 'a', name: 'f', arguments: { x: 1 } }],
  }
  const loop = (body: string) => `{% for m in messages %}${body}{% endfor %}`

  it('as parts', () => {
    expect(
      render(
        loop("{% for p in m.content %}{% if p['type'] == 'text' %}<{{ p['text'] }}>{% endif %}{% endfor %}"),
        [user],
      ),
    ).toBe('<Hi>')
  })

  it('with arguments as JSON text', () => {
    expect(
      render(
        loop(
          "{% for c in m.tool_calls or [] %}{{ '(' + c.function.arguments + ')' }}{% endfor %}{{ m.content or '' }}",
        ),
        [user, call],
      ),
    ).toBe('Hi({"x":1})')
  })

  it('with an empty string where others expect none', () => {
    expect(
      render(
        loop("{{ m.content + ';' }}{% for c in m.tool_calls or [] %}{{ c.function.name }}{% endfor %}"),
        [user, call],
      ),
    ).toBe('Hi;;f')
  })

  it('without a system message, which is then prepended to the first message of the user', () => {
    const refusing = loop(
      "{% if m.role == 'system' %}{{ raise_exception('no') }}{% endif %}<{{ m.content }}>",
    )
    expect(render(refusing, [{ role: 'system', content: 'S' }, user])).toBe('<S\n\nHi>')
    const ignoring = loop("{% if m.role == 'user' %}<{{ m.content }}>{% endif %}")
    expect(render(ignoring, [{ role: 'system', content: 'S' }, user])).toBe('<S\n\nHi>')
    expect(() => render(refusing, [{ role: 'system', content: 'S' }])).toThrow(
      expect.objectContaining({ code: 'TEMPLATE_REFUSED' }),
    )
  })

  it('and refuses their order with its own message', () => {
    const strict = loop(
      "{% if (m.role == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('Take turns!') }}{% endif %}{{ m.content }}",
    )
    expect(() => render(strict, [user, user])).toThrow(
      expect.objectContaining({ code: 'TEMPLATE_REFUSED', message: expect.stringContaining('Take turns!') }),
    )
  })

  it('still refuses messages in every form', () => {
    const guarded = loop("{% if 'bad' in m.content %}{{ raise_exception('no') }}{% endif %}{{ m.content }}")
    expect(() => render(guarded, [{ role: 'user', content: 'bad' }])).toThrow(
      expect.objectContaining({ code: 'TEMPLATE_REFUSED' }),
    )
  })
})
