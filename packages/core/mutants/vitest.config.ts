/**
 * The core's tests as they run against a planted fault: those that take no time first, as the first that fails is enough,
 * in one worker, with the same random numbers every time. Of the journal in a file those tests are there that end a service
 * and have another go on. Left out are the tests whose size is their point, and those of the examples and of the simulated host.
 */
import { defineConfig } from "vitest/config"
import { BaseSequencer, type TestSpecification } from "vitest/node"

/** Slowest last; what is not here is quick. */
const slow = ["Tasks.end", "Tasks.limits", "Notices", "Limits", "Admission", "Tasks.property", "Tasks.memory"]

const rank = ({ moduleId }: TestSpecification): number =>
  slow.findIndex((name) => moduleId.endsWith(`/${name}.test.ts`))

class QuickFirst extends BaseSequencer {
  override sort(files: Array<TestSpecification>): Promise<Array<TestSpecification>> {
    return Promise.resolve([...files].sort((a, b) => rank(a) - rank(b) || (a.moduleId < b.moduleId ? -1 : 1)))
  }
}

export default defineConfig({
  test: {
    name: "mutants",
    include: ["test/[A-Z]*.test.ts", "test/sqlite/{Owner,owners,restart,together}.test.ts"],
    exclude: ["test/Tasks.line.test.ts", "test/HostContract.test.ts"],
    setupFiles: ["mutants/seed.ts"],
    isolate: false,
    sequence: { sequencer: QuickFirst }
  }
})
