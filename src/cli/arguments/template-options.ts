import { describeValue } from '../../describe.js'
import { alias, text } from './options.js'
import { UsageError } from './usage-error.js'

/** The command line's hint for a model without a chat template. */
export const TEMPLATE_HINT = "use --template with chatml, another family's name, or Jinja"

/** Options for turning a conversation into a prompt. */
export const templateOptions = {
  system: alias(text('TEXT', 'the system message'), '-sys', '--system-prompt'),
  template: alias(
    text(
      'NAME',
      "one of the file's chat templates, a family such as chatml or llama-3, or Jinja; the file's own when not given",
    ),
    '--chat-template',
  ),
  templateVariables: alias(
    text('JSON', 'additional variables of the template, such as {"enable_thinking": false}'),
    '--chat-template-kwargs',
  ),
}

/** The variables that `--template-variables` gives. Throws `UsageError`. */
export function variablesOf(json: string | undefined): Record<string, unknown> {
  if (json === undefined) return {}
  try {
    const variables: unknown = JSON.parse(json)
    if (typeof variables === 'object' && variables !== null && !Array.isArray(variables)) {
      return variables as Record<string, unknown>
    }
  } catch {}
  throw new UsageError(`--template-variables must be a JSON object, not ${describeValue(json)}`)
}
