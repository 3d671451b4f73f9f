import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

/** With these headers a page may have threads. The server of the built app should send them, too. */
const headers = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
}

export default defineConfig({ plugins: [react()], server: { headers }, preview: { headers } })
