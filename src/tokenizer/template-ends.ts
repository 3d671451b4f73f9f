/**
 * Matches the marker that a chat template writes after a message's content: `… + message['content'] + '<|im_end|>'`.
 * Group 1 is the marker. The template is searched as text, not executed.
 */
const AFTER_CONTENT = /content[^{}+]{0,60}\+\s*['"](<[^'"\\<>\s]{1,60}>)/g

/** The distinct markers with which a template ends messages, in order. */
export function templateEnds(template: string): string[] {
  return [...new Set(Array.from(template.matchAll(AFTER_CONTENT), ([, marker]) => marker))]
}
