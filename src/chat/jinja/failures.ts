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

/** The text of the template is none. */
export function templateInvalid(what: string, cause: unknown): DasllamaError {
  return new DasllamaError('TEMPLATE_FAILED', `the chat template fails: it is no valid template (${what})`, {
    hint: `correct it, or ${TAKE_ANOTHER}`,
    cause,
  })
}

/** The template is larger, or wants more, than a limit allows. */
export function templateLimit(what: string, hint = TAKE_ANOTHER, cause?: unknown): DasllamaError {
  return new DasllamaError('LIMIT', `the chat template ${what}`, { hint, cause })
}

/** The template uses a name of the language that is not known here. */
export function templateNeeds(kind: string, name: string, known: Iterable<string>): DasllamaError {
  return new DasllamaError('UNSUPPORTED', `the chat template needs the ${kind} "${name}"`, {
    hint: `known are ${[...known].sort().join(', ')}; ${TAKE_ANOTHER}`,
  })
}

/** The template has called `raise_exception`. */
export function templateRefuses(reason: string): DasllamaError {
  return new DasllamaError('TEMPLATE_REFUSED', `the chat template refuses the conversation: ${reason}`, {
    hint: `most templates want messages of the user and the assistant in turns; undo one, or ${TAKE_ANOTHER}`,
  })
}
