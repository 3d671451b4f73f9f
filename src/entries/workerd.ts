/** The package for Cloudflare Workers: its platform is included, because only this runtime's bundlers accept its kernels. */
import { providePlatform } from '../platform/detect.js'
import { platform } from '../platform/workerd/platform.js'

providePlatform(platform)

export * from '../index.js'
