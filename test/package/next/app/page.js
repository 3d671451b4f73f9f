'use client'
import { useEffect } from 'react'
import { outcome, story } from './story.js'

export default function Page() {
  useEffect(() => {
    globalThis.onPage = outcome(story('/model.gguf'))
  }, [])
  return <p>dasllama</p>
}
