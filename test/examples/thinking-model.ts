import { ByteWriter } from '../../src/gguf/byte-writer.js'
import { str } from '../../src/gguf/typed-value.js'

/** Like those of models that always think: the prompt opens the reasoning. */
const TEMPLATE = `{% for message in messages %}<|{{ message.role }}|>{{ message.content.split('</think>')[-1] }}
{% endfor %}{% if add_generation_prompt %}<|assistant|><think>
{% endif %}`

/** Bytes before the metadata: magic, version, and the numbers of tensors and of metadata. */
const HEAD = 24
const ALIGNMENT = 32

/** The story model with the chat template of a model that thinks. */
export function thinkingModel(stories: Uint8Array): Uint8Array {
  const entry = templateEntry('')
  // A comment keeps the tensors aligned.
  const missing = (ALIGNMENT - ((entry.length + '{##}'.length) % ALIGNMENT)) % ALIGNMENT
  const padded = templateEntry(`{#${' '.repeat(missing)}#}`)
  const model = new Uint8Array(stories.length + padded.length)
  model.set(stories.subarray(0, HEAD))
  model.set(padded, HEAD)
  model.set(stories.subarray(HEAD), HEAD + padded.length)
  const view = new DataView(model.buffer)
  view.setBigUint64(HEAD - 8, view.getBigUint64(HEAD - 8, true) + 1n, true)
  return model
}

function templateEntry(comment: string): Uint8Array {
  return new ByteWriter()
    .string('tokenizer.chat_template')
    .typed(str(comment + TEMPLATE))
    .toBytes()
}
