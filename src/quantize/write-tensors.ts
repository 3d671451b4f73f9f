import type { BlockFormat } from '../gguf/block-formats.js'
import { bytesFor } from '../gguf/block-formats.js'
import type { GgufLayout, PlacedTensor, TensorHead } from '../gguf/writer.js'
import type { ByteSource } from '../storage/source.js'
import type { OutputFile } from './output-file.js'
import { type Changes, tensorOf } from './piece.js'
import type { Workers } from './workers.js'

/** A tensor to write, and where its data come from. */
export interface TensorCopy extends TensorHead {
  readonly source: ByteSource
  /** Of the data in `source`, in bytes. */
  readonly sourceOffset: number
  /** The format of the data there. */
  readonly sourceFormat: BlockFormat
  readonly changes?: Changes
}

export interface WriteOptions {
  readonly workers: Workers
  readonly signal: AbortSignal | undefined
  /** Called after each piece, with bytes read so far. */
  readonly onProgress: ((progress: { readonly loaded: number; readonly total: number }) => void) | undefined
}

/** Values of a piece: 4 MiB as f32. A multiple of every block. */
const PIECE_VALUES = 2 ** 20

/**
 * Writes the header and every tensor of a layout to its place, piece by piece. Memory: a few pieces per thread, whatever the
 * size of the model and of its tensors. Rejects with what reading, converting or writing fails with, or the signal's reason.
 */
export async function writeTensors(
  { header, tensors, size }: GgufLayout<TensorCopy>,
  output: OutputFile,
  { workers, signal, onProgress }: WriteOptions,
): Promise<void> {
  const total = tensors.reduce((sum, tensor) => sum + bytesFor(tensor.sourceFormat, elementsOf(tensor)), 0)
  let loaded = 0
  const running = new Set<Promise<void>>()
  // One more than there are threads, so that none waits for the disk.
  const most = workers.count + 1
  try {
    await output.write(0, header)
    for (const tensor of tensors) {
      for (const part of partsOf(tensor)) {
        while (running.size >= most) await Promise.race(running)
        signal?.throwIfAborted()
        const work = move(tensor, part, output, workers, signal).then(() => {
          running.delete(work)
          loaded += part.sourceBytes
          onProgress?.({ loaded, total })
        })
        // Its failure is seen by the race above or by the wait below.
        work.catch(() => {})
        running.add(work)
      }
    }
    await Promise.all(running)
    // The padding after the last tensor.
    const last = tensors.at(-1)
    const end = last ? last.offset + last.byteLength : header.length
    if (end < size) await output.write(end, new Uint8Array(size - end))
  } finally {
    await Promise.allSettled(running)
  }
}

interface Part {
  readonly sourceOffset: number
  readonly sourceBytes: number
  readonly offset: number
}

/** Pieces of a tensor: whole blocks of both formats, and whole heads where rows are interleaved. */
function* partsOf(tensor: PlacedTensor<TensorCopy>): Generator<Part> {
  const { sourceFormat, format, changes } = tensor
  const elements = elementsOf(tensor)
  const { interleaveRows, columns = tensor.shape[0] } = changes ?? {}
  const unit = interleaveRows === undefined ? 256 : interleaveRows * columns
  const step = Math.max(unit, Math.floor(PIECE_VALUES / unit) * unit)
  for (let first = 0; first < elements; first += step) {
    yield {
      sourceOffset: tensor.sourceOffset + bytesFor(sourceFormat, first),
      sourceBytes: bytesFor(sourceFormat, Math.min(step, elements - first)),
      offset: tensor.offset + bytesFor(format, first),
    }
  }
}

async function move(
  tensor: PlacedTensor<TensorCopy>,
  { sourceOffset, sourceBytes, offset }: Part,
  output: OutputFile,
  workers: Workers,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { name, source, sourceFormat, format, shape, changes } = tensor
  const bytes = new Uint8Array(sourceBytes)
  await source.read(sourceOffset, bytes, signal)
  const isCopy = sourceFormat === format && changes === undefined
  const written = isCopy
    ? bytes
    : await workers.convert({
        what: tensorOf(source.name, name),
        from: sourceFormat.id,
        to: format.id,
        bytes,
        columns: shape[0],
        ...changes,
      })
  signal?.throwIfAborted()
  await output.write(offset, written)
}

function elementsOf({ shape }: TensorHead): number {
  return shape.reduce((product, size) => product * size, 1)
}
