/**
 * Set by `asc --use` (scripts/kernel-builds.mjs): whether this is the build for engines that join pairs of 128-bit
 * operations into 256-bit ones, as V8 does with `--experimental-wasm-revectorize`. It joins two chains of the same
 * operations that end in stores 16 bytes apart and begin with loads 16 bytes apart or with one load for both. Each 16 must
 * be an immediate offset, and no load may come between the stores. To broadcast a lane to a pair use `load32_splat` or
 * `splat`, never a shuffle, which V8 13 compiles wrongly (test/engines/wide.test.ts compares the bits of all models).
 */
declare const WIDE: bool
