/**
 * How soon a parent hears: from the idle event of a task's session to the user message in its parent, beside what one
 * bare prompt to an idle session takes in the same run. Measured and printed; a slow machine is not a failure.
 */
import { assert, layer } from "@effect/vitest"
import { Script } from "@errand/lab"
import { Effect } from "effect"
import { delegateOne, newParent, patience, real, toldOnce, working, World } from "./support/world.ts"

const rounds = 15

const median = (values: ReadonlyArray<number>): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN

const summary = (values: ReadonlyArray<number>): string =>
  `${median(values)} ms (${Math.min(...values)}-${Math.max(...values)})`

/** When OpenCode first told of a message (the test's clock, ms). */
const heardAt = (session: string, message: string) =>
  Effect.gen(function*() {
    const { server } = yield* World
    const event = yield* server.waitFor(({ properties, type }) => {
      const { info } = properties
      return type === "message.updated" && typeof info === "object" && info !== null && "id" in info
        && info["id"] === message && properties["sessionID"] === session
    }, { timeout: patience, what: `message ${message}` })
    return event.at
  })

/** From the end of a task to the message that tells of it; then, in the same session, from a bare prompt to its message. */
const round = Effect.gen(function*() {
  const { model, server } = yield* World
  const parent = yield* newParent
  const { session } = yield* delegateOne(parent, { steps: [{ gate: parent, say: "done" }] })
  yield* working(session)
  yield* model.openGate(parent)
  const { info } = yield* toldOnce(parent)
  const idle = yield* server.waitFor(
    ({ properties, type }) => type === "session.idle" && properties["sessionID"] === session,
    { timeout: patience }
  )
  const from = Date.now()
  yield* server.promptAsync(parent, Script.script([{ say: "Hello." }]))
  const prompted = (yield* server.messages(parent)).findLast(({ info }) => info.role === "user")?.info.id ?? ""
  const result = {
    notice: (yield* heardAt(parent, info.id)) - idle.at,
    bare: (yield* heardAt(parent, prompted)) - from
  }
  yield* server.idle(parent)
  return result
})

layer(World.layer({ settings: { toasts: false } }), real)("latency", (it) => {
  it.effect("every notice arrives; how long after the task's last event is printed", () =>
    Effect.gen(function*() {
      // The first one finds everything cold.
      yield* round
      const all = yield* Effect.forEach(Array.from({ length: rounds }), () => round)
      const [notices, prompts] = [all.map(({ notice }) => notice), all.map(({ bare }) => bare)]
      console.log(
        `latency, p50 of ${rounds}: a task's idle event -> its parent's message ${summary(notices)}, `
          + `bare promptAsync -> message ${summary(prompts)}`
      )
      assert.strictEqual(notices.length, rounds)
      assert.isTrue(notices.every(Number.isFinite))
    }), 120_000)
})
