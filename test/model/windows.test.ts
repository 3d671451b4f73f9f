import { describe, expect, it } from 'vitest'
import { Metadata, type MetadataValue } from '../../src/gguf/metadata.js'
import { HyperparameterReader } from '../../src/model/hyperparameter-reader.js'
import { readScale } from '../../src/model/scales.js'
import { readWindows, type WindowDefaults } from '../../src/model/windows.js'

function readerOf(values: Readonly<Record<string, MetadataValue>>): HyperparameterReader {
  const keys = Object.entries(values).map(([key, value]) => [`it.${key}`, value] as const)
  return new HyperparameterReader({
    container: 'gguf',
    version: 3,
    name: 'm.gguf',
    metadata: new Metadata('m.gguf', new Map([['general.architecture', 'it'], ...keys])),
    tensors: new Map(),
    tensorBytes: 0,
  })
}

const WINDOW = 'attention.sliding_window'
const PATTERN = 'attention.sliding_window_pattern'

describe('the windows of layers', () => {
  it.each<[string, Record<string, MetadataValue>, WindowDefaults, (number | undefined)[]]>([
    ['the last of a period is global', { [WINDOW]: 8 }, { period: 3 }, [8, 8, undefined, 8]],
    ['the first is', { [WINDOW]: 8 }, { period: 3, global: 'first' }, [undefined, 8, 8, undefined]],
    ['a default window', {}, { window: 5, period: 2 }, [5, undefined, 5, undefined]],
    ['no window', {}, { window: 0 }, [undefined, undefined, undefined, undefined]],
    ['a period of 1, first', { [WINDOW]: 8, [PATTERN]: 1 }, { global: 'first' }, Array(4).fill(undefined)],
    ['a period of 0, first', { [WINDOW]: 8, [PATTERN]: 0 }, { global: 'first' }, [8, 8, 8, 8]],
    ['the file’s period', { [WINDOW]: 8, [PATTERN]: 2 }, { period: 4 }, [8, undefined, 8, undefined]],
    ['flags', { [WINDOW]: 8, [PATTERN]: [false, true, true, false] }, {}, [undefined, 8, 8, undefined]],
  ])('%s', (_, values, defaults, expected) => {
    expect(readWindows(readerOf(values), 4, defaults)).toEqual(expected)
  })

  it.each<[string, Record<string, MetadataValue>, string, string]>([
    ['no window', { [PATTERN]: 2 }, 'MISSING', `"it.${WINDOW}" is missing`],
    ['no pattern', { [WINDOW]: 8 }, 'MISSING', `"it.${PATTERN}" is missing`],
    ['too few flags', { [WINDOW]: 8, [PATTERN]: [true, true, true] }, 'BAD_FORMAT', `"it.${PATTERN}" has 3`],
    ['a negative period', { [WINDOW]: 8, [PATTERN]: -2 }, 'BAD_FORMAT', `"it.${PATTERN}" is -2`],
    ['half a window', { [WINDOW]: 0.5, [PATTERN]: 2 }, 'BAD_FORMAT', `"it.${WINDOW}" is 0.5`],
  ])('need both keys where a family has no defaults: %s', (_, values, code, message) => {
    expect(() => readWindows(readerOf(values), 4, {})).toThrow(
      expect.objectContaining({ name: 'DasllamaError', code, message: expect.stringContaining(message) }),
    )
  })
})

it.each([
  [undefined, 3],
  [0, 1],
  [0.25, 0.25],
])('a scale of %s in a file is a factor of %s', (value, expected) => {
  expect(readScale(readerOf(value === undefined ? {} : { scale: value }), 'scale', 3)).toBe(expected)
})
