import { outcome, story } from './story.js'

outcome(story(new URL('/model.gguf', location.origin))).then((result) => postMessage(result))
