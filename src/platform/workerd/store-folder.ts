/** Cloudflare Workers; the build puts this in the place of src/hub/open-folder.ts. */

import { DasllamaError } from '../../errors.js'
import type { StoreFolder } from '../../storage/store/folder.js'

export async function openFolder(): Promise<StoreFolder> {
  throw new DasllamaError('UNSUPPORTED', 'a Worker has no storage for models', {
    hint: 'pass store: false to load without keeping anything',
  })
}
