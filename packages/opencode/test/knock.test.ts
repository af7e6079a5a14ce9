/**
 * Which copy of the plugin goes on with what was left behind, where OpenCode has made more than one.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { existsSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Knock from "../src/Knock.ts"
import type { Options, Reply } from "./rim/support/openCode.ts"
import { root } from "./rim/support/openCode.ts"
import { make, until } from "./rim/support/plugin.ts"

/** Whether anything is kept yet: a journal in a file is made by whoever is at work. */
const journals = Effect.acquireRelease(
  Effect.sync(() => {
    const before = process.env["XDG_DATA_HOME"]
    const folder = mkdtempSync(join(tmpdir(), "errand-knock-"))
    process.env["XDG_DATA_HOME"] = folder
    return { before, folder, isThere: () => existsSync(join(folder, "errand", "journals")) }
  }),
  ({ before, folder }) =>
    Effect.sync(() => {
      if (before === undefined) delete process.env["XDG_DATA_HOME"]
      else process.env["XDG_DATA_HOME"] = before
      rmSync(folder, { recursive: true, force: true })
    })
)

/** A copy that keeps its journal in a file; one to which nothing comes, where that is said. */
const copy = Effect.fnUntraced(
  function*(options: Options & { readonly isDeaf?: boolean; readonly agents?: boolean } = {}) {
    const { agents, isDeaf = false, ...rest } = options
    const { isThere } = yield* journals
    const plugin = yield* make({ journal: "sqlite", ...(agents === undefined ? {} : { agents }) }, rest)
    if (isDeaf) plugin.openCode.listen(() => undefined)
    return {
      ...plugin,
      isAtWork: isThere,
      knocks: () => plugin.openCode.sent.filter(({ path }) => path === "/tui/publish")
    }
  }
)

const refused = (path: string) => (sent: { readonly path: string }, own: Reply): Reply =>
  sent.path === path ? { status: 400, body: { name: "BadRequest", data: { message: "not here" } } } : own

describe("a copy of the plugin that nobody has used", () => {
  it.live("D8 G6 that hears what it has the server say goes on with what was left behind, and knocks once", () =>
    Effect.gen(function*() {
      const { isAtWork, knocks } = yield* copy()
      yield* until(isAtWork)
      assert.lengthOf(knocks(), 1)
      assert.deepInclude(knocks()[0]?.body, { type: "tui.command.execute", properties: { command: Knock.command } })
    }).pipe(Effect.scoped))

  it.live("D8 G6 that hears nothing takes up nothing, until it is spoken to", () =>
    Effect.gen(function*() {
      const { hook, isAtWork, knocks } = yield* copy({ isDeaf: true })
      yield* until(() => knocks().length > 0)
      yield* Effect.sleep("1500 millis")
      assert.isFalse(isAtWork())
      yield* hook("event", { event: { type: "tui.command.execute", properties: { command: "errand.hello" } } })
      yield* until(isAtWork)
    }).pipe(Effect.scoped))

  it.live("D8 that hears nothing takes up nothing, until one of its tools is called", () =>
    Effect.gen(function*() {
      const { isAtWork, knocks, use } = yield* copy({ isDeaf: true, answer: () => undefined })
      yield* until(() => knocks().length > 0)
      yield* Effect.sleep("500 millis")
      assert.isFalse(isAtWork())
      const said = yield* use("delegate_task", { prompt: "p", description: "d", agent: "explore" }, root)
      assert.include(said, "Status: running")
      assert.isTrue(isAtWork())
    }).pipe(Effect.scoped))

  it.live("D8 is not put to work by a setting that it has to read first", () =>
    Effect.gen(function*() {
      const { hook, isAtWork, knocks } = yield* copy({ isDeaf: true, agents: false })
      const config = {}
      yield* hook("config", config)
      assert.deepStrictEqual(config, {})
      yield* until(() => knocks().length > 0)
      yield* Effect.sleep("500 millis")
      assert.isFalse(isAtWork())
    }).pipe(Effect.scoped))

  it.live("D8 goes on with what was left behind where the server cannot be asked", () =>
    Effect.gen(function*() {
      const { isAtWork } = yield* copy({ isDeaf: true, overrule: refused("/tui/publish") })
      yield* until(isAtWork)
    }).pipe(Effect.scoped))

  it.live("E8 that was disposed of does nothing any more, whatever it hears", () =>
    Effect.gen(function*() {
      const { hook, hooks, isAtWork, knocks } = yield* copy({ isDeaf: true })
      yield* until(() => knocks().length > 0)
      yield* Effect.promise(hooks.dispose)
      yield* hook("event", { event: { type: "tui.command.execute", properties: { command: "errand.hello" } } })
      yield* Effect.sleep("500 millis")
      assert.isFalse(isAtWork())
    }).pipe(Effect.scoped))
})
