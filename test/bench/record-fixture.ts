import type { BenchRecord } from '../../bench/record.js'

const MODEL = {
  what: 'invented',
  parameters: 2_500_000,
  tensorBytes: 2_000_000,
  formats: [
    { format: 'Q8_0', bytes: 1_990_000 },
    { format: 'F32', bytes: 10_000 },
    { format: 'F16', bytes: 1 },
  ],
  work: { decodeBytes: 2_000_000, prefillMacs: 2_400_000 },
  contextLength: 256,
}

/** A record of invented figures: dasllama loses `pp100`, wins `tg10`, and a rival misses one model. */
export const RECORD: BenchRecord = {
  schema: 2,
  date: '2026-01-02T03:04:05.678Z',
  command: 'npm run bench',
  commit: 'abc1234+',
  machine: {
    cpu: 'Intel(R) Xeon(R) CPU @ 2.20GHz',
    cores: 2,
    memoryBytes: 8e9,
    platform: 'linux x64',
    node: '20.0.0',
    v8: '11.3',
    load: { before: 0.1, after: 1 },
  },
  settings: { repetitions: 3, budgetMs: 30_000 },
  contestants: [
    {
      name: 'dasllama',
      how: 'directly',
      runtime: 'Node 24.0.0',
      versions: { dasllama: '0.1.0' },
      against: [],
    },
    {
      name: 'rival',
      how: 'through its API',
      runtime: 'Node 20.0.0',
      versions: { rival: '9', engine: 'b1' },
      against: ['dasllama', 'dasllama elsewhere'],
    },
  ],
  models: [
    {
      ...MODEL,
      name: 'first',
      loads: [
        {
          contestant: 'dasllama',
          threads: 1,
          ms: 12.34,
          rssBefore: 50e6,
          rssLoaded: 53e6,
          end: { engineBytes: 2_200_000, rss: 54e6 },
        },
        {
          contestant: 'rival',
          threads: 1,
          ms: 123.4,
          rssBefore: 60e6,
          rssLoaded: 70e6,
          end: { engineBytes: undefined, rss: 61e6 },
        },
      ],
      tests: [
        { test: 'pp100', tokens: 100, contestant: 'dasllama', threads: 1, samples: [400, 100, 200] },
        { test: 'pp100', tokens: 100, contestant: 'rival', threads: 1, samples: [50, 50, 50] },
        { test: 'tg10', tokens: 10, contestant: 'dasllama', threads: 1, samples: [100, 100, 100] },
        { test: 'tg10', tokens: 10, contestant: 'rival', threads: 1, samples: [150, 150, 150] },
        { test: 'tg10', tokens: 10, contestant: 'dasllama', threads: 2, samples: [50] },
        { test: 'tg10', tokens: 10, contestant: 'rival', threads: 2, samples: [] },
      ],
    },
    {
      ...MODEL,
      name: 'second',
      loads: [],
      tests: [{ test: 'tg10', tokens: 10, contestant: 'dasllama', threads: 1, samples: [1, 1, 1] }],
    },
  ],
  skipped: [{ what: 'second, rival', why: 'cannot read it' }],
  sizes: {
    files: [{ file: 'dist/kernels.wasm', bytes: 12_345, gzipBytes: 6789 }],
    tarballBytes: 50_000,
    unpackedBytes: 150_000,
  },
}
