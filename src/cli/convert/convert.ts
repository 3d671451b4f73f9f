import { CONVERTED_TYPES, type ConvertReport, convertModel } from '../../convert/convert-model.js'
import { CONVERTED_FAMILIES } from '../../convert/families/index.js'
import { byteSize } from '../../describe.js'
import { fileType } from '../../quantize/file-types.js'
import { alias, choice } from '../arguments/options.js'
import { writing, writingOptions } from '../arguments/writing-options.js'
import { command } from '../command.js'
import { interruptible } from '../interrupt.js'
import { print } from '../output/printable.js'
import { counted } from '../output/table.js'

export const convert = command({
  name: 'convert',
  summary: 'Convert a model in the layout of Hugging Face to a GGUF file',
  operands: [
    { name: 'FOLDER', summary: 'folder with config.json, the tokenizer and the safetensors files' },
    { name: 'OUT', summary: 'path of the new file' },
  ],
  options: {
    type: alias(choice(CONVERTED_TYPES, 'block format of the matrices', 'F16'), '--outtype'),
    ...writingOptions,
  },
  notes: `Architectures: ${CONVERTED_FAMILIES.flatMap(({ classes }) => classes).join(', ')}. Other formats than these four: dasllama quantize makes them of the result.

  dasllama convert SmolLM2-135M-Instruct model.F16.gguf
  dasllama quantize model.F16.gguf model.Q4_K_M.gguf Q4_K_M
`,
  async run([folder, path], { type, ...values }, terminal) {
    const { openFile, createOutput } = terminal.modelTools
    return interruptible(terminal, async (signal) => {
      const { erase, ...options } = writing(values, terminal, signal, 'converting')
      const report = await convertModel(folder, openFile, path, createOutput, {
        ...options,
        type: fileType(type),
      }).finally(erase)
      await print(
        terminal.stdout,
        values.json ? `${JSON.stringify({ type, ...report })}\n` : asText(report, path),
      )
    })
  },
})

function asText({ architecture, tensors, elements, tokens, bytes }: ConvertReport, path: string): string {
  const parameters = elements.toLocaleString('en-US')
  return `${path}: ${byteSize(bytes)}, ${architecture}, ${parameters} parameters in ${counted(tensors, 'tensor')}, ${tokens.toLocaleString('en-US')} tokens\n`
}
