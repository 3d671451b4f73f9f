import { describeValue, displayName } from '../describe.js'
import { DasllamaError } from '../errors.js'
import { closeAll } from '../storage/close-all.js'
import { guarded } from '../storage/guarded.js'
import type { ByteSource } from '../storage/source.js'
import type { Folder, JsonObject } from './folder.js'
import { readSafetensors, type SafeTensor } from './safetensors.js'

/** The weights of a folder. */
export interface Checkpoint {
  readonly tensors: ReadonlyMap<string, SafeTensor>
  readonly sources: readonly ByteSource[]
  close(): Promise<void>
}

const SINGLE = 'model.safetensors'
const INDEX = 'model.safetensors.index.json'

/** Shards are open at the same time. */
const MOST_SHARDS = 1024

/**
 * Opens `model.safetensors`, or the shards that `model.safetensors.index.json` lists. Rejects with `NOT_FOUND` for a missing
 * file, `BAD_FORMAT` for an index that does not agree with its shards or names files elsewhere, and as `readSafetensors` does.
 */
export async function openCheckpoint(folder: Folder, signal?: AbortSignal): Promise<Checkpoint> {
  const index = await folder.json(INDEX, signal)
  const expected = index && placesOf(index)
  const files = expected ? [...new Set(expected.values())].sort() : [SINGLE]
  if (files.length > MOST_SHARDS) {
    throw new DasllamaError(
      'LIMIT',
      `${index?.where}: there are ${files.length} shards; the limit is ${MOST_SHARDS}`,
    )
  }
  const sources: ByteSource[] = []
  const close = () => closeAll(sources)
  try {
    const tensors = new Map<string, SafeTensor>()
    for (const file of files) {
      const source = guarded(await open(folder, file, expected !== undefined))
      sources.push(source)
      for (const tensor of await readSafetensors(source, signal)) {
        if (tensors.has(tensor.name)) {
          throw new DasllamaError(
            'BAD_FORMAT',
            `${displayName(source.name)}: tensor ${describeValue(tensor.name)} is also in an earlier shard`,
          )
        }
        tensors.set(tensor.name, tensor)
      }
    }
    for (const [name, file] of expected ?? []) {
      if (tensors.has(name)) continue
      throw new DasllamaError(
        'MISSING',
        `${displayName(folder.path)}: tensor ${describeValue(name)} is not in ${displayName(file)}, where ${INDEX} says it is`,
      )
    }
    return { tensors, sources, close }
  } catch (error) {
    await close().catch(() => {})
    throw error
  }
}

/** The file of each tensor of the index. */
function placesOf(index: JsonObject): Map<string, string> {
  const { values } = index.object('weight_map')
  const places = new Map<string, string>()
  for (const [name, file] of Object.entries(values)) {
    if (typeof file !== 'string' || !/^[\w.-]+$/.test(file) || file.startsWith('.')) {
      throw index.bad(
        `"weight_map" has ${describeValue(file)} for ${describeValue(name)}, not the name of a file in this folder`,
      )
    }
    places.set(name, file)
  }
  if (places.size === 0) throw index.bad('"weight_map" is empty')
  return places
}

async function open(folder: Folder, file: string, isShard: boolean): Promise<ByteSource> {
  try {
    return await folder.open(file)
  } catch (cause) {
    if (!(cause instanceof DasllamaError && cause.code === 'NOT_FOUND')) throw cause
    const message = isShard ? `the shard ${file} is missing` : `there is neither ${SINGLE} nor ${INDEX}`
    throw new DasllamaError('NOT_FOUND', `${displayName(folder.path)}: ${message}`, {
      hint: isShard
        ? `all files that ${INDEX} names must be in the folder`
        : 'PyTorch checkpoints (.bin) cannot be read; most models are published as safetensors, too',
      cause,
    })
  }
}
