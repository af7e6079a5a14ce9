/**
 * Agents that make many tool calls, on the real OpenCode: one that goes in a circle is ended, one that works is not.
 */
import { assert, layer } from "@effect/vitest"
import { Script } from "@errand/lab"
import { Effect } from "effect"
import { delegateOne, type Errand, newParent, page, real, toldOnce, World } from "./support/world.ts"

const settings = { maxRepeatedCalls: 3, maxToolCalls: 9, toasts: false }

const use = (name: string, args: Script.ToolCall["args"]): Script.Step => ({ toolCalls: [{ name, args: args ?? {} }] })

const times = (n: number, step: (nth: number) => Script.Step): ReadonlyArray<Script.Step> =>
  Array.from({ length: n }, (_, nth) => step(nth))

const read = (filePath: string) => use("read", { filePath })

/** Sends one task to its end; gives what its parent was told and reads, and how many requests its agent made. */
const errand = Effect.fnUntraced(function*(steps: ReadonlyArray<Script.Step>, more: Partial<Errand> = {}) {
  const { model } = yield* World
  const parent = yield* newParent
  const { session, task } = yield* delegateOne(parent, { steps, ...more })
  const notice = yield* toldOnce(parent)
  const requests = (yield* model.requests).filter((request) => request.sessionID === session)
  return { notice: notice.text, page: yield* page(parent, task), requests: requests.length, session }
})

layer(World.layer({ settings }), { ...real, concurrent: true })("tool calls", (it) => {
  it.effect("the same one again and again ends the task, and the parent is told not to send it again (F4, F6, E5)", () =>
    Effect.gen(function*() {
      const { server } = yield* World
      const end = yield* errand([...times(30, () => read("opencode.json")), { say: "Round and round." }])
      // On a busy machine some more were made before the fourth was heard of.
      const why = /It called read \d+ times in a row with the same input; the limit is maxRepeatedCalls = 3/
      assert.match(end.notice, why)
      assert.include(end.notice, "CANCELLED")
      assert.include(end.notice, "Do not launch the same again: say it in other words, or ask the person.")
      assert.match(end.page, why)
      assert.isBelow(end.requests, 30)
      yield* server.idle(end.session, "10 seconds")
    }))

  it.effect("as many as that with other inputs are work (F4)", () =>
    Effect.gen(function*() {
      const end = yield* errand([...times(8, (nth) => read(nth % 3 === 2 ? "." : "opencode.json")), { say: "Read." }])
      assert.include(end.page, "Read.")
      assert.include(end.notice, "COMPLETE]")
      assert.strictEqual(end.requests, 9)
    }))

  it.effect("more than the call limit end the task, whatever they are (F4)", () =>
    Effect.gen(function*() {
      const end = yield* errand([...times(30, (nth) => read(`file ${nth}`)), { say: "All read." }])
      assert.match(end.page, /It made \d+ tool calls; the limit is maxToolCalls = 9/)
    }))

  it.effect("one that is told of many times counts once (F4)", () =>
    Effect.gen(function*() {
      const command = "for i in 1 2 3 4 5 6 7 8 9 10 11 12; do echo $i; sleep 0.1; done"
      const counts = use("bash", { command, description: "counts" })
      const end = yield* errand([...times(3, () => counts), { say: "Counted." }], { agent: "general" })
      assert.include(end.page, "Counted.")
    }))

  it.effect("that wait for a task of its own may be the same (F4, F7)", () =>
    Effect.gen(function*() {
      const own = { description: "Its own", prompt: Script.script([{ delay: 4_000, say: "there" }]), agent: "explore" }
      const wait = use("background_output", { task_id: "{{first:bg_[0-9a-f]{8}}}", block: true, timeout: 50 })
      const end = yield* errand([use("delegate_task", own), ...times(6, () => wait), { say: "Waits." }], {
        agent: "general",
        later: [{ say: "Waited." }]
      })
      assert.include(end.page, "Waited.")
      assert.isAtLeast(end.requests, 8)
    }))
})
