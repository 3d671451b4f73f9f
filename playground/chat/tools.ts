import type { ToolDefinition } from 'dasllama'
import { calculate } from './calculator.js'

type Arguments = Readonly<Record<string, unknown>>

/** A tool that this page can run. Errors become the call's result. */
interface ExampleTool extends ToolDefinition {
  run(of: Arguments): unknown
}

const EXAMPLES: readonly ExampleTool[] = [
  {
    name: 'calculator',
    description: 'Evaluates an arithmetic expression.',
    parameters: {
      type: 'object',
      properties: {
        expression: { type: 'string', description: 'Such as 2 * (3 + sqrt(16))' },
      },
      required: ['expression'],
    },
    run: ({ expression }) => ({ result: calculate(String(expression)) }),
  },
  {
    name: 'clock',
    description: 'The current date and time in a time zone.',
    parameters: {
      type: 'object',
      properties: {
        timeZone: { type: 'string', description: 'IANA name, such as Europe/Rome. Default: the user’s.' },
      },
    },
    run: ({ timeZone }) => {
      const options = timeZone === undefined ? {} : { timeZone: String(timeZone) }
      return { now: new Date().toLocaleString('en', { dateStyle: 'full', timeStyle: 'long', ...options }) }
    },
  },
]

/** The definitions of the example tools, as the editor shows them. */
export const EXAMPLE_DEFINITIONS: readonly ToolDefinition[] = EXAMPLES.map(
  ({ run: _, ...definition }) => definition,
)

/** Runs a call, if it is of an example tool: its result, or the error as one. `undefined` if the page does not have the tool. */
export function runTool(name: string, of: Arguments): unknown {
  const tool = EXAMPLES.find((example) => example.name === name)
  if (!tool) return undefined
  try {
    return tool.run(of)
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) }
  }
}

/** The definitions in a JSON text. Throws a `SyntaxError`, or an `Error` if it is not a list. */
export function parseDefinitions(json: string): ToolDefinition[] {
  const parsed: unknown = JSON.parse(json)
  if (!Array.isArray(parsed)) throw new Error('the definitions must be a JSON array')
  return parsed
}
