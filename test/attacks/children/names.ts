/** Values that could flood a log or forge a line of it: every message quotes little of them, on one line. */

import { ByteWriter } from '../../../src/gguf/byte-writer.js'
import { array, str, type TypedValue, u16, u32 } from '../../../src/gguf/typed-value.js'
import { DasllamaError, inspectModel, loadModel, type ModelSource } from '../../../src/index.js'
import { bytesSource } from '../../../src/storage/bytes.js'
import { smallModel } from '../../model/small.js'
import { type Handler, serve } from '../../support/http-server.js'
import { rawGguf } from '../../support/raw-gguf.js'
import { attackInput, report } from '../support/attempt.js'

/** Two lines, the second of which looks like a line of somebody's log, and much more. */
const FORGED = `x\r\n\u2028\u202e\u001b[31m2026-01-01 ERROR all is lost ${'y'.repeat(attackInput<number>())}`
const SHORT = `x\n${'z'.repeat(50)}`

const model = (...metadata: [string, TypedValue][]) => smallModel({ metadata })
/** A value of a type that does not exist. */
const badKey = (key: string) => new ByteWriter().string(key).u32(99).toBytes()

const FILES: Record<string, () => ModelSource> = {
  architecture: () => rawGguf({ metadata: [['general.architecture', str(FORGED)]] }),
  'kind of tokenizer': () => model(['tokenizer.ggml.model', str(FORGED)]),
  'pre-tokenizer': () =>
    model(
      ['tokenizer.ggml.model', str('gpt2')],
      ['tokenizer.ggml.merges', array('string', [])],
      ['tokenizer.ggml.pre', str(FORGED)],
    ),
  'rope scaling': () => model(['llama.rope.scaling.type', str(FORGED)]),
  'a token twice': () => model(['tokenizer.ggml.tokens', array('string', [FORGED, FORGED])]),
  'a key': () => rawGguf({ rawMetadata: badKey(FORGED.slice(0, 60_000)) }),
  'a key twice': () =>
    rawGguf({ metadata: Array.from({ length: 2 }, () => [FORGED.slice(0, 60_000), u32(1)] as const) }),
  "a tensor's name": () => rawGguf({ tensors: [{ name: SHORT, type: 999 }] }),
  'a tensor twice': () => rawGguf({ tensors: [{ name: SHORT }, { name: SHORT }] }),
  'tensors that overlap': () => rawGguf({ tensors: [{ name: SHORT }, { name: `${SHORT}2` }] }),
  'an unexpected tensor': () => {
    const bytes = smallModel()
    const at = Buffer.from(bytes).indexOf('blk.1.ffn_norm.weight')
    bytes.set(new TextEncoder().encode('x\n'), at)
    return bytes
  },
  'the name of a source': () => bytesSource(new Uint8Array(100), FORGED),
  'the name of a source that ends early': () => bytesSource(smallModel().subarray(0, 5000), FORGED),
  'the name of a source of a split model': () =>
    bytesSource(
      rawGguf({
        metadata: [
          ['split.count', u16(3)],
          ['split.no', u16(0)],
        ],
      }),
      FORGED,
    ),
  'the name of a File': () => new File([new Uint8Array(10)], FORGED),
  'a path': () => FORGED.slice(0, 200),
  'a long path': () => `/tmp/${FORGED}`,
  'an address': () => `http://127.0.0.1:1/${FORGED}`,
  'a truncated URL': () => new URL(`data:,${FORGED.slice(0, 50_000)}`),
}

const quoting: Handler = (_, response) => {
  response.writeHead(418, 'y'.repeat(8000)).end()
}
await using server = await serve({ '/words': quoting })
FILES['the status text of a server'] = () => `${server.base}/words`

for (const [name, make] of Object.entries(FILES)) {
  const errors: unknown[] = []
  for (const open of [inspectModel, loadModel]) {
    try {
      const summary = await open(make(), { retries: 0, threads: 1 } as object)
      if ('problems' in summary) errors.push(...summary.problems)
    } catch (error) {
      errors.push(error)
    }
  }
  if (errors.length === 0) report(false, `${name}: nothing was wrong`)
  else {
    const bad = errors.filter((error) => !(error instanceof DasllamaError) || !isTame(error))
    report(bad.length === 0, `${name}: ${JSON.stringify(String(bad[0]).slice(0, 300))}`)
  }
}

function isTame({ message, hint = '' }: DasllamaError): boolean {
  return [message, hint].every((text) => text.length < 700 && !/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(text))
}
