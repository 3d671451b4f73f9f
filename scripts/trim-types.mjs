import { readdir, readFile, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'

/** Removes declarations from a folder that those of the entries do not use. */
export async function trimTypes(folder, entries) {
  const used = new Set()
  const follow = async (path) => {
    if (used.has(path)) return
    used.add(path)
    const text = await readFile(path, 'utf8')
    const names = Array.from(
      text.matchAll(/(?:from |import\(|reference path=)["'](\.[^"']+)["']/g),
      ([, name]) => name,
    )
    await Promise.all(names.map((name) => follow(resolve(path, '..', name.replace(/\.js$/, '.d.ts')))))
  }
  await Promise.all(entries.map((entry) => follow(resolve(folder, entry))))
  const all = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = all
    .filter((entry) => entry.isFile())
    .map((entry) => resolve(entry.parentPath ?? entry.path, entry.name))
  await Promise.all(files.filter((path) => !used.has(path)).map((path) => rm(path)))
  await removeEmpty(folder)
}

async function removeEmpty(folder) {
  const entries = await readdir(folder, { withFileTypes: true })
  await Promise.all(
    entries.filter((entry) => entry.isDirectory()).map((entry) => removeEmpty(join(folder, entry.name))),
  )
  if ((await readdir(folder)).length === 0) await rm(folder, { recursive: true })
}
