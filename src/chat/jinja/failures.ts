import { describeValue } from '../../describe.js'
import { DasllamaError } from '../../errors.js'

/** The hint for any template that does not work. */
const TAKE_ANOTHER = 'use another template: see the option template'

/** The template does something that Jinja does not allow, mostly with a value of the wrong type. */
export function templateFailed(what: string, cause?: unknown): DasllamaError {
  return new DasllamaError('TEMPLATE_FAILED', `the chat template fails: ${what}`, {
    hint: 'it may need other messages, tools or variables; or use another template: see the option template',
    cause,
  })
}

/** The text is not a valid template. `location` includes an excerpt. */
export function templateInvalid(what: string, location: string): DasllamaError {
  return new DasllamaError('TEMPLATE_FAILED', `the chat template is not valid: ${what} (${location})`, {
    hint: `correct it, or ${TAKE_ANOTHER}`,
  })
}

/** The same error with the location in the template. */
export function templateFailedAt(error: DasllamaError, location: string): DasllamaError {
  const { code, message, hint } = error
  return new DasllamaError(code, `${message} (${location})`, { hint, cause: error })
}

/** The template exceeds a limit. */
export function templateLimit(what: string, hint = TAKE_ANOTHER, cause?: unknown): DasllamaError {
  return new DasllamaError('LIMIT', `the chat template ${what}`, { hint, cause })
}

/** Converts JavaScript's stack overflow errors; returns other errors unchanged. */
export function stackLimit(error: unknown): unknown {
  const isStack = error instanceof RangeError || (error instanceof Error && error.name === 'InternalError')
  if (!isStack) return error
  return templateLimit('nests too deeply for the JavaScript stack', undefined, error)
}

/** The template uses a filter, test, function, method or statement that is not supported. */
export function templateNeeds(
  kind: string,
  name: string,
  known: Iterable<string>,
  location?: string,
): DasllamaError {
  const where = location === undefined ? '' : ` (${location})`
  return new DasllamaError(
    'UNSUPPORTED',
    `the chat template needs the ${kind} ${describeValue(name)}${where}`,
    {
      hint: `supported: ${[...known].sort().join(', ')}; ${TAKE_ANOTHER}`,
    },
  )
}

/** The template has called `raise_exception`. */
export function templateRefuses(reason: string): DasllamaError {
  return new DasllamaError('TEMPLATE_REFUSED', `the chat template refuses the conversation: ${reason}`, {
    hint: `most templates require alternating messages of user and assistant; undo one, or ${TAKE_ANOTHER}`,
  })
}
