import type { SectionedFormat } from '../sections.js'

const ROLE = /^\s*assistant/
/** Without `<`: what follows may be the marker of a call. */
const RECIPIENT = /^to=([^\s<]*)$/

/**
 * The messages of models with `atem` calls: ` to=self<|message|>` for reasoning and ` to=user<|message|>` or
 * ` to=tool<|message|>` for content and calls, with `<|eom|>` and `<|start|>assistant` between them. The prompt ends with
 * `<|start|>assistant`.
 */
export const ATEM_SECTIONS: SectionedFormat<'atem'> = {
  name: 'atem',
  detect: (template) => template.includes('<atem:function_calls>') && template.includes('to=self'),
  thoughts: {
    open: ' to=self<|message|>',
    close: '<|eom|><|start|>assistant to=user<|message|>',
    skip: { after: '<|start|>assistant', text: ' to=user<|message|>' },
  },
  sections: {
    opens: ['<|start|>'],
    ends: ['<|message|>'],
    closes: ['<|eom|>', '<|eot|>'],
    beginsInHeader: true,
    mayBegin: (text) => {
      const recipient = recipientPart(text)
      return 'assistant'.startsWith(text.trim()) || 'to='.startsWith(recipient) || RECIPIENT.test(recipient)
    },
    route: ({ text, end }) => {
      const recipient = recipientPart(text)
      if (end === '' && !ROLE.test(text) && !RECIPIENT.test(recipient)) return undefined
      return RECIPIENT.exec(recipient)?.[1] === 'self' ? 'reasoning' : 'content'
    },
  },
}

function recipientPart(header: string): string {
  return header.replace(ROLE, '').trim()
}
