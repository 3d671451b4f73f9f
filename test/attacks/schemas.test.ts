import { testAttack } from './support/child.js'

const limits = { heapMegabytes: 600, seconds: 240 }

testAttack('schemas whose automata would be exponential', 'schemas.ts', 15, limits, { part: 'automata' })
testAttack('schemas whose combinations multiply', 'schemas.ts', 14, limits, { part: 'combinations' })
testAttack('schemas that count', 'schemas.ts', 14, limits, { part: 'counts' })
testAttack('grammars that count', 'schemas.ts', 4, limits, { part: 'grammars' })
