import { array, f32, str, u32 } from '../../src/gguf/typed-value.js'
import { writeGguf } from '../../src/gguf/writer.js'
import { randomModel } from './random-model/random-model.js'
import { spmVocabulary } from './random-model/synthetic-vocabulary.js'

/** The smallest vocabulary of its kind; the script's tokens follow. */
const BASE = 354
const WIDTH = 512
const SHAPE = { embed: WIDTH, layers: 1, heads: 8, feedForward: 32, context: 2048 }

/** llama.cpp's token types. */
const NORMAL = 1
const CONTROL = 3

const END = '<|im_end|>'

/**
 * Texts that follow a control token (or a line feed) at the end of a prompt, one token each. A text that occurs twice in a list leads
 * back to its first place; none may be in two lists.
 */
export type Script = Readonly<Record<string, readonly string[]>>

/**
 * The bytes of a model that says what it is told to, whatever the sampling: its layers add nothing, so the next token depends on
 * the latest one alone, and the output matrix maps each token to its successor.
 */
export function scriptedModel({
  name,
  template,
  script,
}: {
  readonly name: string
  readonly template: string
  readonly script: Script
}): Uint8Array {
  const own: { text: string; type: number }[] = [{ text: END, type: CONTROL }]
  const successors = new Map<number, number>()
  const add = (text: string, type: number): number => {
    if (own.some((token) => token.text === text)) throw new Error(`two scripts have ${JSON.stringify(text)}`)
    return BASE + own.push({ text, type }) - 1
  }
  for (const [start, texts] of Object.entries(script)) {
    const ids = new Map<string, number>()
    let last = start === '\n' ? NEWLINE : add(start, CONTROL)
    for (const text of texts) {
      const id = ids.get(text) ?? add(text.replaceAll(' ', '▁'), NORMAL)
      ids.set(text, id)
      successors.set(last, id)
      last = id
    }
  }
  const vocab = BASE + own.length
  const model = randomModel({
    shape: { ...SHAPE, vocab: BASE },
    format: 'F32',
    metadata: [
      ...vocabulary(own),
      ['general.name', str(name)],
      ['llama.vocab_size', u32(vocab)],
      ['tokenizer.chat_template', str(template)],
    ],
  })
  const rows = (column: (row: number) => number[]) => matrix(vocab, column)
  const data: Readonly<Record<string, Uint8Array>> = {
    'token_embd.weight': rows((row) => [row]),
    // All that have no successor end the text.
    'output.weight': rows((row) => [...predecessors(row, vocab, successors)]),
    'output_norm.weight': bytesOf(new Float32Array(WIDTH).fill(1)),
    'blk.0.attn_output.weight': bytesOf(new Float32Array(WIDTH * WIDTH)),
    'blk.0.ffn_down.weight': bytesOf(new Float32Array(WIDTH * SHAPE.feedForward)),
  }
  return writeGguf({
    ...model,
    tensors: model.tensors.map((tensor) => ({
      ...tensor,
      ...(data[tensor.name] && { data: data[tensor.name] }),
      ...(/^(token_embd|output)\.weight$/.test(tensor.name) && { shape: [WIDTH, vocab] }),
    })),
  })
}

/** `<0x0A>`: the special tokens, then the bytes. */
const NEWLINE = 3 + 10

function predecessors(id: number, vocab: number, successors: ReadonlyMap<number, number>): number[] {
  const all = Array.from({ length: vocab }, (_, before) => before)
  return all.filter((before) => (successors.get(before) ?? BASE) === id)
}

/** f32[rows][WIDTH] with ones in the given columns. */
function matrix(rows: number, columns: (row: number) => readonly number[]): Uint8Array {
  const values = new Float32Array(rows * WIDTH)
  for (let row = 0; row < rows; row++) for (const column of columns(row)) values[row * WIDTH + column] = 1
  return bytesOf(values)
}

function bytesOf(values: Float32Array): Uint8Array {
  return new Uint8Array(values.buffer)
}

function vocabulary(own: readonly { readonly text: string; readonly type: number }[]) {
  const base = new Map(spmVocabulary(BASE))
  const values = (key: string) => {
    const value = base.get(`tokenizer.ggml.${key}`)
    if (value?.type !== 'array') throw new Error(`no list ${key}`)
    return Array.from(value.values)
  }
  return [
    ['tokenizer.ggml.tokens', array('string', [...values('tokens'), ...own.map(({ text }) => text)])],
    ['tokenizer.ggml.scores', array('f32', [...values('scores'), ...own.map(() => -1000)])],
    ['tokenizer.ggml.token_type', array('i32', [...values('token_type'), ...own.map(({ type }) => type)])],
    ['tokenizer.ggml.eos_token_id', u32(BASE)],
    ['llama.attention.layer_norm_rms_epsilon', f32(1e-5)],
  ] as const
}
