/** Parses and renders hostile templates: a hundred thousand repetitions take linear time, or are rejected. */
import { Template } from '../../../src/chat/jinja/template.js'
import { attackInput, attempt } from '../support/attempt.js'

for (const [name, template] of attackInput<[string, string][]>()) {
  await attempt(name, () => new Template(template).render(new Map(), new Date(0)), { mayBeAccepted: true })
}
