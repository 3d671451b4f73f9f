import { mkdir, writeFile } from 'node:fs/promises'
import { pathToFileURL } from 'node:url'
import { expect, it } from 'vitest'
import { installed } from '../../bench/install.js'
import { temporaryFolder } from '../support/model-files.js'

it('does nothing if packages are installed or not needed', async () => {
  await using folder = await temporaryFolder()
  await mkdir(`${folder.path}/node_modules`)
  await writeFile(`${folder.path}/node_modules/.package-lock.json`, '{}')
  const told: string[] = []
  await installed(pathToFileURL(`${folder.path}/`), (text) => told.push(text))
  await installed(undefined, (text) => told.push(text))
  expect(told).toEqual([])
})

it('rejects if npm cannot install', async () => {
  await using folder = await temporaryFolder()
  const told: string[] = []
  await expect(installed(pathToFileURL(`${folder.path}/`), (text) => told.push(text))).rejects.toThrow(
    'npm ci',
  )
  expect(told).toHaveLength(1)
})
