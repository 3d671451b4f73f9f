import { testAttack } from './support/child.js'

const FORMATS = [
  'F32',
  'F16',
  'BF16',
  'Q4_0',
  'Q5_1',
  'Q8_0',
  'Q2_K',
  'Q3_K',
  'Q4_K',
  'Q5_K',
  'Q6_K',
  'IQ2_XXS',
]

testAttack(
  'weights that are NaN or infinite',
  'not-numbers.ts',
  FORMATS.length * 28,
  { heapMegabytes: 200, seconds: 240 },
  { formats: FORMATS },
)

// Before their memory was released, a hundred models of 27 MB on two threads took 1.6 GB.
for (const threads of [1, 2]) {
  testAttack(
    `a hundred loads and disposals, threads: ${threads}`,
    'dispose-cycles.ts',
    100,
    { heapMegabytes: 200, residentMegabytes: 600, seconds: 300 },
    { cycles: 100, threads },
  )
}

testAttack(
  'two thousand chats without dispose()',
  'forgotten-sessions.ts',
  2004,
  { heapMegabytes: 100, residentMegabytes: 500, seconds: 300 },
  { chats: 2000, collectEvery: 0 },
)

testAttack(
  'two thousand chats without dispose(), collected at times',
  'forgotten-sessions.ts',
  2004,
  { heapMegabytes: 100, residentMegabytes: 500, seconds: 300, flags: ['--expose-gc'] },
  { chats: 2000, collectEvery: 30 },
)

testAttack(
  'loads aborted at any time',
  'aborted-loads.ts',
  120,
  { heapMegabytes: 200, residentMegabytes: 700, seconds: 300 },
  { loads: 120 },
)

testAttack('strange values in every argument', 'strange-values.ts', 2626, {
  heapMegabytes: 400,
  seconds: 240,
})
