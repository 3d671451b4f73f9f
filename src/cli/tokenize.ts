import { loadTokenizer } from '../index.js'
import { MODEL, modelOptions } from './arguments/model-options.js'
import { nameOptions } from './arguments/names.js'
import { flag } from './arguments/options.js'
import { command } from './command.js'
import { print } from './output/printable.js'
import { columns } from './output/table.js'

export const tokenize = command({
  name: 'tokenize',
  summary: "Show a text as a model's tokens",
  operands: [
    MODEL,
    {
      name: 'TEXT',
      summary: 'the text; without it, or with -, standard input is read unchanged',
      fromInput: true,
    },
  ],
  options: {
    parseSpecial: flag('parse control tokens such as <|im_end|> in the text'),
    noSpecial: flag('add no begin-of-text and end-of-text tokens'),
    pieces: flag('one token per line, with its text'),
    json: flag('print one JSON object: ids, pieces'),
    ...modelOptions,
  },
  notes: `Prints the ids with commas between, as dasllama run --prompt-ids takes them. A TEXT that begins with - stands after --.

  dasllama tokenize model.gguf "Once upon a time" --pieces
`,
  async run([source, given], { parseSpecial, noSpecial, pieces, json, tokenizer }, terminal) {
    const text = given === '-' ? await terminal.readInput() : given
    const vocabulary = await loadTokenizer(source, { tokenizer, ...(await nameOptions(source, terminal)) })
    const ids = vocabulary.encode(text, { parseSpecial, addSpecial: !noSpecial })
    const texts = ids.map((id) => vocabulary.piece(id))
    await print(terminal.stdout, format())
    return 0

    function format(): string {
      if (json) return `${JSON.stringify({ ids, pieces: texts })}\n`
      if (pieces) return columns(ids.map((id, i) => [String(id), JSON.stringify(texts[i])]))
      return `${ids.join(',')}\n`
    }
  },
})
