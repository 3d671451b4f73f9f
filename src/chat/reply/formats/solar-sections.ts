import type { SectionedFormat } from '../sections.js'

/**
 * Solar Open's messages: `<|think|>…<|end|>`, then `<|begin|>assistant<|content|>…<|end|>` or calls after
 * `<|begin|>assistant<|tool_calls|>`. The prompt ends with `<|begin|>assistant`.
 */
export const SOLAR_SECTIONS: SectionedFormat<'solar'> = {
  name: 'solar',
  detect: (template) => template.includes('assistant<|think|>'),
  thoughts: { open: '<|think|>', close: '<|end|><|begin|>assistant<|content|>' },
  sections: {
    opens: ['<|begin|>'],
    ends: ['<|think|>', '<|content|>', '<|tool_calls|>'],
    closes: ['<|end|>'],
    beginsInHeader: true,
    mayBegin: (text) => 'assistant'.startsWith(text.trim()),
    route: ({ end }) =>
      end === '<|think|>' ? 'reasoning' : end === '<|tool_calls|>' ? 'dialect' : 'content',
  },
}
