/** Measures on a page and posts the results. */
import { run } from './program.js'

const { kernels, ...task } = JSON.parse(decodeURIComponent(location.hash.slice(1)))
const bytes = new Uint8Array(await (await fetch(kernels)).arrayBuffer())
const result = await run({ ...task, kernels: bytes }).catch((error) => ({ error: String(error) }))
await fetch('/', { method: 'POST', body: JSON.stringify(result) })
