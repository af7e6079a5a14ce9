/**
 * Limits over several instances of the plugin, as several OpenCode processes have them.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { root } from "./rim/support/openCode.ts"
import { make, until } from "./rim/support/plugin.ts"
import { fieldsOf } from "./rim/support/readers.ts"

/** A folder where the plugin keeps what is the user's, for the time of the scope. */
const dataHome = Effect.acquireRelease(
  Effect.sync(() => {
    const before = process.env["XDG_DATA_HOME"]
    const folder = mkdtempSync(join(tmpdir(), "errand-data-"))
    process.env["XDG_DATA_HOME"] = folder
    return { before, folder }
  }),
  ({ before, folder }) =>
    Effect.sync(() => {
      if (before === undefined) delete process.env["XDG_DATA_HOME"]
      else process.env["XDG_DATA_HOME"] = before
      rmSync(folder, { recursive: true, force: true })
    })
)

const settings = { limitsScope: "machine", defaultConcurrency: 1 }
const task = { prompt: "p", description: "d", agent: "explore" }

describe("limitsScope", () => {
  it.live("A1 A4 G7 machine: a task waits for one of another instance, says so, and starts when that ends", () =>
    Effect.gen(function*() {
      yield* dataHome
      const first = yield* make(settings, { answer: () => undefined })
      const second = yield* make(settings)
      const one = yield* first.use("delegate_task", task)
      assert.include(one, "Status: running")
      const two = yield* second.use("delegate_task", task)
      assert.include(two, "Status: pending")
      assert.include(two, "(1 of 1 in use, 1 of them by other OpenCode instances on this machine; ")
      assert.include(two, "next in line, and starts by itself.")
      yield* first.use("background_cancel", { task_id: fieldsOf(one)["Task ID"] })
      yield* until(() => second.openCode.messages(root).length > 0)
    }).pipe(Effect.scoped))

  it.live("process, the default: each has limits of its own, and no file is made", () =>
    Effect.gen(function*() {
      const { folder } = yield* dataHome
      for (const _ of [1, 2]) {
        const { use } = yield* make({ ...settings, limitsScope: undefined }, { answer: () => undefined })
        assert.include(yield* use("delegate_task", task), "Status: running")
      }
      assert.isFalse(existsSync(join(folder, "errand")))
    }).pipe(Effect.scoped))

  it.live("machine, where the file cannot be made: limits hold in each process, and a person is told", () =>
    Effect.gen(function*() {
      const { folder } = yield* dataHome
      writeFileSync(join(folder, "errand"), "")
      const { openCode, use } = yield* make(settings, { answer: () => undefined })
      assert.include(yield* use("delegate_task", task), "Status: running")
      assert.include(yield* use("delegate_task", task), "(1 of 1 in use; ")
      const told = () => openCode.sent.filter(({ path }) => path === "/tui/show-toast")
      yield* until(() => told().length > 0)
      assert.include(JSON.stringify(told()[0]?.body), "Limits hold in this process only")
    }).pipe(Effect.scoped))
})
