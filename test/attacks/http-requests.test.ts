import { testAttack } from './support/child.js'

/** Attacks of the program, each of which runs twice, and two looks at the memory. */
const ATTEMPTS = 2 * 26 + 2

testAttack('hostile requests to a server', 'http-requests.ts', ATTEMPTS, {
  heapMegabytes: 250,
  residentMegabytes: 700,
  seconds: 420,
  flags: ['--expose-gc'],
})

// `prlimit` is a program of Linux.
if (process.platform === 'linux') {
  testAttack('more connections to a server than files may be open', 'too-many-connections.ts', 3, {
    heapMegabytes: 100,
    seconds: 60,
  })
}
