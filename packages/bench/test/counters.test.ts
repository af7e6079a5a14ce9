/**
 * What the fake OpenCode counts: requests and bytes, and who is at work at once.
 */
import { assert, describe, layer } from "@effect/vitest"
import { Effect } from "effect"
import { Script } from "../src/server/index.ts"
import { atRest, child, done, eventually, Fake, fresh, prompt, real } from "./support/fake.ts"

describe("Counters of the fake OpenCode", () => {
  layer(Fake.layer, real)((it) => {
    it.effect("requests are counted by method and route, with their bytes, in the phase in which they come", () =>
      Effect.gen(function*() {
        const { client, control } = yield* fresh
        const root = yield* control.root({ history: { messages: 20, bytes: 300 } })
        yield* control.phase("two")
        const all = yield* Effect.tryPromise(() => client.session.messages({ path: { id: root } }))
        yield* Effect.tryPromise(() => client.session.messages({ path: { id: root }, query: { limit: 2 } }))
        yield* Effect.tryPromise(() => client.session.get({ path: { id: "ses_nobody" } }))
        const [before, two] = yield* control.counters
        const traffic = two?.requests["GET /session/:id/message"]
        const bytes = JSON.stringify(all.data).length
        assert.deepStrictEqual([before?.name, before?.total.count, two?.name, two?.total.count], ["start", 0, "two", 3])
        assert.strictEqual(traffic?.count, 2)
        assert.isAbove(bytes, 20 * 300)
        assert.isAbove(traffic?.bytesOut ?? 0, bytes)
        assert.isBelow(traffic?.bytesOut ?? 0, bytes * 1.2)
        assert.deepStrictEqual(two?.requests["GET /session/:id"]?.failed, 1)
      }))

    it.effect("a phase that lasts so long ends by itself, however late the next one is asked for", () =>
      Effect.gen(function*() {
        const { client, control } = yield* fresh
        const ask = Effect.tryPromise(() => client.session.get({ path: { id: "ses_nobody" } }))
        yield* control.phase("short", 1)
        yield* Effect.sleep("20 millis")
        yield* ask
        yield* control.phase("long", 60_000)
        yield* ask
        yield* ask
        const phases = (yield* control.counters).slice(1).map(({ from, name, to, total: { count } }) => ({
          name,
          count,
          lasted: to === undefined ? undefined : to - from
        }))
        assert.deepStrictEqual(phases.map(({ count, name }) => [name, count]), [["short", 0], ["after", 1], [
          "long",
          2
        ]])
        assert.approximately(phases[0]?.lasted ?? 0, 1, 0.001)
        assert.isUndefined(phases[2]?.lasted)
      }))

    it.effect("what is sent is counted in, and what people do and the bench asks is not", () =>
      Effect.gen(function*() {
        const { control } = yield* fresh
        const root = yield* control.root()
        yield* control.say(root, "hello")
        const id = yield* child(root)
        yield* prompt(id, "x".repeat(5_000))
        const { requests, total } = yield* control.counted
        assert.deepStrictEqual(
          Object.entries(requests).map(([route, { count }]) => `${count} ${route}`).toSorted(),
          ["1 POST /session", "1 POST /session/:id/prompt_async"]
        )
        assert.isAbove(total.bytesIn, 5_000)
        assert.isBelow(total.bytesIn, 5_500)
      }))

    it.effect("a path that is not there is 404, counted and listed", () =>
      Effect.gen(function*() {
        const { control, url } = yield* fresh
        const statuses = yield* Effect.forEach(["/app", "/app", "/session/ses_x/share"], (path) =>
          Effect.tryPromise(() => fetch(new URL(path, url)).then(({ status }) => status)))
        const { total, unknown } = yield* control.counted
        assert.deepStrictEqual(statuses, [404, 404, 404])
        assert.deepStrictEqual(unknown, { "GET /app": 2, "GET /session/ses_x/share": 1 })
        assert.deepStrictEqual([total.count, total.failed], [3, 3])
      }))

    it.effect("the most sessions at work at once are known in all, by model and by provider; roots do not count", () =>
      Effect.gen(function*() {
        const { control } = yield* fresh
        const root = yield* control.root()
        yield* control.say(root, Script.script([{ do: "gate", name: "end" }, done]))
        const models = ["fake/m1", "fake/m1", "fake/m2", "other/m1"]
        const all = yield* Effect.forEach(
          models,
          (model) => Effect.tap(child(root), (id) => prompt(id, [{ do: "gate", name: "end" }, done], { model }))
        )
        const working = yield* eventually(control.working, (found) => found.length === 4)
        assert.deepStrictEqual(working.map(({ model }) => model).toSorted(), models)
        yield* control.openGate("end")
        yield* Effect.forEach(all, atRest)
        yield* Effect.tap(child(root), (id) => Effect.andThen(prompt(id, [done]), atRest(id)))
        assert.deepStrictEqual((yield* control.counted).peak, {
          total: 4,
          byModel: { "fake/m1": 2, "fake/m2": 1, "other/m1": 1 },
          byProvider: { fake: 3, other: 1 }
        })
        assert.deepStrictEqual(yield* control.working, [])
        // A phase knows nothing of the crowds before it.
        yield* control.phase("later")
        assert.strictEqual((yield* control.counted).peak.total, 0)
      }))

    it.effect("a session whose parent is gone is an orphan while it works, and no longer when it is stopped", () =>
      Effect.gen(function*() {
        const { control } = yield* fresh
        const [lost, kept] = [yield* control.root(), yield* control.root()]
        const one = yield* child(lost)
        const two = yield* child(kept)
        yield* Effect.forEach([one, two], (id) => prompt(id, [{ do: "hang" }]))
        yield* eventually(control.working, (found) => found.length === 2)
        assert.deepStrictEqual(yield* control.orphans, [])
        yield* control.remove(lost)
        assert.deepStrictEqual((yield* control.orphans).map(({ session }) => session), [one])
        yield* control.abort(one)
        assert.deepStrictEqual(yield* control.orphans, [])
        assert.deepStrictEqual((yield* control.working).map(({ session }) => session), [two])
      }))
  })
})
