import type { TensorInfo } from '../../src/gguf/model-file.js'

/**
 * Formats of tensors in few lines: for each kind of tensor (with * for the layer) its format, or the layers of each one, such
 * as `{"Q6_K": "0-1,4"}`. Vectors are left out.
 */
export type CompactFormats = Readonly<Record<string, string | Readonly<Record<string, string>>>>

export function compact(tensors: Iterable<Pick<TensorInfo, 'name' | 'shape' | 'format'>>): CompactFormats {
  const layers = new Map<string, Map<string, number[]>>()
  for (const { name, shape, format } of tensors) {
    if (shape.length < 2) continue
    const [, layer = '0'] = /^blk\.(\d+)\./.exec(name) ?? []
    const kind = name.replace(/^blk\.\d+\./, 'blk.*.')
    const formats = layers.get(kind) ?? new Map<string, number[]>()
    layers.set(kind, formats.set(format.name, [...(formats.get(format.name) ?? []), Number(layer)]))
  }
  return Object.fromEntries(
    [...layers].map(([kind, formats]) => [
      kind,
      formats.size === 1
        ? [...formats.keys()][0]
        : Object.fromEntries([...formats].map(([format, list]) => [format, ranges(list)])),
    ]),
  )
}

/** `[0, 1, 2, 5]` as `0-2,5`. */
function ranges(numbers: readonly number[]): string {
  const parts: [number, number][] = []
  for (const number of numbers) {
    const last = parts.at(-1)
    if (last && last[1] === number - 1) last[1] = number
    else parts.push([number, number])
  }
  return parts.map(([from, to]) => (from === to ? String(from) : `${from}-${to}`)).join(',')
}
