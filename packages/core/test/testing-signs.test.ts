/**
 * What events say without their noise, and how far two accounts of the same may differ.
 */
import { assert, describe, it } from "@effect/vitest"
import type { HostEvent } from "../src/AgentHost.ts"
import { SessionId } from "../src/Task.ts"
import { agree, signs } from "../src/testing/Signs.ts"

const session = SessionId.make("ses_a")
const of = (...tags: ReadonlyArray<"Busy" | "Wrote" | "MessageEnded" | "Idle" | "Deleted">): ReadonlyArray<HostEvent> =>
  tags.map((_tag) => ({ _tag, session }))
const erred = (aborted: boolean): HostEvent => ({ _tag: "Erred", session, message: "no", aborted })

describe("signs", () => {
  it("of work count only as the first, and what is told twice in a row counts once", () => {
    assert.deepStrictEqual(
      signs(of("Wrote", "Busy", "MessageEnded", "Busy", "Wrote", "MessageEnded", "Busy", "Idle", "Idle")),
      ["works", "ends", "Idle"]
    )
    assert.deepStrictEqual(signs(of("Idle", "MessageEnded", "Idle")), ["Idle", "ends", "Idle"])
    assert.deepStrictEqual(signs(of("Deleted", "Busy")), ["Deleted"])
  })

  it("tell errors from aborts, and count each error", () => {
    assert.deepStrictEqual(signs([erred(false), erred(false), erred(true)]), ["Erred", "Erred", "Aborted"])
  })
})

describe("two accounts agree", () => {
  it("only if they tell the same in the same order, to the end", () => {
    assert.isTrue(agree(["works", "ends", "Idle"], ["works", "ends", "Idle"]))
    assert.isFalse(agree(["works", "Idle", "ends"], ["works", "ends", "Idle"]))
    assert.isFalse(agree(["works", "ends"], ["works", "ends", "Idle"]))
    assert.isFalse(agree(["works", "ends", "Idle", "Idle"], ["works", "ends", "Idle"]))
    assert.isFalse(agree([], ["works"]))
  })

  it("where the end of a message is told too early, not where it is told too late", () => {
    assert.isTrue(agree(["works", "ends", "Erred", "Idle", "ends", "Idle"], ["works", "Erred", "Idle", "ends", "Idle"]))
    assert.isFalse(agree(["works", "Idle", "ends"], ["works", "Idle"]))
    assert.isFalse(agree(["works", "Erred", "ends", "Idle"], ["works", "Erred", "Idle", "ends", "Idle"]))
  })
})
