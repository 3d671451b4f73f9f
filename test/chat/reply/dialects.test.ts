/** The dialect of each published template, and whether the dialect can read the calls that the template writes. */
import { readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { Template } from '../../../src/chat/jinja/template.js'
import type { ChatMessage } from '../../../src/chat/message.js'
import { renderConversation } from '../../../src/chat/render.js'
import { type ReplyFormat, replyFormatOf } from '../../../src/chat/reply/format.js'
import { DIALECTS, SECTIONED_TOOLS } from '../../../src/chat/reply/formats/index.js'
import { createReplyParser } from '../../../src/chat/reply/parser.js'
import { thinkingControl } from '../../../src/chat/reply/thinking.js'
import { checkTools, type ToolDefinition } from '../../../src/chat/tools.js'
import { llamaCppModels } from '../../support/llama-cpp-models.js'
import { WEATHER } from '../conversations.js'
import { templateSource } from '../template-files.js'
import { eventsOf } from './parse.js'

type Row = readonly [tools: ReplyFormat['tools'], how?: 'text' | 'unrendered']

/**
 * Determined by hand from each template. `text`: it writes only content, to which the chat adds calls as text. `unrendered`: it needs more than a chat
 * passes to it, or than templates may use here.
 */
const ROWS: Readonly<Record<string, Row>> = {
  'Apertus-8B-Instruct': ['apertus'],
  'Apriel-1.6-15b-Thinker-fixed': ['tool-calls'],
  'Bielik-11B-v3.0-Instruct': ['hermes'],
  'ByteDance-Seed-OSS': ['seed', 'unrendered'],
  Cohere2MoE: ['cohere'],
  'CohereForAI-c4ai-command-r-plus-tool_use': ['command-r'],
  'CohereForAI-c4ai-command-r7b-12-2024-tool_use': ['cohere'],
  'GLM-4.6': ['glm'],
  'GLM-4.7-Flash': ['glm'],
  'GigaChat3-10B-A1.8B': ['gigachat-3'],
  'GigaChat3.1-10B-A1.8B': ['gigachat'],
  'HuggingFaceTB-SmolLM3-3B': ['hermes'],
  'Kimi-K2-Instruct': ['kimi', 'unrendered'],
  'Kimi-K2-Thinking': ['kimi', 'unrendered'],
  'Kimi-K3': ['kimi-k3'],
  'LFM2-8B-A1B': ['lfm2', 'text'],
  'LFM2.5-8B-A1B': ['lfm2'],
  'LFM2.5-Instruct': ['lfm2', 'text'],
  'MiMo-VL': ['hermes'],
  'MiniMax-M1': ['tool-calls'],
  'MiniMax-M2': ['minimax'],
  'MiniMax-M3': ['minimax-m3'],
  'Mistral-Small-3.2-24B-Instruct-2506': ['mistral'],
  'NVIDIA-Nemotron-3-Nano-30B-A3B-BF16': ['qwen-xml'],
  'NVIDIA-Nemotron-Nano-v2': ['nemotron'],
  'NousResearch-Hermes-2-Pro-Llama-3-8B-tool_use': ['hermes'],
  'NousResearch-Hermes-3-Llama-3.1-8B-tool_use': ['hermes'],
  'Qwen-QwQ-32B': ['hermes'],
  'Qwen-Qwen2.5-7B-Instruct': ['hermes'],
  'Qwen-Qwen3-0.6B': ['hermes'],
  'Qwen3-Coder': ['qwen-xml'],
  'Qwen3.5-4B': ['qwen-xml'],
  'Reka-Edge': ['hermes'],
  'Spark2.5': ['glm'],
  'StepFun3.5-Flash': ['qwen-xml'],
  'deepseek-ai-DeepSeek-R1-Distill-Llama-8B': ['deepseek'],
  'deepseek-ai-DeepSeek-R1-Distill-Qwen-32B': ['deepseek'],
  'deepseek-ai-DeepSeek-V3.1': ['deepseek'],
  'deepseek-ai-DeepSeek-V3.2': ['dsml'],
  'deepseek-ai-DeepSeek-V4': ['dsml'],
  'deepseek-ai-DeepSeek-V4-Flash-0731': ['dsml'],
  'fireworks-ai-llama-3-firefunction-v2': ['firefunction', 'unrendered'],
  'google-gemma-2-2b-it': ['hermes'],
  'google-gemma-4-31B-it': ['gemma'],
  'google-gemma-4-31B-it-interleaved': ['gemma'],
  'ibm-granite-granite-3.3-2B-Instruct': ['granite'],
  'ibm-granite-granite-4.0': ['hermes'],
  'ibm-granite-granite-4.1': ['hermes'],
  'inclusionai-ling-3.0-flash': ['glm'],
  'llama-cpp-deepseek-r1': ['deepseek'],
  'llama-cpp-rwkv-world': ['hermes'],
  'meetkai-functionary-medium-v3.1': ['qwen-xml'],
  'meetkai-functionary-medium-v3.2': ['functionary'],
  'meta-llama-Llama-3.1-8B-Instruct': ['llama-json'],
  'meta-llama-Llama-3.2-3B-Instruct': ['llama-json'],
  'meta-llama-Llama-3.3-70B-Instruct': ['llama-json'],
  'microsoft-Phi-3.5-mini-instruct': ['hermes'],
  'mistralai-Ministral-3-14B-Reasoning-2512': ['mistral'],
  'mistralai-Mistral-Nemo-Instruct-2407': ['mistral'],
  'moonshotai-Kimi-K2': ['kimi'],
  'muse-glimmer': ['atem'],
  'openai-gpt-oss-120b': ['harmony'],
  'openbmb-MiniCPM5-1B': ['minicpm'],
  'poolside-Laguna-S-2.1': ['glm'],
  'poolside-Laguna-XS-2.1': ['glm'],
  'poolside-Laguna-XS.2': ['glm'],
  'tencent-Hy3': ['hunyuan'],
  'unsloth-Apriel-1.5': ['tool-calls'],
  'unsloth-mistral-Devstral-Small-2507': ['mistral'],
  'upstage-Solar-Open-100B': ['solar'],
}

/** The format of the reasoning, where it is not `none`; determined by hand from each template. */
const REASONING: Readonly<Record<string, ReplyFormat['reasoning']>> = {
  'Apertus-8B-Instruct': 'apertus',
  'Apriel-1.6-15b-Thinker-fixed': 'apriel',
  'Bielik-11B-v3.0-Instruct': 'think',
  'ByteDance-Seed-OSS': 'seed',
  Cohere2MoE: 'cohere',
  'CohereForAI-c4ai-command-r7b-12-2024-tool_use': 'cohere',
  'GLM-4.6': 'think',
  'GLM-4.7-Flash': 'think',
  'HuggingFaceTB-SmolLM3-3B': 'think',
  'Kimi-K2-Thinking': 'think',
  'Kimi-K3': 'kimi-k3',
  'LFM2.5-8B-A1B': 'think',
  'LFM2.5-Instruct': 'think',
  'MiniMax-M2': 'think',
  'MiniMax-M3': 'minimax',
  'NVIDIA-Nemotron-3-Nano-30B-A3B-BF16': 'think',
  'NVIDIA-Nemotron-Nano-v2': 'think',
  'Qwen-QwQ-32B': 'think',
  'Qwen-Qwen3-0.6B': 'think',
  'Qwen3.5-4B': 'think',
  'Reka-Edge': 'think',
  'Spark2.5': 'think',
  'StepFun3.5-Flash': 'think',
  'deepseek-ai-DeepSeek-R1-Distill-Llama-8B': 'think',
  'deepseek-ai-DeepSeek-R1-Distill-Qwen-32B': 'think',
  'deepseek-ai-DeepSeek-V3.1': 'think',
  'deepseek-ai-DeepSeek-V3.2': 'think',
  'deepseek-ai-DeepSeek-V4': 'think',
  'deepseek-ai-DeepSeek-V4-Flash-0731': 'think',
  'google-gemma-4-31B-it': 'gemma',
  'google-gemma-4-31B-it-interleaved': 'gemma',
  'ibm-granite-granite-3.3-2B-Instruct': 'think',
  'inclusionai-ling-3.0-flash': 'think',
  'llama-cpp-deepseek-r1': 'think',
  'llama-cpp-rwkv-world': 'think',
  'mistralai-Ministral-3-14B-Reasoning-2512': 'think-brackets',
  'muse-glimmer': 'atem',
  'openai-gpt-oss-120b': 'harmony',
  'openbmb-MiniCPM5-1B': 'think',
  'poolside-Laguna-S-2.1': 'think',
  'poolside-Laguna-XS-2.1': 'think',
  'poolside-Laguna-XS.2': 'think',
  'tencent-Hy3': 'hunyuan',
  'unsloth-Apriel-1.5': 'apriel',
  'upstage-Solar-Open-100B': 'solar',
}

/** The end of the prompt with thinking on, and off. */
const ENDS: Readonly<Record<string, readonly [on: string, off: string]>> = {
  'Apertus-8B-Instruct': ['<|assistant_start|>', '<|assistant_start|>'],
  'Apriel-1.6-15b-Thinker-fixed': [
    'Here are my reasoning steps:\n',
    'Here are my reasoning steps:\n\n[BEGIN FINAL RESPONSE]\n',
  ],
  'ByteDance-Seed-OSS': ['assistant\n', '</seed:think>'],
  Cohere2MoE: ['<|CHATBOT_TOKEN|><|START_THINKING|>', '<|START_THINKING|><|END_THINKING|>'],
  'CohereForAI-c4ai-command-r7b-12-2024-tool_use': [
    '<|CHATBOT_TOKEN|>',
    '<|START_THINKING|><|END_THINKING|>',
  ],
  'Kimi-K3': ['<|open|>think<|sep|>', '<|open|>response<|sep|>'],
  'MiniMax-M3': [']~b]ai\n<mm:think>', ']~b]ai\n</mm:think>'],
  'muse-glimmer': ['<|start|>assistant', '<|start|>assistant to=user<|message|>'],
  'tencent-Hy3': ['<think:opensource>', '<think:opensource></think:opensource>'],
  'upstage-Solar-Open-100B': ['<|begin|>assistant', '<|think|><|end|><|begin|>assistant'],
}

const ARGUMENTS = { city: 'Rome "x" é\n{', days: 2 }
const CALL = { id: 'abcdef123', name: 'get_weather', arguments: ARGUMENTS }
const ASKED: ChatMessage[] = [{ role: 'user', content: 'How is it?' }]
const CALLED: ChatMessage[] = [
  ...ASKED,
  { role: 'assistant', content: '', toolCalls: [CALL] },
  { role: 'tool', content: '{"celsius":20}', toolCallId: CALL.id, name: CALL.name },
]

/** A tool with a parameter of every type, and arguments for it. */
const EVERY_TYPE: ToolDefinition = {
  name: 'put',
  description: 'Puts values',
  parameters: {
    type: 'object',
    properties: {
      text: { type: 'string', description: 'Text' },
      digits: { type: 'string', description: 'Digits' },
      empty: { type: 'string', description: 'Empty' },
      whole: { type: 'integer', description: 'Whole' },
      share: { type: 'number', description: 'Share' },
      yes: { type: 'boolean', description: 'Yes' },
      where: {
        type: 'object',
        description: 'Where',
        properties: { a: { type: 'array', items: { type: 'integer' } }, b: { type: 'string' } },
      },
      list: { type: 'array', description: 'List', items: { type: 'string' } },
    },
  },
}
const VALUES = {
  text: 'a <b> & "c" \'d\'\n\te😀\\',
  digits: '07',
  empty: '',
  whole: -3,
  share: 0.25,
  yes: false,
  where: { a: [1, 2], b: 'x y' },
  list: ['a', '2'],
}

/** The turn with a call and everything after it, as the template writes them. */
function writtenCall(source: string, { tool = WEATHER, called = CALLED } = {}): string {
  const template = new Template(source)
  const render = (messages: readonly ChatMessage[]) =>
    renderConversation(template, {
      messages,
      tools: checkTools([tool]),
      variables: {},
      bos: '<s>',
      eos: '</s>',
      now: new Date(2025, 5, 3),
      opensReply: true,
    }).text
  const [before, all] = [render(ASKED), render(called)]
  let at = 0
  while (at < before.length && before[at] === all[at]) at++
  // Both may continue with tags that have a common prefix.
  while (at > 0 && !/[>\n]/.test(all[at - 1])) at--
  return all.slice(at)
}

describe('published templates', () => {
  it('are all in the table', () => {
    const files = readdirSync(llamaCppModels('templates')).filter((file) => file.endsWith('.jinja'))
    expect(files.map((file) => file.slice(0, -'.jinja'.length)).sort()).toEqual(Object.keys(ROWS).sort())
  })

  it.each(Object.entries(ROWS))('%s is detected as %s', (name, [tools]) => {
    expect(replyFormatOf(templateSource({ name }), undefined).tools).toBe(tools)
  })

  it.each(Object.entries(ROWS).filter(([, [, how]]) => how === undefined))(
    '%s writes a call that %s reads',
    (name) => {
      const source = templateSource({ name })
      const events = eventsOf(replyFormatOf(source, undefined), [writtenCall(source)], { tools: [WEATHER] })
      const calls = events.flatMap((event) => (event.type === 'tool-call' ? [event.call] : []))
      expect(calls.map(({ name, arguments: args }) => ({ name, arguments: args }))).toEqual([
        { name: CALL.name, arguments: ARGUMENTS },
      ])
      expect(events.filter(({ type }) => type === 'malformed-tool-call')).toEqual([])
    },
  )

  // LFM2.5-8B-A1B writes strings in quotes without escapes, so a quote or backslash at the end cannot be read back.
  it.each(Object.entries(ROWS).filter(([name, [, how]]) => how === undefined && name !== 'LFM2.5-8B-A1B'))(
    '%s writes arguments of every type that %s reads',
    (name) => {
      const source = templateSource({ name })
      const called = [
        ...ASKED,
        { role: 'assistant', content: '', toolCalls: [{ ...CALL, name: 'put', arguments: VALUES }] },
        { role: 'tool', content: '{"ok":true}', toolCallId: CALL.id, name: 'put' },
      ] as ChatMessage[]
      const written = writtenCall(source, { tool: EVERY_TYPE, called })
      const events = eventsOf(replyFormatOf(source, undefined), [written], { tools: [EVERY_TYPE] })
      const calls = events.flatMap((event) => (event.type === 'tool-call' ? [event.call.arguments] : []))
      expect(calls).toEqual([VALUES])
    },
  )

  it.each(Object.keys(ROWS))('the reasoning of %s is detected', (name) => {
    expect(replyFormatOf(templateSource({ name }), undefined).reasoning).toBe(REASONING[name] ?? 'none')
  })

  it.each(Object.entries(ENDS))('thinking can be controlled for %s', (name, [on, off]) => {
    const source = templateSource({ name })
    const format = replyFormatOf(source, undefined)
    const encoder = { encodeSegments: () => [] }
    for (const [thinking, expected] of [
      ['on', on],
      ['off', off],
    ] as const) {
      const control = thinkingControl(format, encoder, thinking)
      const { text } = renderConversation(new Template(source), {
        messages: ASKED,
        tools: [],
        variables: control.templateVariables,
        bos: '<s>',
        eos: '</s>',
        now: new Date(2025, 5, 3),
        opensReply: true,
      })
      const { append, prefill } = control.opening(text)
      expect((text + append).slice(-expected.length), thinking).toBe(expected)
      const opens = thinking === 'on' && on !== '' && prefill !== ''
      expect(createReplyParser(format, { prefill }).isReasoning).toBe(opens)
    }
  })

  it.each([...SECTIONED_TOOLS, ...DIALECTS].map(({ name }) => name))(
    'at least one of them uses the dialect %s',
    (name) => {
      expect(Object.values(ROWS).map(([tools]) => tools)).toContain(name)
    },
  )
})
