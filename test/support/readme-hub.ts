import { str } from '../../src/gguf/typed-value.js'
import { smallModel } from '../model/small.js'
import { type FakeHub, serveHub } from './hub-server.js'

const TEMPLATE = '{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}<assistant>'

/** The hub that names with `hf:` lead to. */
export const HUB = 'https://huggingface.co'

/** A small chat model. */
export function smallChatModel(): Uint8Array {
  return smallModel({ metadata: [['tokenizer.chat_template', str(TEMPLATE)]] })
}

/** A hub whose only repository is the one that README.md names, with a small chat model. */
export function serveReadmeHub(): Promise<FakeHub> {
  const files = { 'SmolLM2-135M-Instruct-Q4_K_M.gguf': { bytes: smallChatModel() } }
  return serveHub('bartowski/SmolLM2-135M-Instruct-GGUF', files, { isCrossOrigin: true })
}

/** A script that sends a program's requests for the hub to another address. */
export function redirectingFetch(base: string): string {
  return `{
    const { fetch } = globalThis
    globalThis.fetch = (url, options) => fetch(String(url).replace('${HUB}', '${base}'), options)
  }`
}
