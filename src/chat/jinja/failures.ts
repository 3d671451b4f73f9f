import { DasllamaError } from '../../errors.js'

/** The template does something that its language does not allow, mostly with a value of the wrong kind. */
export function templateFailed(what: string, cause?: unknown): DasllamaError {
  return new DasllamaError('TEMPLATE_FAILED', `the chat template fails: ${what}`, {
    hint: 'it may want other messages, tools or variables, or another template: see the option template',
    cause,
  })
}

/** The template uses a name of the language that is not known here. */
export function templateNeeds(kind: string, name: string, known: Iterable<string>): DasllamaError {
  return new DasllamaError('UNSUPPORTED', `the chat template needs the ${kind} "${name}"`, {
    hint: `known are ${[...known].sort().join(', ')}; use another template: see the option template`,
  })
}

/** The template has called `raise_exception`. */
export function templateRefuses(reason: string): DasllamaError {
  return new DasllamaError('TEMPLATE_REFUSED', `the chat template refuses the conversation: ${reason}`)
}
