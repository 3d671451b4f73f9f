import type { ReplyFormatOverrides } from '../../../src/index.js'

type Tools = NonNullable<ReplyFormatOverrides['tools']>

const M3 = ']<]minimax[>['

/** A call of `weather` with a city in each dialect. */
export const WRITTEN: Readonly<Record<Exclude<Tools, 'none'>, (city: string) => string>> = {
  hermes: (city) => `<tool_call>\n{"name": "weather", "arguments": {"city": "${city}"}}\n</tool_call>`,
  'llama-json': (city) => `<|python_tag|>{"name": "weather", "parameters": {"city": "${city}"}}`,
  mistral: (city) => `[TOOL_CALLS]weather[ARGS]{"city": "${city}"}`,
  deepseek: (city) =>
    `<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>weather\n\`\`\`json\n{"city": "${city}"}\n\`\`\`<｜tool▁call▁end｜><｜tool▁calls▁end｜>`,
  gemma: (city) => `<|tool_call>call:weather{city:<|"|>${city}<|"|>}<tool_call|>`,
  harmony: (city) =>
    `<|channel|>commentary to=functions.weather<|message|>{"city": "${city}"}<|call|><|start|>assistant`,
  'qwen-xml': (city) =>
    `<tool_call>\n<function=weather>\n<parameter=city>\n${city}\n</parameter>\n</function>\n</tool_call>`,
  seed: (city) =>
    `<seed:tool_call>\n<function=weather>\n<parameter=city>${city}</parameter>\n</function>\n</seed:tool_call>`,
  apertus: (city) => `<|tools_prefix|>[{"weather": {"city": "${city}"}}]<|tools_suffix|>`,
  hunyuan: (city) =>
    `<tool_calls:opensource>\n<tool_call:opensource>weather<tool_sep:opensource>\n<arg_key:opensource>city</arg_key:opensource>\n<arg_value:opensource>${city}</arg_value:opensource>\n</tool_call:opensource>\n</tool_calls:opensource>`,
  'minimax-m3': (city) =>
    `${M3}<tool_call>\n${M3}<invoke name="weather">${M3}<city>${city}${M3}</city>${M3}</invoke>\n${M3}</tool_call>`,
  glm: (city) => `<tool_call>weather\n<arg_key>city</arg_key>\n<arg_value>${city}</arg_value>\n</tool_call>`,
  lfm2: (city) => `<|tool_call_start|>[weather(city="${city}")]<|tool_call_end|>`,
  nemotron: (city) => `<TOOLCALL>[{"name": "weather", "arguments": {"city": "${city}"}}]</TOOLCALL>`,
  'tool-calls': (city) => `<tool_calls>[{"name": "weather", "arguments": {"city": "${city}"}}]</tool_calls>`,
  granite: (city) => `<|tool_call|>[{"name": "weather", "arguments": {"city": "${city}"}}]`,
  cohere: (city) =>
    `<|START_ACTION|>[{"tool_call_id": "0", "tool_name": "weather", "parameters": {"city": "${city}"}}]<|END_ACTION|>`,
  'command-r': (city) =>
    `Action:\n\`\`\`json\n[{"tool_name": "weather", "parameters": {"city": "${city}"}}]\`\`\``,
  gigachat: (city) => `<|function_call|>{"name": "weather", "arguments": {"city": "${city}"}}`,
  firefunction: (city) => `functools[{"name": "weather", "arguments": {"city": "${city}"}}]`,
  minicpm: (city) => `<function name="weather"><param name="city">${city}</param></function>`,
  minimax: (city) =>
    `<minimax:tool_call>\n<invoke name="weather">\n<parameter name="city">${city}</parameter>\n</invoke>\n</minimax:tool_call>`,
  dsml: (city) =>
    `<｜DSML｜function_calls>\n<｜DSML｜invoke name="weather">\n<｜DSML｜parameter name="city" string="true">${city}</｜DSML｜parameter>\n</｜DSML｜invoke>\n</｜DSML｜function_calls>`,
  atem: (city) =>
    `<atem:function_calls>\n<atem:invoke name="weather">\n<atem:parameter name="city">${city}</atem:parameter>\n</atem:invoke>\n</atem:function_calls>`,
  kimi: (city) =>
    `<|tool_calls_section_begin|><|tool_call_begin|>functions.weather:0<|tool_call_argument_begin|>{"city": "${city}"}<|tool_call_end|><|tool_calls_section_end|>`,
  functionary: (city) => `>>>weather\n{"city": "${city}"}`,
  'gigachat-3': (city) =>
    `<|message_sep|>\n\nfunction call<|role_sep|>\n{"name": "weather", "arguments": {"city": "${city}"}}`,
  'kimi-k3': (city) =>
    `<|open|>tools<|sep|><|open|>call tool="weather" index="1"<|sep|><|open|>argument key="city" type="string"<|sep|>${city}<|close|>argument<|sep|><|close|>call<|sep|><|close|>tools<|sep|>`,
  solar: (city) =>
    `<|tool_calls|><|tool_call:begin|>x1<|tool_call:name|>weather<|tool_call:args|>{"city": "${city}"}<|tool_call:end|><|calls|>`,
}
