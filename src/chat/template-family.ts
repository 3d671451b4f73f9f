/** Texts by which a template's family is recognized: the first line whose texts all occur in the source decides. */
const SIGNS: readonly (readonly [family: string, ...texts: string[]])[] = [
  ['harmony', '<|start|>', '<|channel|>'],
  ['gemma-4', '<|turn>'],
  ['gemma', '<start_of_turn>'],
  ['llama-4', '<|header_start|>'],
  ['llama-3', '<|start_header_id|>'],
  ['llama-2', '<<SYS>>'],
  ['granite', '<|start_of_role|>'],
  ['command-r', '<|START_OF_TURN_TOKEN|>'],
  ['glm', '[gMASK]'],
  ['glm', '<|observation|>'],
  ['deepseek-r1', '<｜User｜>', 'think>'],
  ['deepseek', '<｜User｜>'],
  ['kimi', '<|im_user|>'],
  ['phi-4', '<|im_sep|>'],
  ['chatml', '<|im_start|>'],
  ['mistral', '[INST]'],
  ['exaone', '[|assistant|]'],
  ['minicpm', '<用户>'],
  ['phi-3', '<|assistant|>', '<|end|>'],
  ['phi-3', "'<|'", '<|end|>'],
  ['zephyr', '<|assistant|>'],
  ['zephyr', "'<|'"],
  ['alpaca', '### Instruction'],
  ['vicuna', 'USER: '],
]

/**
 * The family of a chat template (Jinja source; it is not run) by the markers that it writes, such as `chatml` or `llama-3`;
 * `undefined` if its markers are unknown.
 */
export function templateFamily(source: string): string | undefined {
  return SIGNS.find(([, ...texts]) => texts.every((text) => source.includes(text)))?.[0]
}
