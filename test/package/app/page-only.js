import { outcome, story } from './story.js'

globalThis.onPage = outcome(story('/model.gguf'))
