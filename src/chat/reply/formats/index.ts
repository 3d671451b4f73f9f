import type { ToolDialect } from '../dialect.js'
import type { SectionedFormat } from '../sections.js'
import { APERTUS } from './apertus.js'
import { ATEM } from './atem.js'
import { ATEM_SECTIONS } from './atem-sections.js'
import { COHERE } from './cohere.js'
import { COMMAND_R } from './command-r.js'
import { DEEPSEEK } from './deepseek.js'
import { DSML } from './dsml.js'
import { FIREFUNCTION } from './firefunction.js'
import { FUNCTIONARY } from './functionary.js'
import { GEMMA } from './gemma.js'
import { GIGACHAT } from './gigachat.js'
import { GIGACHAT_3 } from './gigachat-3.js'
import { GLM } from './glm.js'
import { GRANITE } from './granite.js'
import { HERMES } from './hermes.js'
import { HUNYUAN } from './hunyuan.js'
import { KIMI } from './kimi.js'
import { KIMI_K3 } from './kimi-k3.js'
import { LFM2 } from './lfm2.js'
import { LLAMA_JSON } from './llama-json.js'
import { MINICPM } from './minicpm.js'
import { MINIMAX } from './minimax.js'
import { MINIMAX_M3 } from './minimax-m3.js'
import { MISTRAL } from './mistral.js'
import { NEMOTRON } from './nemotron.js'
import { QWEN_XML } from './qwen-xml.js'
import { SEED } from './seed.js'
import { SOLAR } from './solar.js'
import { SOLAR_SECTIONS } from './solar-sections.js'
import { TOOL_CALLS } from './tool-calls.js'

/** The dialects of tool calls, in the order of detection: the most specific signs first. */
export const DIALECTS = [
  GEMMA,
  MISTRAL,
  DEEPSEEK,
  DSML,
  KIMI,
  SOLAR,
  LFM2,
  ATEM,
  APERTUS,
  COHERE,
  COMMAND_R,
  GIGACHAT,
  NEMOTRON,
  MINIMAX,
  MINIMAX_M3,
  SEED,
  MINICPM,
  QWEN_XML,
  HUNYUAN,
  GLM,
  GRANITE,
  TOOL_CALLS,
  HERMES,
  FIREFUNCTION,
  LLAMA_JSON,
] as const satisfies readonly ToolDialect[]

export type ToolDialectName = (typeof DIALECTS)[number]['name']

/** The dialect of this name; `undefined` for other formats of tool calls. */
export function dialectNamed(name: string): ToolDialect | undefined {
  return DIALECTS.find((dialect) => dialect.name === name)
}

/** Formats whose replies consist of sections, one of which is reasoning. */
export const SECTIONED_REASONING = [
  KIMI_K3,
  SOLAR_SECTIONS,
  ATEM_SECTIONS,
] as const satisfies readonly SectionedFormat[]

/** Formats whose replies consist of sections, some of which are calls. */
export const SECTIONED_TOOLS = [
  KIMI_K3,
  FUNCTIONARY,
  GIGACHAT_3,
] as const satisfies readonly SectionedFormat[]

export type SectionedReasoningName = (typeof SECTIONED_REASONING)[number]['name']
export type SectionedToolsName = (typeof SECTIONED_TOOLS)[number]['name']
