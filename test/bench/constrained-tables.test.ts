import { expect, it } from 'vitest'
import { renderConstrained } from '../../bench/constrained/tables.js'
import { RECORD } from './record-fixture.js'

it("shows the cost of masks, and their share of the model's steps", () => {
  const text = renderConstrained({
    schema: 1,
    date: RECORD.date,
    commit: RECORD.commit,
    machine: RECORD.machine,
    trees: [{ vocabulary: 49_152, build: 81.4, nodes: 123_456 }],
    formats: [
      {
        vocabulary: 49_152,
        format: 'any object',
        compile: 2.34,
        first: [0.5, 0.1, 2],
        again: [0.001, 0.002, 0.003],
        accept: [0.1, 0.1, 0.2],
        step: [10, 9, 11],
      },
    ],
  })
  expect(text).toContain('49,152 tokens: 123,456 nodes in 81 ms')
  expect(text).toContain('| 49,152 | any object | 2.3 | 0.500 (2.0) | 0.002 | 0.100 | 10.0 | 10.0 % |')
})
