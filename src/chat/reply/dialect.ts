import type { Calls } from './call.js'
import type { CallReader, ContentHost } from './machine.js'

/** How a family of models writes tool calls. One file in `formats/` each, and one line in `formats/index.ts`. */
export interface ToolDialect<Name extends string = string> {
  readonly name: Name
  /** Markers that open a call within content. */
  readonly opens: readonly string[]
  /** A call may also begin with a brace or the bracket of a list, where the reply does. Default false. */
  readonly isBare?: boolean
  /** Whether a chat template (Jinja source) has its models write calls so; asked in the order of the registry. */
  detect(template: string): boolean
  /** What reads such a call. `marker`: the one that opened it, '' for a bracket. */
  reader(calls: Calls, marker: string, content: ContentHost): CallReader
}
