import { describe } from 'vitest'
import { testAttack } from './support/child.js'

/** Memory of Node, the transpiler and the kernels before anything is read, in MB. */
const BASE = 260

/** With the child's memory limit, in MB besides `BASE`: about twice the file's size in memory. */
const FILES: readonly (readonly [what: string, residentMegabytes: number])[] = [
  ['64 MB of booleans', 150],
  ['256 MB of booleans', 150],
  ['as many booleans as allowed', 150],
  ['200 MB of strings of two letters', 400],
  ['as many strings of two letters as allowed', 400],
  ['as many empty strings as allowed', 300],
  ['as many doubles as allowed', 300],
  ['seven texts of 60 MB', 850],
  ['keys of 60 kB each', 150],
  ['arrays within arrays', 150],
  ['an architecture of 30 MB', 250],
  ['tokens of two letters', 250],
  ['tokens of 60 MB each', 1000],
  ['as many tokens as allowed', 500],
  ['as many merges as allowed', 300],
]

describe('metadata', () => {
  for (const [what, residentMegabytes] of FILES) {
    testAttack(
      `metadata: ${what}`,
      'metadata.ts',
      3,
      { heapMegabytes: 400, residentMegabytes: BASE + residentMegabytes, seconds: 300 },
      what,
    )
  }
})

describe('values that messages quote', () => {
  for (const length of [200, 1_000_000]) {
    testAttack(
      `quoted values of ${length} characters`,
      'names.ts',
      20,
      { heapMegabytes: 400, residentMegabytes: BASE + 200, seconds: 120 },
      length,
    )
  }
})

describe('files of the disk', () => {
  testAttack('many parts, a file that changes, sources that do not close', 'disk.ts', 6, {
    heapMegabytes: 300,
    residentMegabytes: BASE + 100,
    seconds: 120,
  })
})
