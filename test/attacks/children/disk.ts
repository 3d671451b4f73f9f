/** Files that could exhaust file descriptors, or that change while they are read. */
import { readdirSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { str, type TypedValue, u16, u32 } from '../../../src/gguf/typed-value.js'
import { writeGguf } from '../../../src/gguf/writer.js'
import { loadModel } from '../../../src/index.js'
import { bytesSource } from '../../../src/storage/bytes.js'
import { smallModel, smallParts } from '../../model/small.js'
import { temporaryFolder } from '../../support/model-files.js'
import { attempt, report } from '../support/attempt.js'

const PARTS = 1024
await using folder = await temporaryFolder()
const pathOf = (name: string) => join(folder.path, name)

// A thousand parts, most of them empty.
const { metadata, tensors } = smallParts()
const partName = (index: number) => `m-${String(index + 1).padStart(5, '0')}-of-0${PARTS}.gguf`
for (let index = 0; index < PARTS; index++) {
  const split: [string, TypedValue][] = [
    ['split.no', u16(index)],
    ['split.count', u16(PARTS)],
    ['split.tensors.count', u32(tensors.length)],
    ['of', str('a model of many parts')],
  ]
  writeFileSync(
    pathOf(partName(index)),
    writeGguf({
      metadata: index === 0 ? [...metadata, ...split] : split,
      tensors: tensors.filter((_, i) => (i * 47) % PARTS === index),
    }),
  )
}
const openFiles = () => {
  try {
    return readdirSync('/proc/self/fd').length
  } catch {
    return 0 // Not on Linux.
  }
}
const before = openFiles()
let most = before
const watch = setInterval(() => {
  most = Math.max(most, openFiles())
}, 1)
const model = await loadModel(pathOf(partName(0)), { threads: 1 })
clearInterval(watch)
model.dispose()
report(most - before <= 40, `${most - before} files were open at once`)
report(openFiles() <= before + 1, 'files stayed open')

// A file that is written while it is read.
const path = pathOf('changing.gguf')
const bytes = smallModel()
writeFileSync(path, bytes)
utimesSync(path, 1, 1)
await attempt(
  'a file that changes',
  () => loadModel(path, { threads: 1, onProgress: () => writeFileSync(path, bytes) }),
  { codes: ['IO'] },
)

// Sources whose close fails: the earlier error is reported.
const source = (read: 'fails' | 'works') => ({
  ...bytesSource(bytes),
  ...(read === 'fails' && { read: () => Promise.reject(new Error('the disk is on fire')) }),
  close: () => Promise.reject(new Error('closing failed')),
})
const failure: unknown = await loadModel(source('fails'), { threads: 1 }).catch((error) => error)
report(failure instanceof Error && failure.message === 'the disk is on fire', String(failure))
await attempt(
  'a bad file',
  () => loadModel({ ...bytesSource(new Uint8Array(9)), close: source('works').close }),
  {
    codes: ['BAD_FORMAT'],
  },
)
const loaded = await loadModel(source('works'), { threads: 1 })
loaded.dispose()
report(true)
