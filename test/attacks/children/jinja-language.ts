/** Parses and renders hostile templates: what is repeated a hundred thousand times takes time in proportion, or is refused. */
import { Template } from '../../../src/chat/jinja/template.js'
import { attackInput, attempt } from '../support/attempt.js'

for (const [name, template] of attackInput<[string, string][]>()) {
  await attempt(name, () => new Template(template).render(new Map(), new Date(0)), { mayPass: true })
}
