import { describeValue } from '../../describe.js'
import { DasllamaError } from '../../errors.js'

/** What helps against any template that does not do. */
const TAKE_ANOTHER = 'use another template: see the option template'

/** The template does something that its language does not allow, mostly with a value of the wrong kind. */
export function templateFailed(what: string, cause?: unknown): DasllamaError {
  return new DasllamaError('TEMPLATE_FAILED', `the chat template fails: ${what}`, {
    hint: 'it may want other messages, tools or variables, or another template: see the option template',
    cause,
  })
}

/** The text is not a valid template. `place`: where, with an excerpt. */
export function templateInvalid(what: string, place: string): DasllamaError {
  return new DasllamaError('TEMPLATE_FAILED', `the chat template is not valid: ${what} (${place})`, {
    hint: `correct it, or ${TAKE_ANOTHER}`,
  })
}

/** The same failure of a rendering, with the place in the template where it happened. */
export function templateFailedAt(error: DasllamaError, place: string): DasllamaError {
  const { code, message, hint } = error
  return new DasllamaError(code, `${message} (${place})`, { hint, cause: error })
}

/** The template is larger, or wants more, than a limit allows. */
export function templateLimit(what: string, hint = TAKE_ANOTHER, cause?: unknown): DasllamaError {
  return new DasllamaError('LIMIT', `the chat template ${what}`, { hint, cause })
}

/** What JavaScript throws where its stack ends; anything else comes back as it is. */
export function stackLimit(error: unknown): unknown {
  const isStack = error instanceof RangeError || (error instanceof Error && error.name === 'InternalError')
  if (!isStack) return error
  return templateLimit('nests more deeply than the stack of this place allows', undefined, error)
}

/** The template uses a name of the language that is not known here. */
export function templateNeeds(
  kind: string,
  name: string,
  known: Iterable<string>,
  place?: string,
): DasllamaError {
  const where = place === undefined ? '' : ` (${place})`
  return new DasllamaError(
    'UNSUPPORTED',
    `the chat template needs the ${kind} ${describeValue(name)}${where}`,
    {
      hint: `known are ${[...known].sort().join(', ')}; ${TAKE_ANOTHER}`,
    },
  )
}

/** The template has called `raise_exception`. */
export function templateRefuses(reason: string): DasllamaError {
  return new DasllamaError('TEMPLATE_REFUSED', `the chat template refuses the conversation: ${reason}`, {
    hint: `most templates want messages of the user and the assistant in turns; undo one, or ${TAKE_ANOTHER}`,
  })
}
