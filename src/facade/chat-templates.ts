import type { Metadata } from '../gguf/metadata.js'

const KEY = 'tokenizer.chat_template'

/** The chat templates of a file: `tokenizer.chat_template` as `default`, and its variants `tokenizer.chat_template.<name>`. */
export function readChatTemplates(metadata: Metadata): ReadonlyMap<string, string> {
  const templates = new Map<string, string>()
  for (const [key, value] of metadata.entries()) {
    if (typeof value !== 'string' || value === '') continue
    if (key === KEY) templates.set('default', value)
    else if (key.startsWith(`${KEY}.`)) templates.set(key.slice(KEY.length + 1), value)
  }
  return templates
}
