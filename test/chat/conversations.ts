import type { ChatMessage } from '../../src/chat/message.js'
import type { ToolDefinition } from '../../src/chat/tools.js'

export const WEATHER: ToolDefinition = {
  name: 'get_weather',
  description: 'Tells the weather of a city',
  parameters: {
    type: 'object',
    properties: {
      city: { type: 'string', description: 'The city' },
      days: { type: 'integer', description: 'How many days ahead' },
    },
    required: ['city'],
  },
}

const call = (args: Record<string, unknown>): ChatMessage => ({
  role: 'assistant',
  content: '',
  toolCalls: [{ id: 'abcdef123', name: 'get_weather', arguments: args }],
})
const result = (content: string): ChatMessage => ({
  role: 'tool',
  content,
  toolCallId: 'abcdef123',
  name: 'get_weather',
})

export interface Case {
  readonly name: string
  readonly messages: readonly ChatMessage[]
  readonly tools?: readonly ToolDefinition[]
  readonly variables?: Readonly<Record<string, unknown>>
  /** What a template must support for another renderer to give the same text. */
  readonly needs: readonly ('system' | 'tools' | 'turns')[]
}

const user = (content: string): ChatMessage => ({ role: 'user', content })
const assistant = (content: string, reasoning?: string): ChatMessage =>
  reasoning === undefined ? { role: 'assistant', content } : { role: 'assistant', content, reasoning }
const system = (content: string): ChatMessage => ({ role: 'system', content })

/** Their contents do not contain a marker of any template. */
export const CONVERSATIONS: readonly Case[] = [
  { name: 'one message', messages: [user('Hello there')], needs: [] },
  {
    name: 'white space',
    messages: [user('  indented\n\n\tand   spread \n')],
    needs: [],
  },
  {
    name: 'scripts',
    messages: [user('Ünïcödé, 漢字, עברית, 😀👩‍👩‍👧, e\u0301 \u00a0\u200b & "quotes" \\n <b>')],
    needs: [],
  },
  {
    name: 'turns',
    messages: [
      user('Hi'),
      assistant('Hello!'),
      user('How are you?\n\nFine?'),
      assistant('Well.  '),
      user('…'),
    ],
    needs: [],
  },
  { name: 'system', messages: [system('You are a pirate.'), user('Hi')], needs: ['system'] },
  {
    name: 'system and turns',
    messages: [system('You are terse.\n'), user('1 + 1?'), assistant('2'), user('2 + 2?')],
    needs: ['system'],
  },
  {
    name: 'reasoning',
    messages: [user('Hi'), assistant('Hello!', 'They greet me.'), user('Bye')],
    needs: [],
  },
  { name: 'thinking on', messages: [user('Hi')], variables: { enable_thinking: true }, needs: [] },
  { name: 'thinking off', messages: [user('Hi')], variables: { enable_thinking: false }, needs: [] },
  { name: 'tools', messages: [user('How is Rome?')], tools: [WEATHER], needs: ['tools'] },
  {
    name: 'system and tools',
    messages: [system('Be brief.'), user('How is Rome?')],
    tools: [WEATHER],
    needs: ['system', 'tools'],
  },
  {
    name: 'a call and its result',
    messages: [user('How is Rome?'), call({ city: 'Rome "x" é', days: 2 }), result('{"t": 20}')],
    tools: [WEATHER],
    needs: ['tools', 'turns'],
  },
  {
    name: 'a call, its result and the answer',
    messages: [
      user('How is Rome?'),
      call({ city: 'Rome' }),
      result('20 degrees'),
      assistant('It is 20 degrees.'),
      user('And Oslo?'),
    ],
    tools: [WEATHER],
    needs: ['tools', 'turns'],
  },
  {
    name: 'past calls without tools',
    messages: [user('How is Rome?'), call({ city: 'Rome' }), result('20 degrees')],
    needs: ['turns'],
  },
]

/** A message in the form of OpenAI's API, which templates expect. */
export function asOpenAi(
  { role, content, reasoning, toolCalls, toolCallId, name }: ChatMessage,
  { withNone }: { readonly withNone: boolean },
) {
  return {
    role,
    content: toolCalls && withNone ? null : content,
    ...(reasoning && { reasoning_content: reasoning, thinking: reasoning }),
    ...(toolCalls && {
      tool_calls: toolCalls.map(({ id, name, arguments: args }) => ({
        id,
        type: 'function',
        function: { name, arguments: args },
      })),
    }),
    ...(toolCallId && { tool_call_id: toolCallId }),
    ...(name && { name }),
  }
}
