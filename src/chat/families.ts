/** The chat template of a family of models, for files without a template. */
export interface TemplateFamily {
  readonly name: string
  /** Special tokens by which a vocabulary is recognized as the family's. Empty: available only by name. */
  readonly markers: readonly string[]
  /** Jinja. */
  readonly template: string
}

/** In the order in which they are tried. Sources: the models' published tokenizer configurations. */
export const FAMILIES: readonly TemplateFamily[] = [
  {
    name: 'llama-3',
    markers: ['<|start_header_id|>', '<|end_header_id|>', '<|eot_id|>'],
    template:
      "{{ bos_token }}{% for m in messages %}{{ '<|start_header_id|>' + (m.role if m.role != 'tool' else 'ipython') + '<|end_header_id|>\n\n' + m.content | trim + '<|eot_id|>' }}{% endfor %}{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}",
  },
  {
    name: 'gemma',
    markers: ['<start_of_turn>', '<end_of_turn>'],
    template:
      "{{ bos_token }}{% for m in messages %}{% if m.role == 'system' %}{{ raise_exception('no system messages') }}{% endif %}{{ '<start_of_turn>' + ('model' if m.role == 'assistant' else m.role) + '\n' + m.content | trim + '<end_of_turn>\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<start_of_turn>model\n' }}{% endif %}",
  },
  {
    name: 'phi-3',
    markers: ['<|user|>', '<|assistant|>', '<|end|>'],
    template:
      "{% for m in messages %}{% if m.role != 'tool' %}{{ '<|' + m.role + '|>\n' + m.content + '<|end|>\n' }}{% endif %}{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>\n' }}{% endif %}",
  },
  {
    name: 'deepseek-r1',
    markers: ['<｜User｜>', '<｜Assistant｜>', '<｜end▁of▁sentence｜>'],
    template:
      "{{ bos_token }}{% for m in messages %}{% if m.role == 'system' %}{{ m.content }}{% elif m.role == 'user' %}{{ '<｜User｜>' + m.content }}{% elif m.role == 'assistant' %}{{ '<｜Assistant｜>' + m.content.split('</think>')[-1] + '<｜end▁of▁sentence｜>' }}{% endif %}{% endfor %}{% if add_generation_prompt %}{{ '<｜Assistant｜>' }}{% endif %}",
  },
  {
    name: 'chatml',
    markers: ['<|im_start|>', '<|im_end|>'],
    template:
      "{% for m in messages %}{{ '<|im_start|>' + m.role + '\n' + m.content + '<|im_end|>\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}",
  },
  {
    name: 'mistral',
    markers: ['[INST]', '[/INST]'],
    template:
      "{{ bos_token }}{% for m in messages %}{% if m.role == 'user' %}{{ '[INST]' + m.content + '[/INST]' }}{% elif m.role == 'assistant' %}{{ m.content + eos_token }}{% endif %}{% endfor %}",
  },
  {
    // Its markers are plain text, so it cannot be recognized by a vocabulary.
    name: 'llama-2',
    markers: [],
    template:
      "{% set ns = namespace(system='') %}{% for m in messages %}{% if m.role == 'system' %}{% set ns.system = '<<SYS>>\n' + m.content | trim + '\n<</SYS>>\n\n' %}{% elif m.role == 'user' %}{{ bos_token + '[INST] ' + ns.system + m.content | trim + ' [/INST]' }}{% set ns.system = '' %}{% elif m.role == 'assistant' %}{{ ' ' + m.content | trim + ' ' + eos_token }}{% endif %}{% endfor %}",
  },
  {
    // TinyLlama and Zephyr; also plain text.
    name: 'zephyr',
    markers: [],
    template:
      "{% for m in messages %}{{ '<|' + m.role + '|>\n' + m.content + eos_token + '\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>\n' }}{% endif %}",
  },
]
