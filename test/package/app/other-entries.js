import { openStore } from 'dasllama/hub'
import { createSampler } from 'dasllama/sampling'

globalThis.entries = [typeof openStore, typeof createSampler]
