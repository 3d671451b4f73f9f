/**
 * Set by `asc --use` (scripts/kernel-builds.mjs): whether this is the build for engines that join pairs of 128-bit
 * operations into 256-bit ones, as V8 does with `--experimental-wasm-revectorize`. It joins what ends in stores 16 bytes
 * apart and does the same on the way there, from loads 16 bytes apart or one load for both. All 16 must be immediates, and
 * nothing may be loaded between the stores. A lane is spread over a pair by `load32_splat` or `splat`, never by a shuffle: V8 13
 * gets that wrong (test/engines/wide.test.ts compares all models' bits).
 */
declare const WIDE: bool
