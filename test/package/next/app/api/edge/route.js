import { outcome, story } from '../../story.js'

export const runtime = 'edge'

export async function GET(request) {
  return Response.json(await outcome(story(new URL('/model.gguf', request.url))))
}
