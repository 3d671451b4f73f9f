/**
 * The cost of a response format per token, compared with a step of the model: random weights in the
 * shape of SmolLM2-135M with a synthetic vocabulary of realistic size.
 */
import { loadModel, type ResponseFormat, type Tokenizer } from 'dasllama'
import { compileResponseFormat } from '../../src/grammar/response-format.js'
import { trieOf } from '../../src/grammar/token-trie.js'
import { randomModel } from '../../test/support/random-model/random-model.js'
import { cachedGguf } from '../models/cache.js'
import { SHAPE_135M } from '../models/mixes.js'

/** Vocabulary sizes of SmolLM2 and Qwen 2. */
export const VOCABULARIES = [49_152, 151_936]

/** More than any of the texts has tokens. */
const CONTEXT = 512

const PERSON = {
  type: 'object',
  properties: {
    name: { type: 'string', maxLength: 40 },
    born: { type: 'string', format: 'date' },
    height: { type: 'number', minimum: 0.3, maximum: 2.5 },
    likes: { type: 'array', items: { enum: ['tea', 'coffee', 'water', 'juice'] }, maxItems: 3 },
    note: { type: 'string' },
  },
  required: ['name', 'born', 'height', 'likes', 'note'],
}

/** Formats, each with a text that a model might write. */
const FORMATS: Readonly<Record<string, { readonly format: ResponseFormat; readonly text: string }>> = {
  'any object': {
    format: { type: 'json_object' },
    text: '{"title": "A walk by the river", "tags": ["water", "evening", "long shadows"], "rating": {"stars": 4.5, "votes": 120}, "comments": [{"by": "Ann", "text": "the light was wonderful, and nobody else was there"}, {"by": "Tom", "text": null}], "open": true}',
  },
  'a schema of five properties': {
    format: { type: 'json_schema', schema: PERSON },
    text: '{"name": "Ada of the long hill", "born": "1972-02-29", "height": 1.75, "likes": ["tea", "water"], "note": "walks every morning to the old mill and back, and tells nobody what she has seen there"}',
  },
  'a grammar of sentences': {
    format: {
      type: 'grammar',
      grammar: 'root ::= sentence (" " sentence)*\nsentence ::= [A-Z] [^.!?\\n]* [.!?]',
    },
    text: 'The river was high that year. Nobody remembered when it had last come up to the door! We sat upstairs, counted the boats, and waited for the morning. It came late.',
  },
}

/** One format on one vocabulary. All samples in milliseconds, one per token. */
export interface FormatCost {
  readonly vocabulary: number
  readonly format: string
  /** From the source to the first matcher. */
  readonly compile: number
  /** Masks of a text that is generated for the first time, and of the same text again. */
  readonly first: readonly number[]
  readonly again: readonly number[]
  readonly accept: readonly number[]
  /** The model's decode steps between them. */
  readonly step: readonly number[]
}

/** The one-time cost of a vocabulary. */
export interface TreeCost {
  readonly vocabulary: number
  /** Milliseconds to build the trie of its tokens. */
  readonly build: number
  readonly nodes: number
}

export interface ConstrainedCosts {
  readonly trees: readonly TreeCost[]
  readonly formats: readonly FormatCost[]
}

function timed<T>(call: () => T): [result: T, ms: number] {
  const start = performance.now()
  const result = call()
  return [result, performance.now() - start]
}

/** The text as tokens, without the space that a tokenizer may prepend. */
function wordwise(tokenizer: Tokenizer, text: string): number[] {
  const [first, ...rest] = tokenizer.encode(`|${text}`, { addSpecial: false })
  return tokenizer.piece(first).endsWith('|') ? rest : rest.slice(1)
}

/** Every format on these vocabularies. */
export async function measureConstrained(vocabularies: readonly number[]): Promise<ConstrainedCosts> {
  const trees: TreeCost[] = []
  const formats: FormatCost[] = []
  for (const vocabulary of vocabularies) {
    const path = await cachedGguf(`random-135M-${vocabulary}.Q8_0.gguf`, () =>
      randomModel({ shape: { ...SHAPE_135M, vocab: vocabulary }, format: 'Q8_0', tied: true }),
    )
    await using model = await loadModel(path, { contextLength: CONTEXT })
    const { tokenizer } = model
    const [tree, build] = timed(() => trieOf(tokenizer))
    trees.push({ vocabulary, build, nodes: tree.size })
    for (const [name, { format, text }] of Object.entries(FORMATS)) {
      const [grammar, compile] = timed(() => compileResponseFormat(tokenizer, format)!)
      const ids = wordwise(tokenizer, text)
      const samples = {
        first: [] as number[],
        again: [] as number[],
        accept: [] as number[],
        step: [] as number[],
      }
      const matcher = grammar.matcher()
      using session = model.createSession()
      await session.eval([1])
      for (const id of ids) {
        samples.first.push(timed(() => matcher.mask())[1])
        samples.accept.push(timed(() => matcher.accept(id))[1])
        const start = performance.now()
        await session.eval([id])
        samples.step.push(performance.now() - start)
      }
      const second = grammar.matcher()
      for (const id of ids) {
        samples.again.push(timed(() => second.mask())[1])
        second.accept(id)
      }
      formats.push({ vocabulary, format: name, compile, ...samples })
    }
  }
  return { trees, formats }
}
