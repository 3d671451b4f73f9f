import { constrainCalls } from '../../../src/chat/calls/constrain-calls.js'
import type { FunctionTool, ReplyEvent, ReplyFormat } from '../../../src/index.js'
import { createReplyParser, replyFormatOf } from '../../../src/index.js'
import { createTokenizer } from '../../../src/tokenizer/create.js'
import type { TokenId, Tokenizer } from '../../../src/tokenizer/tokenizer.js'
import { bytePairKeys, CONTROL, tokenizerMetadata, USER_DEFINED } from '../../tokenizer/small-vocabularies.js'

/** Markers of all formats. */
const MARKERS = [
  ...['<think>', '</think>', '<tool_call>', '</tool_call>', '<TOOLCALL>', '</TOOLCALL>', '<tool_calls>'],
  ...['</tool_calls>', '<|tool_call|>', '<|START_ACTION|>', '<|END_ACTION|>', '<|tools_prefix|>'],
  ...['<|tools_suffix|>', '<|function_call|>', '[TOOL_CALLS]', '[ARGS]', '[CALL_ID]', '<|python_tag|>'],
  ...['<｜tool▁calls▁begin｜>', '<｜tool▁calls▁end｜>', '<｜tool▁call▁begin｜>', '<｜tool▁call▁end｜>'],
  ...['<｜tool▁sep｜>', '<|tool_calls_section_begin|>', '<|tool_calls_section_end|>', '<|tool_call_begin|>'],
  ...['<|tool_call_end|>', '<|tool_call_argument_begin|>', '<|tool_call_start|>', '<|tool_calls|>'],
  ...['<|calls|>', '<|tool_call:begin|>', '<|tool_call:end|>', '<|tool_call:name|>', '<|tool_call:args|>'],
  ...['<|tool_call>', '<tool_call|>', '<|"|>', '</function>', '</parameter>', '</param>', '</invoke>'],
  ...['</arg_key>', '<arg_key>', '<arg_value>', '</arg_value>', '<|open|>', '<|close|>', '<|sep|>'],
  ...['<|channel|>', '<|start|>', '<|message|>', '<|constrain|>', '<|call|>', '<|end|>', '<|eom|>'],
  ...['<|message_sep|>', '<|role_sep|>', '>>>', ']<]minimax[>[', '<|think|>', '<|begin|>', '<|content|>'],
  ...['</minimax:tool_call>', '</seed:tool_call>', '</tool_call:opensource>', '</arg_value:opensource>'],
  ...['</tool_calls:opensource>', '<arg_key:opensource>', '</arg_key:opensource>', '<arg_value:opensource>'],
  ...[
    '</atem:invoke>',
    '</atem:parameter>',
    '</atem:function_calls>',
    '</｜DSML｜parameter>',
    '</｜DSML｜invoke>',
  ],
]
/** Some merges, of which several cross the edges of markers and of JSON's punctuation. */
const MERGES = [
  '" :',
  '": "',
  '1 2',
  'a b',
  'Ċ Ċ',
  '> {',
  '> Ċ',
  '" }',
  '} Ċ',
  '< /',
  '{ "',
  '} <',
  '] Ċ',
  '> a',
]

/** Tokens of single bytes, of some merges, and the markers, as control tokens or as text. */
export function markerTokenizer(kind: 'control' | 'text'): Tokenizer {
  const type = kind === 'control' ? CONTROL : USER_DEFINED
  const keys = bytePairKeys(MERGES, [['<|eos|>', CONTROL], ...MARKERS.map((text) => [text, type] as const)])
  return createTokenizer(tokenizerMetadata({ ...keys, eos_token_id: 256 + MERGES.length }))
}

/** A format with the control tokens of a vocabulary. */
export function formatWith(
  tokenizer: Tokenizer,
  names: Pick<ReplyFormat, 'reasoning' | 'tools'>,
): ReplyFormat {
  return replyFormatOf('', tokenizer, names)
}

export interface RandomReply {
  readonly ids: readonly TokenId[]
  readonly text: string
  readonly events: readonly ReplyEvent[]
  /** Whether the model could end the reply. */
  readonly isWhole: boolean
}

/** A reply of random tokens among those that are allowed; every third one is likely to close something. */
export function randomReply(
  tokenizer: Tokenizer,
  format: ReplyFormat,
  tools: readonly FunctionTool[],
  random: () => number,
  more: Partial<Parameters<typeof constrainCalls>[1]> = {},
  most = 600,
): RandomReply {
  const rules = {
    ...{
      format,
      tools,
      isForced: true,
      isSingle: false,
      responseFormat: undefined,
      mayThink: true,
      prefill: '',
    },
    onUnenforced: (error: Error) => {
      throw error
    },
    ...more,
  }
  const constraint = constrainCalls(tokenizer, rules)
  const parser = createReplyParser(format, { tools, prefill: rules.prefill })
  const decoder = tokenizer.createDecoder()
  const closing = closingIds(tokenizer)
  const events: ReplyEvent[] = []
  const ids: TokenId[] = []
  let text = ''
  let isWhole = false
  for (let step = 0; step < most; step++) {
    if (constraint.isComplete && (constraint.isExhausted || random() < 0.4)) {
      isWhole = true
      break
    }
    const mask = constraint.mask()
    const isAllowed = (id: number) => !mask || ((mask[id >>> 5] >>> (id & 31)) & 1) === 1
    const allowed: number[] = []
    for (let id = 0; id < tokenizer.vocabSize; id++) {
      if (isAllowed(id) && !tokenizer.endOfGeneration.has(id)) allowed.push(id)
    }
    if (allowed.length === 0) throw new Error(`nothing may follow ${JSON.stringify(text)}`)
    const ends = closing.filter(isAllowed)
    const from = ends.length > 0 && random() < 0.35 ? ends : allowed
    const id = from[Math.floor(random() * from.length)]
    constraint.accept(id)
    ids.push(id)
    const piece = decoder.push(id)
    text += piece
    events.push(...parser.push({ id, piece, isControl: tokenizer.isControl(id) }))
  }
  events.push(...parser.end(isWhole ? 'stop' : 'length'))
  return { ids, text, events, isWhole }
}

function closingIds(tokenizer: Tokenizer): number[] {
  const ids: number[] = []
  for (let id = 0; id < tokenizer.vocabSize; id++) {
    if (tokenizer.endOfGeneration.has(id)) continue
    if (/^(["}\]0,)]|<\/.*>|<\|.*\|>|\[ARGS\])$|^\]<\]/.test(tokenizer.piece(id))) ids.push(id)
  }
  return ids
}
