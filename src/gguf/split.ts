import { abortable } from '../abortable.js'
import { describeValue, displayName } from '../describe.js'
import { DasllamaError } from '../errors.js'
import type { ByteSource } from '../storage/source.js'
import { SourcePool } from '../storage/source-pool.js'
import { LIMITS } from './limits.js'
import type { StoredTensor } from './model-file.js'
import { type GgufPart, readPart } from './part.js'

/** The suffix of `NAME-00001-of-00003.gguf`, optionally followed by a URL's query. */
const PART_SUFFIX = /-\d{5}-of-(\d{5})(\.gguf)(?=$|[?#])/i

/** How many parts are kept open at a time. */
const PARTS_OPEN_AT_ONCE = 16

/** The number of parts according to the metadata; 1 for a file that is not split. */
export function partCount({ metadata }: GgufPart, fileName: string): number {
  const count = metadata.number('split.count', 1)
  if (!(Number.isInteger(count) && count >= 0)) {
    throw new DasllamaError('BAD_FORMAT', `${displayName(fileName)}: split.count is ${count}`)
  }
  if (count > LIMITS.splitParts) {
    throw new DasllamaError(
      'LIMIT',
      `${displayName(fileName)}: the model has ${count} parts; the limit is ${LIMITS.splitParts}`,
    )
  }
  return Math.max(1, count)
}

/**
 * Opens and reads the other parts of a split model and merges their tensor directories with the first part's. On failure,
 * closes every source that it opened. Rejects as `openGguf` does.
 */
export async function readOtherParts(
  firstSource: ByteSource,
  first: GgufPart,
  signal?: AbortSignal,
): Promise<{ sources: ByteSource[]; tensors: Map<string, StoredTensor> }> {
  const count = partCount(first, firstSource.name)
  const nameOf = partNames(firstSource.name, count)
  checkPartNumber(firstSource.name, first, 0, nameOf(0))

  const tensors = new Map(first.tensors)
  const sources: ByteSource[] = []
  const pool = new SourcePool(PARTS_OPEN_AT_ONCE)
  try {
    for (let index = 1; index < count; index++) {
      const open = (signal?: AbortSignal) => openSibling(firstSource, nameOf(index), { index, count, signal })
      // Without the signal: it may be read long after the model has been loaded.
      const added = pool.add(await open(signal), () => open())
      const source = await abortable(added, signal, (late) => late.close())
      sources.push(source)
      const part = await readPart(source, signal)
      if (partCount(part, source.name) !== count) {
        throw new DasllamaError(
          'BAD_FORMAT',
          `${displayName(source.name)}: this part belongs to a model with another number of parts`,
        )
      }
      checkPartNumber(source.name, part, index, nameOf(0))
      for (const [name, tensor] of part.tensors) {
        if (tensors.size === LIMITS.tensors) {
          throw new DasllamaError(
            'LIMIT',
            `${displayName(source.name)}: with this part the model has more than ${LIMITS.tensors} tensors`,
          )
        }
        if (tensors.has(name)) {
          throw new DasllamaError(
            'BAD_FORMAT',
            `${displayName(source.name)}: tensor ${describeValue(name)} is also in an earlier part`,
          )
        }
        tensors.set(name, tensor)
      }
    }
    const expected = first.metadata.number('split.tensors.count', tensors.size)
    if (expected !== tensors.size) {
      throw new DasllamaError(
        'BAD_FORMAT',
        `${displayName(firstSource.name)}: the parts have ${tensors.size} tensors in total, but split.tensors.count is ${expected}`,
      )
    }
    return { sources, tensors }
  } catch (error) {
    const closing = Promise.allSettled(sources.map((source) => source.close()))
    await abortable(closing, signal).catch(() => {})
    throw error
  }
}

/** File name of a part by its index, derived from the name of the first. */
function partNames(fileName: string, count: number): (index: number) => string {
  const match = PART_SUFFIX.exec(fileName)
  if (!match || Number(match[1]) !== count) {
    throw new DasllamaError(
      'BAD_FORMAT',
      `${displayName(fileName)}: the model has ${count} parts, but its name is not that of a part`,
      {
        hint: `name the parts NAME-00001-of-${fiveDigits(count)}.gguf and so on, in the same folder`,
      },
    )
  }
  const path = fileName.slice(0, match.index)
  const name = path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1)
  return (index) => `${name}-${fiveDigits(index + 1)}-of-${match[1]}${match[2]}`
}

/** `split.no` is 0-based, file names are 1-based. */
function checkPartNumber(fileName: string, part: GgufPart, expected: number, firstName: string): void {
  const number = part.metadata.number('split.no')
  if (number === expected) return
  if (expected === 0) {
    throw new DasllamaError(
      'INVALID_ARGUMENT',
      `${displayName(fileName)}: this is part ${number + 1} of a split model`,
      {
        hint: `open the first part: ${displayName(firstName)}`,
      },
    )
  }
  throw new DasllamaError(
    'BAD_FORMAT',
    `${displayName(fileName)}: this is part ${number + 1}, not ${expected + 1}`,
    {
      hint: 'the parts may have been renamed or belong to different models',
    },
  )
}

async function openSibling(
  source: ByteSource,
  name: string,
  { index, count, signal }: { index: number; count: number; signal: AbortSignal | undefined },
): Promise<ByteSource> {
  if (!source.sibling) {
    throw new DasllamaError(
      'UNSUPPORTED',
      `${displayName(source.name)}: part 1 of ${count}, but this source cannot open the other parts`,
      {
        hint: 'open split models by path or URL, or merge them with llama-gguf-split --merge',
      },
    )
  }
  try {
    return await abortable(source.sibling(name), signal, (late) => late.close())
  } catch (cause) {
    if (!(cause instanceof DasllamaError && cause.code === 'NOT_FOUND')) throw cause
    throw new DasllamaError(
      'NOT_FOUND',
      `${displayName(source.name)}: part ${index + 1} of ${count} is missing: ${displayName(name)}`,
      {
        hint: 'all parts must be in the same folder',
        cause,
      },
    )
  }
}

function fiveDigits(value: number): string {
  return String(value).padStart(5, '0')
}
