import type { FunctionTool } from '../index.js'

/** Whether the model calls a tool: as it decides, never, always, or always this one. */
export type ToolChoice = 'auto' | 'none' | 'required' | { readonly name: string }

/** The tools that the model is shown, and the options of its reply that enforce the choice. */
export function withToolChoice({
  tools = [],
  toolChoice = 'auto',
}: {
  readonly tools?: readonly FunctionTool[]
  readonly toolChoice?: ToolChoice
}): { readonly tools: readonly FunctionTool[]; readonly more: { readonly toolChoice?: ToolChoice } } {
  if (toolChoice === 'none') return { tools: [], more: {} }
  return { tools, more: toolChoice === 'auto' ? {} : { toolChoice } }
}
