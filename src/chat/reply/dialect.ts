import type { Calls } from './call.js'
import type { CallSyntax } from './call-syntax.js'
import type { CallReader, ContentHost } from './machine.js'

/** How a family of models writes tool calls. One file in `formats/` each, and one line in `formats/index.ts`. */
export interface ToolDialect<Name extends string = string> {
  readonly name: Name
  /** Markers that open a call. */
  readonly opens: readonly string[]
  /** Whether a call may also begin with `{` or `[`, at the beginning of the reply. Default: false. */
  readonly isBare?: boolean
  /** How its calls are written, from which the grammar of its calls is made. */
  readonly syntax: CallSyntax
  /** Whether a chat template (Jinja source) uses this dialect; called in the order of the registry. */
  detect(template: string): boolean
  /** A reader for such a call. `marker`: the one that opened it, '' for a bracket. */
  reader(calls: Calls, marker: string, content: ContentHost): CallReader
}
