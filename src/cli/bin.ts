#!/usr/bin/env node
import { nodeTerminal, processArguments, setExitCode } from '../platform/node/terminal.js'
import { main } from './main.js'

setExitCode(await main(processArguments(), nodeTerminal()))
