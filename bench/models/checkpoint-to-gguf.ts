import type { Metadata } from '../../src/gguf/metadata.js'
import { openModelFile } from '../../src/gguf/open.js'
import { array, bool, f32, str, type TypedValue, u32 } from '../../src/gguf/typed-value.js'
import type { GgufParts } from '../../src/gguf/writer.js'
import { platform } from '../../src/platform/node/platform.js'

/** A llama2.c checkpoint, weights unchanged, as the parts of a GGUF file. Holds all weights in memory at once. */
export async function checkpointToGguf(path: string): Promise<GgufParts> {
  const file = await openModelFile(await platform.openPath(path))
  try {
    const tensors = await Promise.all(
      [...file.tensors.values()].map(async ({ name, shape, format, source, offset, byteLength }) => {
        const data = new Uint8Array(byteLength)
        await source.read(offset, data)
        return { name, shape, format, data }
      }),
    )
    return { metadata: typedMetadata(file.metadata), tensors }
  } finally {
    await file.close()
  }
}

/** Types of the values in a checkpoint's metadata. */
function* typedMetadata(metadata: Metadata): Generator<[string, TypedValue]> {
  for (const [key, value] of metadata.entries()) {
    if (typeof value === 'string') yield [key, str(value)]
    else if (typeof value === 'boolean') yield [key, bool(value)]
    else if (typeof value === 'number') {
      // llama.cpp requires f32 for real numbers, even if they are integers.
      const isReal = /epsilon|freq_base/.test(key)
      yield [key, isReal ? f32(value) : u32(value)]
    } else if (value instanceof Float32Array) yield [key, array('f32', value)]
    else if (value instanceof Int32Array) yield [key, array('i32', value)]
    else yield [key, array('string', value as readonly string[])]
  }
}
