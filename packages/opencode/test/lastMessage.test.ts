/**
 * Which message of OpenCode's ends a turn: then its session is idle soon, whether that is told or not.
 */
import { assert, describe, it } from "@effect/vitest"
import { Task } from "@errand/core"
import { Option } from "effect"
import * as Events from "../src/host/events.ts"

const updated = (info: object) =>
  Option.toArray(Events.decode({
    type: "message.updated",
    properties: { info: { id: "msg_1", sessionID: "ses_1", role: "assistant", time: { completed: 1 }, ...info } }
  })).flatMap(Events.translate)

const session = Task.SessionId.make("ses_1")
const ended = (last: boolean) => [{ _tag: "MessageEnded" as const, session, last }]

describe("an answer that is complete", () => {
  it("is the last of its turn, unless it called tools or is OpenCode's own summary (B3)", () => {
    assert.deepStrictEqual(updated({ finish: "stop" }), ended(true))
    assert.deepStrictEqual(updated({ finish: "length" }), ended(true))
    assert.deepStrictEqual(updated({ error: { name: "MessageAbortedError" } }), ended(true))
    assert.deepStrictEqual(updated({ finish: "tool-calls" }), ended(false))
    assert.deepStrictEqual(updated({ finish: "unknown" }), ended(false))
    assert.deepStrictEqual(updated({ finish: "stop", summary: true }), ended(false))
    assert.deepStrictEqual(updated({ finish: "stop", mode: "compaction" }), ended(false))
    assert.deepStrictEqual(updated({ time: {} }), [{ _tag: "Wrote", session }])
  })
})
