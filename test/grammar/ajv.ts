/** The validator that JavaScript programs use, as an oracle. */

import Ajv07 from 'ajv'
import Ajv2020 from 'ajv/dist/2020.js'
import Ajv04 from 'ajv-draft-04'
import ajvFormats from 'ajv-formats'

type Validate = (value: unknown) => boolean

const OPTIONS = {
  strict: false,
  logger: false,
  // multipleOf is checked on decimals, not by dividing doubles.
  multipleOfPrecision: 8,
} as const

const CLASSES = { '2020-12': Ajv2020.default, 'draft-07': Ajv07.default, 'draft-04': Ajv04.default }

/** Whether values are valid by a schema of a draft. */
export function ajvValidator(schema: object | boolean, draft: keyof typeof CLASSES = '2020-12'): Validate {
  const ajv = new CLASSES[draft](OPTIONS)
  ajvFormats.default(ajv as Parameters<typeof ajvFormats.default>[0])
  return ajv.compile(schema) as Validate
}
