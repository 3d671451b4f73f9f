import { readFileSync } from 'node:fs'
import type { Metadata, MetadataValue } from '../../src/gguf/metadata.js'
import { Metadata as MetadataOf } from '../../src/gguf/metadata.js'
import { array, bool, f32, str, type TypedValue, u32 } from '../../src/gguf/typed-value.js'
import { writeGguf } from '../../src/gguf/writer.js'
import { llamaCppModels } from '../support/llama-cpp-models.js'
import { vocabularyMetadata } from '../tokenizer/fixtures.js'
import { CONTROL, type ExtraTokens, USER_DEFINED } from '../tokenizer/small-vocabularies.js'

/** A published template, and a vocabulary to test it with: a real one, to which the template's markers are added. */
export interface TemplateFile {
  readonly name: string
  readonly vocabulary: 'llama-spm' | 'phi-3' | 'llama-bpe' | 'gpt-2' | 'qwen2'
  readonly markers: ExtraTokens
  /** What the template drops or refuses, so that it is included as plain text. */
  readonly lacks: readonly ('system' | 'tools' | 'turns')[]
}

const control = (...texts: string[]): ExtraTokens => texts.map((text) => [text, CONTROL] as const)
const defined = (...texts: string[]): ExtraTokens => texts.map((text) => [text, USER_DEFINED] as const)

const CHATML = control('<|im_start|>', '<|im_end|>')
const HERMES = defined(
  '<tool_call>',
  '</tool_call>',
  '<tool_response>',
  '</tool_response>',
  '<think>',
  '</think>',
)

/** Types of markers are those of the models' published files. */
export const TEMPLATE_FILES: readonly TemplateFile[] = [
  {
    name: 'HuggingFaceTB-SmolLM3-3B',
    vocabulary: 'llama-bpe',
    markers: [...CHATML, ...HERMES],
    lacks: ['tools', 'turns'],
  },
  {
    name: 'NousResearch-Hermes-3-Llama-3.1-8B-tool_use',
    vocabulary: 'llama-bpe',
    markers: CHATML,
    lacks: [],
  },
  { name: 'Qwen-Qwen2.5-7B-Instruct', vocabulary: 'qwen2', markers: [...CHATML, ...HERMES], lacks: [] },
  { name: 'Qwen-Qwen3-0.6B', vocabulary: 'qwen2', markers: [...CHATML, ...HERMES], lacks: [] },
  {
    name: 'deepseek-ai-DeepSeek-R1-Distill-Qwen-32B',
    vocabulary: 'qwen2',
    markers: [
      ...control('<｜begin▁of▁sentence｜>', '<｜end▁of▁sentence｜>'),
      ...defined('<｜User｜>', '<｜Assistant｜>', '<think>', '</think>'),
      ...defined('<｜tool▁calls▁begin｜>', '<｜tool▁call▁begin｜>', '<｜tool▁sep｜>', '<｜tool▁call▁end｜>'),
      ...defined('<｜tool▁calls▁end｜>', '<｜tool▁outputs▁begin｜>', '<｜tool▁output▁begin｜>'),
      ...defined('<｜tool▁output▁end｜>', '<｜tool▁outputs▁end｜>'),
    ],
    lacks: ['tools'],
  },
  {
    name: 'google-gemma-2-2b-it',
    vocabulary: 'llama-spm',
    markers: [
      ...control('<start_of_turn>', '<end_of_turn>'),
      ...defined('\n\n', '\n\n\n', '▁▁', '▁▁▁▁', '<table>'),
    ],
    lacks: ['system', 'tools', 'turns'],
  },
  {
    name: 'google-gemma-4-31B-it',
    vocabulary: 'llama-spm',
    markers: [
      ...control('<|turn>', '<turn|>', '<|channel>', '<channel|>', '<|think|>', '<|tool>', '<tool|>'),
      ...control('<|tool_call>', '<tool_call|>', '<|tool_response>', '<tool_response|>', '<|image|>'),
      ...defined('<|"|>', '▁▁', '\n\n'),
    ],
    lacks: [],
  },
  {
    name: 'meta-llama-Llama-3.2-3B-Instruct',
    vocabulary: 'llama-bpe',
    markers: [],
    lacks: [],
  },
  { name: 'microsoft-Phi-3.5-mini-instruct', vocabulary: 'phi-3', markers: [], lacks: ['tools', 'turns'] },
  {
    name: 'mistralai-Mistral-Nemo-Instruct-2407',
    vocabulary: 'gpt-2',
    markers: control(
      ...['<s>', '</s>', '[INST]', '[/INST]', '[AVAILABLE_TOOLS]', '[/AVAILABLE_TOOLS]'],
      ...['[TOOL_CALLS]', '[TOOL_RESULTS]', '[/TOOL_RESULTS]'],
    ),
    lacks: [],
  },
  {
    name: 'openai-gpt-oss-120b',
    vocabulary: 'gpt-2',
    markers: control(
      '<|start|>',
      '<|end|>',
      '<|message|>',
      '<|channel|>',
      '<|constrain|>',
      '<|return|>',
      '<|call|>',
    ),
    lacks: [],
  },
]

export function templateSource({ name }: Pick<TemplateFile, 'name'>): string {
  return readFileSync(llamaCppModels(`templates/${name}.jinja`), 'utf8')
}

const vocabularies = new Map<string, Promise<Metadata>>()

function readVocabulary(name: string): Promise<Metadata> {
  const reading = vocabularies.get(name) ?? vocabularyMetadata(name)
  vocabularies.set(name, reading)
  return reading
}

/** The metadata of a vocabulary with the markers that it lacks, and with the template. */
export async function chatMetadata(file: TemplateFile): Promise<Metadata> {
  const values = new Map<string, MetadataValue>((await readVocabulary(file.vocabulary)).entries())
  const key = (name: string) => `tokenizer.ggml.${name}`
  const tokens = [...(values.get(key('tokens')) as Iterable<string>)]
  const added = file.markers.filter(([text]) => !tokens.includes(text))
  const types = values.get(key('token_type')) as Int32Array
  values.set(key('tokens'), [...tokens, ...added.map(([text]) => text)])
  values.set(key('token_type'), Int32Array.from([...types, ...added.map(([, type]) => type)]))
  const scores = values.get(key('scores')) as Float32Array | undefined
  if (scores) values.set(key('scores'), Float32Array.from([...scores, ...added.map(() => 0)]))
  values.set('tokenizer.chat_template', templateSource(file))
  return new MetadataOf(`${file.name}.gguf`, values)
}

/** A model file that contains only this vocabulary. */
export function vocabularyFile(metadata: Metadata): Uint8Array {
  const entries = Array.from(metadata.entries(), ([key, value]) => [key, typed(key, value)] as const)
  return writeGguf({ metadata: entries, tensors: [] })
}

function typed(key: string, value: MetadataValue): TypedValue {
  if (typeof value === 'string') return str(value)
  if (typeof value === 'boolean') return bool(value)
  if (typeof value === 'number') return /epsilon|freq_base/.test(key) ? f32(value) : u32(value)
  if (value instanceof Int32Array) return array('i32', value)
  if (value instanceof Float32Array) return array('f32', value)
  return array('string', [...(value as Iterable<string>)])
}
