import { type ByteSource, DasllamaError } from 'dasllama'
import type { R2Bucket } from './bindings.js'

/** An object of a bucket, read by ranges straight into the model's memory. Split models (`-00001-of-00003.gguf`) work too. */
export async function openObject(bucket: R2Bucket, key: string): Promise<ByteSource> {
  const found = await bucket.head(key)
  if (!found) {
    throw new DasllamaError('NOT_FOUND', `${key} is not in the bucket`, {
      hint: `upload it: npx wrangler r2 object put BUCKET/${key} --file ${key}`,
    })
  }
  const { size, etag } = found

  async function read(offset: number, target: Uint8Array, signal?: AbortSignal): Promise<void> {
    if (target.length === 0) return
    const range = { offset, length: target.length }
    const object = await bucket.get(key, { range, onlyIf: { etagMatches: etag } })
    if (!object?.body) throw new DasllamaError('IO', `${key} has been replaced while it was read`)
    let filled = 0
    for await (const bytes of object.body) {
      signal?.throwIfAborted()
      target.set(bytes, filled)
      filled += bytes.length
    }
    if (filled < target.length)
      throw new DasllamaError('TRUNCATED', `${key} ended after ${offset + filled} bytes`)
  }

  const folder = key.slice(0, key.lastIndexOf('/') + 1)
  return {
    ...{ name: key, size, version: etag, read },
    sibling: (fileName) => openObject(bucket, folder + fileName),
    async close() {},
  }
}
