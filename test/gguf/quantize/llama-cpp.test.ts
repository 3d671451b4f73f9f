import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { blockFormat } from '../../../src/gguf/block-formats.js'
import { quantize } from '../../../src/gguf/quantize.js'
import { quantizerInput } from './input.js'

/** SHA-256 of the blocks that llama.cpp makes of the same values, recorded by record.py (llama.cpp v0.5.0, 2026-11). */
const LLAMA_CPP = {
  Q4_0: 'ca3ba8ec5d0ec26abca7c302cf4ff619183ef8ee81c031f81c090d22aca3f66d',
  Q4_1: 'd2b9b7f039fbdf3e3fc3cbf3c297e03b36afbd975063a5351822b7f9d1613a09',
  Q5_0: '9ec35b0cc2ab10bf9b31ffc325febeb7f5a4dbdd5ba85b58fb9ab87a5cbbbee4',
  Q5_1: '59071ec9565aa979c0fe880fd2a043d47a396b4a4d452e302709af7ab3adf0c7',
  Q8_0: '00eaccd26bd7e1a60f4e80c8dc542c42ab6e9d846d29ab0caa56157c468edb69',
  Q4_K: 'ce37080cb53da208bbb22896bd09a7ddf44be61326b26d5941884c51fee0d522',
  Q5_K: '5bfc14d46e59e7fb67adcaf5458815825c7ec71362fbd9c3c4bc923d12dbcf8b',
  Q6_K: '785f031f62f3b22ebaecf3c67f38c88aa0248e64753b54c1db22693eaf8f360a',
  IQ4_NL: '10cddce96c68625cb3d8e10b6ce83f2d1199283b41e7eac2563cf4a2d12d4f56',
  IQ4_XS: '3739813444a64758174aa82009ad8f71bf137e886fc3df8d1dc0259f83f48abc',
}

describe('quantizers', () => {
  const values = quantizerInput()

  it.each(Object.entries(LLAMA_CPP))('%s gives the bytes of llama.cpp', (name, digest) => {
    const blocks = quantize(blockFormat(name), values)
    expect(createHash('sha256').update(blocks).digest('hex')).toBe(digest)
  })
})
