/**
 * The session of a task: opened once, also where the process that opened it is gone and could not say so.
 */
import { assert, describe, it } from "@effect/vitest"
import { AgentHost, Task } from "@errand/core"
import { Effect, Layer } from "effect"
import * as Feed from "../src/host/Feed.ts"
import * as OpenCodeHost from "../src/host/OpenCodeHost.ts"
import { Sessions } from "../src/host/Sessions.ts"
import { pending } from "./fixtures.ts"
import { clientWith } from "./support/transport.ts"

const parent = Task.SessionId.make("ses_parent")
const other = Task.TaskId.make("bg_00000001")

/** What was asked for, in order, where the parent has a child for this task. */
const opened = (task: Task.TaskId, mayExist: boolean) => {
  const { layer, log } = clientWith(({ method, path }) =>
    method === "POST"
      ? { status: 200, body: { id: "ses_new" } }
      : path.endsWith("/children")
      ? { status: 200, body: [{ id: "ses_other" }, { id: "ses_child", metadata: { errand: { task: pending.id } } }] }
      : { status: 200, body: { id: parent } }
  )
  return Effect.gen(function*() {
    const host = yield* AgentHost.AgentHost
    const request = { task, request: { ...pending.request, parent }, mayLaunch: false, mayExist }
    const sessions = [yield* host.open(request), yield* host.open(request)]
    return { sessions, asked: log.map(({ method, path }) => `${method} ${path}`) }
  }).pipe(Effect.provide(
    OpenCodeHost.layer({ noticeMaxChars: 0 }).pipe(
      Layer.provide(Sessions.layer),
      Layer.provide(layer),
      Layer.provide(Feed.make().layer)
    )
  ))
}

describe("the session of a task", () => {
  it.effect("C2 is opened without a look where nobody can have opened it, and once", () =>
    Effect.gen(function*() {
      const { asked, sessions } = yield* opened(pending.id, false)
      assert.deepStrictEqual(sessions, ["ses_new", "ses_new"])
      assert.deepStrictEqual(asked, ["GET /session/ses_parent", "POST /session"])
    }))

  it.effect("C2 D8 is the one that was left behind, where a process that is gone may have opened it", () =>
    Effect.gen(function*() {
      const { asked, sessions } = yield* opened(pending.id, true)
      assert.deepStrictEqual(sessions, ["ses_child", "ses_child"])
      assert.deepStrictEqual(asked, ["GET /session/ses_parent/children"])
    }))

  it.effect("C2 D8 is a new one where none was left behind for it", () =>
    Effect.gen(function*() {
      const { asked, sessions } = yield* opened(other, true)
      assert.deepStrictEqual(sessions, ["ses_new", "ses_new"])
      assert.deepStrictEqual(asked, ["GET /session/ses_parent/children", "GET /session/ses_parent", "POST /session"])
    }))
})
