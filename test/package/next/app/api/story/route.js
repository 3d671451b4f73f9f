import { outcome, story } from '../../story.js'

export const dynamic = 'force-dynamic'

export async function GET() {
  return Response.json(await outcome(story(process.env.MODEL)))
}
