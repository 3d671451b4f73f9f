import type { ModelDirectory } from '../gguf/model-file.js'
import type { FormatShare } from './model-summary.js'

/** A file's tensors by block format, the largest share first. */
export function formatShares({ tensors }: Pick<ModelDirectory, 'tensors'>): FormatShare[] {
  const shares = new Map<string, { format: string; tensors: number; parameters: number; bytes: number }>()
  for (const { format, elements, byteLength } of tensors.values()) {
    const { name } = format
    const share = shares.get(name) ?? { format: name, tensors: 0, parameters: 0, bytes: 0 }
    shares.set(name, share)
    share.tensors++
    share.parameters += elements
    share.bytes += byteLength
  }
  return [...shares.values()].sort((a, b) => b.bytes - a.bytes)
}
