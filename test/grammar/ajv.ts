/** The validator that JavaScript programs use, as an oracle. */
import Ajv04 from 'ajv-draft-04'
import ajvFormats from 'ajv-formats'
import Ajv2020 from 'ajv/dist/2020.js'

type Validate = (value: unknown) => boolean

const OPTIONS = {
  strict: false,
  logger: false,
  // Decimals are multiples as they are written, not as doubles divide.
  multipleOfPrecision: 8,
} as const

/** Whether values are valid by a schema of 2020-12, or of draft 4. */
export function ajvValidator(schema: object | boolean, draft: '2020-12' | 'draft-04' = '2020-12'): Validate {
  const ajv = draft === 'draft-04' ? new Ajv04.default(OPTIONS) : new Ajv2020.default(OPTIONS)
  ajvFormats.default(ajv as Parameters<typeof ajvFormats.default>[0])
  return ajv.compile(schema) as Validate
}
