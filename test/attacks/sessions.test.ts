import { testAttack } from './support/child.js'

testAttack(
  'saved sessions with wrong numbers and a valid checksum',
  'hostile-states.ts',
  1501,
  { heapMegabytes: 200, residentMegabytes: 500, seconds: 300 },
  { states: 1500 },
)

testAttack(
  'dispose at any turn of the event loop, during any call',
  'dispose-any-time.ts',
  11 * 30,
  { heapMegabytes: 300, residentMegabytes: 900, seconds: 300 },
  { turns: 30 },
)
