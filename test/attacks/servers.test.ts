import { testAttacks } from './support/child.js'

const SERVERS = [
  'an endless body of zeros',
  'an endless body that begins like a model',
  'an endless model',
  'a body that announces 4 GB',
  'a model that announces 4 GB',
  'a small gzip body that expands to much',
  'ranges that never end',
  'silence',
  'a head and silence',
  'a drip',
  'a redirect to itself',
  'endless headers',
  'cut after each byte',
  '503 for ever',
]

// The base is about 200 MB; 64 MB are kept of a body without ranges, and as many are buffered on both sides of the connection.
const LIMITS = { heapMegabytes: 300, residentMegabytes: 550, seconds: 120 }

testAttacks('server', 'servers.ts', 2, LIMITS, SERVERS)
