import { byteSize } from '../../describe.js'
import { DasllamaError } from '../../index.js'
import { FILE_TYPES, type FileType, fileType } from '../../quantize/file-types.js'
import { type QuantizeReport, quantizeModel } from '../../quantize/quantize-model.js'
import { flag } from '../arguments/options.js'
import { UsageError } from '../arguments/usage-error.js'
import { writing, writingOptions } from '../arguments/writing-options.js'
import { command } from '../command.js'
import { interruptible } from '../interrupt.js'
import { print } from '../output/printable.js'
import { columns, counted } from '../output/table.js'

export const quantize = command({
  name: 'quantize',
  summary: 'Write a model in another block format',
  operands: [
    { name: 'IN', summary: 'path of a GGUF file, or of the first part of a split one' },
    { name: 'OUT', summary: 'path of the new file' },
    { name: 'TYPE', summary: `file type: ${FILE_TYPES.map(({ name }) => name).join(', ')}` },
  ],
  options: {
    allowRequantize: flag(
      'quantize tensors that are quantized already, which loses more than from the original',
    ),
    dryRun: flag('write nothing; print which format each tensor would get'),
    ...writingOptions,
  },
  notes: `Gives each tensor the format that llama.cpp's llama-quantize gives it, and the same bytes. Reads and writes piece by piece, so a model may be larger than memory. OUT has its name only when it is complete.

${columns(
  FILE_TYPES.map(({ name, summary }) => [name, summary]),
  '  ',
)}
  dasllama quantize model.F16.gguf model.Q4_K_M.gguf Q4_K_M
`,
  async run([source, path, typeName], { allowRequantize, dryRun, ...values }, terminal) {
    const type = readType(typeName)
    const { openFile, createOutput } = terminal.modelTools
    return interruptible(terminal, async (signal) => {
      const { erase, ...options } = writing(values, terminal, signal, 'quantizing')
      const report = await quantizeModel(() => openFile(source), path, createOutput, {
        ...options,
        type,
        allowRequantize,
        dryRun,
      }).finally(erase)
      const table = dryRun && !values.json ? tensorTable(report) : ''
      await print(terminal.stdout, table + (values.json ? asJson(report, type) : asText(report, path)))
    })
  },
})

function readType(name: string): FileType {
  try {
    return fileType(name)
  } catch (error) {
    if (error instanceof DasllamaError) throw new UsageError(error.message, error.hint)
    throw error
  }
}

function tensorTable({ tensors }: QuantizeReport): string {
  return columns(
    tensors.map(({ tensor, format }) => [
      tensor.name,
      tensor.shape.join(' × '),
      tensor.format === format ? format.name : `${tensor.format.name} → ${format.name}`,
    ]),
  )
}

/** How many tensors have each format, most first. */
function formatCounts({ tensors }: QuantizeReport): (readonly [format: string, tensors: number])[] {
  const counts = new Map<string, number>()
  for (const { format } of tensors) counts.set(format.name, (counts.get(format.name) ?? 0) + 1)
  return [...counts].sort((a, b) => b[1] - a[1])
}

function bitsPerWeight({ bytesAfter, elements }: QuantizeReport): number {
  return (8 * bytesAfter) / elements
}

function asText(report: QuantizeReport, path: string): string {
  const { tensors, bytesBefore, bytesAfter } = report
  const formats = formatCounts(report).map(([name, count]) => `${count} ${name}`)
  const lines = [
    `${path}: ${byteSize(bytesBefore)} → ${byteSize(bytesAfter)}, ${bitsPerWeight(report).toFixed(2)} bits per weight`,
    `${counted(tensors.length, 'tensor')}: ${formats.join(', ')}`,
  ]
  const fallbacks = tensors.filter(({ intended }) => intended !== undefined)
  if (fallbacks.length > 0) {
    const [{ tensor, intended, format }] = fallbacks
    lines.push(
      `${fallbacks.length} of them have rows that do not fit their format, for example ${tensor.name} with rows of ` +
        `${tensor.shape[0]}: ${format.name} instead of ${intended?.name}`,
    )
  }
  return `${lines.join('\n')}\n`
}

function asJson(report: QuantizeReport, { name }: FileType): string {
  const { tensors, bytesBefore, bytesAfter } = report
  return `${JSON.stringify({
    type: name,
    bytesBefore,
    bytesAfter,
    bitsPerWeight: bitsPerWeight(report),
    tensors: tensors.map(({ tensor, format, intended }) => ({
      name: tensor.name,
      from: tensor.format.name,
      to: format.name,
      intended: intended?.name,
    })),
  })}\n`
}
