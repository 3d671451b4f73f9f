/**
 * What a chat template writes right after a message's content: `… + message['content'] + '<|im_end|>'`. Group 1 is the
 * marker. The template is searched as text and never run.
 */
const AFTER_CONTENT = /content[^{}+]{0,60}\+\s*['"](<[^'"\\<>\s]{1,60}>)/g

/** The markers with which a template ends messages, each once, in order. */
export function templateEnds(template: string): string[] {
  return [...new Set(Array.from(template.matchAll(AFTER_CONTENT), ([, marker]) => marker))]
}
