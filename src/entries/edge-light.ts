/** The package for edge functions of Vercel and Next: its platform is included, because only this runtime's bundlers accept its kernels. */
import { providePlatform } from '../platform/detect.js'
import { platform } from '../platform/edge-light/platform.js'

providePlatform(platform)

export * from '../index.js'
