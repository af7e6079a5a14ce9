/**
 * What is known of sessions from events, and what is asked for.
 */
import { assert, describe, it } from "@effect/vitest"
import { Task } from "@errand/core"
import { Effect, Layer } from "effect"
import * as Feed from "../src/host/Feed.ts"
import { Sessions } from "../src/host/Sessions.ts"
import { clientWith } from "./support/transport.ts"

const id = "ses_1"
const session = Task.SessionId.make(id)
const denied = (permission: string) => ({ permission, pattern: "*", action: "deny" as const })
const told = (type: "session.created" | "session.updated", info: object) => ({
  type,
  properties: { info: { id, ...info } }
})

/** OpenCode says of the session what `stored` is, when it is asked. */
const open = Effect.fnUntraced(function*(stored: object) {
  const source = Feed.make()
  const { layer, log } = clientWith(() => ({ status: 200, body: { id, ...stored } }))
  const sessions = yield* Effect.map(
    Layer.build(Sessions.layer.pipe(Layer.provide(layer), Layer.provide(source.layer))),
    (context) => Sessions.pipe(Effect.provideContext(context))
  )
  const hear = (event: object) =>
    Effect.andThen(Effect.sync(() => source.pour(event)), Effect.repeat(Effect.yieldNow, { times: 20 }))
  yield* Effect.repeat(Effect.yieldNow, { times: 20 })
  return {
    get: Effect.flatMap(sessions, (sessions) => sessions.get(session)),
    isUndone: Effect.flatMap(sessions, (sessions) => sessions.isUndone(session)),
    hear,
    asked: Effect.sync(() => log.length)
  }
})

describe("sessions", () => {
  it.effect("what events tell is not asked for: the parent, and the rules as they are now", () =>
    Effect.scoped(Effect.gen(function*() {
      const { asked, get, hear } = yield* open({})
      yield* hear(told("session.created", { parentID: "ses_0", permission: [denied("edit")] }))
      assert.deepStrictEqual(yield* get, {
        parent: Task.SessionId.make("ses_0"),
        permission: [denied("edit")],
        isUndone: false
      })
      yield* hear(told("session.updated", { parentID: "ses_0", permission: [denied("edit"), denied("bash")] }))
      assert.deepStrictEqual((yield* get).permission, [denied("edit"), denied("bash")])
      yield* hear(told("session.updated", { parentID: "ses_0", permission: [denied("edit")] }))
      assert.deepStrictEqual((yield* get).permission, [denied("edit")])
      yield* hear(told("session.updated", { parentID: null, permission: [denied("edit")] }))
      assert.deepStrictEqual(yield* get, { parent: undefined, permission: [denied("edit")], isUndone: false })
      yield* hear(told("session.updated", {}))
      assert.deepStrictEqual(yield* get, { parent: undefined, permission: [], isUndone: false })
      yield* hear(told("session.updated", { revert: { messageID: "msg_1" } }))
      assert.isTrue((yield* get).isUndone)
      yield* hear(told("session.updated", {}))
      assert.isFalse((yield* get).isUndone)
      assert.strictEqual(yield* asked, 0)
    })))

  it.effect("C1 one in which something was undone is asked for again before that is believed, and one of a task is not held", () =>
    Effect.scoped(Effect.gen(function*() {
      const revert = { messageID: "msg_1" }
      const here = yield* open({ revert })
      yield* here.hear(told("session.updated", {}))
      assert.isFalse(yield* here.isUndone)
      assert.strictEqual(yield* here.asked, 0)
      yield* here.hear(told("session.updated", { revert }))
      assert.isTrue(yield* here.isUndone)
      assert.strictEqual(yield* here.asked, 1)
      // In another window it was redone, which nobody tells here.
      const stale = yield* open({})
      yield* stale.hear(told("session.updated", { revert }))
      assert.isFalse(yield* stale.isUndone)
      const child = yield* open({ revert })
      yield* child.hear(told("session.updated", { parentID: "ses_0", revert }))
      assert.isFalse(yield* child.isUndone)
    })))

  it.effect("of what was not told it is asked once, and what is told later counts", () =>
    Effect.scoped(Effect.gen(function*() {
      const { asked, get, hear } = yield* open({ permission: [denied("edit")] })
      assert.deepStrictEqual((yield* get).permission, [denied("edit")])
      assert.deepStrictEqual((yield* get).permission, [denied("edit")])
      assert.strictEqual(yield* asked, 1)
      yield* hear(told("session.updated", { permission: [denied("bash")] }))
      assert.deepStrictEqual((yield* get).permission, [denied("bash")])
      assert.strictEqual(yield* asked, 1)
    })))

  it.effect("rules that cannot be read are not taken for the old ones, nor for none: they are asked for", () =>
    Effect.scoped(Effect.gen(function*() {
      const { asked, get, hear } = yield* open({ permission: [denied("bash")] })
      yield* hear(told("session.created", { permission: [] }))
      yield* hear(told("session.updated", { permission: [{ permission: "bash", action: "forbid" }] }))
      assert.deepStrictEqual((yield* get).permission, [denied("bash")])
      assert.strictEqual(yield* asked, 1)
    })))
})
