import { scriptedModel } from '../support/scripted-model.js'

/** ChatML with tools and reasoning as in Qwen3, except for how a reply begins: the script depends on it. */
const TEMPLATE = `{%- if tools %}<|im_start|>system
Tools: {{ tools | tojson }}. Call one as <tool_call>{"name": "…", "arguments": {}}</tool_call>.<|im_end|>
{% endif -%}
{%- for message in messages %}<|im_start|>{{ message.role }}
{% if message.reasoning_content %}<think>
{{ message.reasoning_content }}
</think>

{% endif %}{{ message.content }}
{%- for call in message.tool_calls %}<tool_call>{"name": {{ call.function.name | tojson }}, "arguments": {{ call.function.arguments | tojson }}}</tool_call>{% endfor -%}
<|im_end|>
{% endfor -%}
{%- if add_generation_prompt %}{% if messages[-1].role == 'tool' %}<|after_tool|>{% elif tools %}<|with_tools|>{% else %}<|assistant|>{% endif %}{% endif %}`

/** A model that never ends a reply. */
export function endlessModel(): Uint8Array {
  const script = { '<|im_start|>': [], '<|assistant|>': ['Round', ' and', ' round', ' and'] }
  return scriptedModel({ name: 'Endless', template: TEMPLATE, script })
}

/** A model that reasons, calls a tool and answers. */
export function reasoningModel({
  call = '{"name": "calculator", "arguments": {"expression": "17 * 23"}}',
  answer = ['17 times 23', ' is 391.'],
}: {
  readonly call?: string
  readonly answer?: readonly string[]
} = {}): Uint8Array {
  return scriptedModel({
    name: 'Scripted 1 M',
    template: TEMPLATE,
    script: {
      '<|im_start|>': [],
      '<|assistant|>': [
        '<think>\nNobody asked',
        ' for numbers.',
        '\n</think>\n\n',
        'Hello',
        ' from',
        ' the script.',
      ],
      '<|with_tools|>': [
        ...['<think>\nThe user asks', ' something.', ' I should use', ' a tool.', '\n</think>\n'],
        ...['Let me look.\n', '<tool_call>\n', ...(call.match(/.{1,12}/g) ?? []), '\n</tool_call>'],
      ],
      '<|after_tool|>': answer,
      '\n': ['No', ' thoughts', ' this time.'],
    },
  })
}
