import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Files that take half a minute and more, the longest first. */
const LONG = [
  'test/docs/code.test.ts',
  'test/oracle/tokenizer.test.ts',
  'test/oracle/models.test.ts',
  'test/model/reference.test.ts',
  'test/kernels/matmul.test.ts',
  'test/facade/abort.test.ts',
  'test/kernels/formats.test.ts',
  'test/chat/calls/random-calls.test.ts',
]

/**
 * Begins with the files that are known to be long, of all projects, so that none of them runs alone at the end; then the files with a
 * process of their own, because a shared process ends where one of these is next. Vitest itself knows how long files are only after a run,
 * and takes the largest ones first until then.
 */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId, project }: TestSpecification) => {
      const found = LONG.findIndex((file) => moduleId.endsWith(`/${file}`))
      if (found >= 0) return found
      return project.config.isolate ? LONG.length : LONG.length + 1
    }
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b))
  }
}
