/**
 * What the fake OpenCode writes down, and what it tells to whom.
 */
import { assert, describe, layer } from "@effect/vitest"
import { Effect } from "effect"
import { hear, type ServerEvent } from "./support/events.ts"
import { atRest, child, directory, done, eventually, Fake, fresh, logOf, prompt, real } from "./support/fake.ts"

describe("The log and the events of the fake OpenCode", () => {
  layer(Fake.layer, real)((it) => {
    it.effect("the log has what reached a root, every end of a turn and every abort, by one clock", () =>
      Effect.gen(function*() {
        const { client, control } = yield* fresh
        const root = yield* control.root()
        const id = yield* child(root)
        yield* prompt(id, [done])
        yield* atRest(id)
        yield* prompt(root, "[ALL DONE]", { noReply: true })
        yield* prompt(id, [{ do: "hang" }])
        yield* eventually(control.working, (found) => found.length === 1)
        yield* Effect.tryPromise(() => client.session.abort({ path: { id } }))
        const told = yield* logOf(root, "told")
        const ends = yield* logOf(id, "idle", "abort")
        assert.deepStrictEqual(
          told.map(({ noReply, person, text }) => ({ noReply, person, text })),
          [{ noReply: true, person: false, text: "[ALL DONE]" }]
        )
        assert.deepStrictEqual(ends.map(({ kind, was }) => `${kind} ${was ?? ""}`), ["idle ", "abort busy", "idle "])
        const times = [ends[0]?.at, told[0]?.at, ends[1]?.at, ends[2]?.at].map(Number)
        assert.deepStrictEqual(times, times.toSorted((a, b) => a - b))
        // Ms since 1970, as here: the same hour, and no whole numbers.
        assert.isBelow(Math.abs(Date.now() - Number(times[0])), 3_600_000)
        assert.isTrue(times.some((time) => time % 1 !== 0))
      }))

    it.effect("who waits for the log is answered when something happens, and with nothing when nothing does", () =>
      Effect.gen(function*() {
        const { control } = yield* fresh
        const root = yield* control.root()
        const { next } = yield* control.log()
        const nothing = yield* control.log({ since: next, wait: 30 })
        assert.deepStrictEqual(nothing.entries, [])
        const [{ entries }] = yield* Effect.all([
          control.log({ since: next, wait: 20_000, kinds: ["told"] }),
          Effect.delay(prompt(root, "news"), "50 millis")
        ], { concurrency: "unbounded" })
        assert.deepStrictEqual(entries.map(({ kind, text }) => [kind, text]), [["told", "news"]])
      }))

    it.effect("an end that is told by no event is told by none, and the session is at rest all the same", () =>
      Effect.scoped(Effect.gen(function*() {
        const { control, url } = yield* fresh
        const heard: Array<ServerEvent> = []
        yield* hear(url, (event) => heard.push(event), `/event?directory=${directory}`)
        const root = yield* control.root()
        const of = (id: string) =>
          heard.filter(({ properties }) => properties["sessionID"] === id).map(({ properties, type }) =>
            type === "session.status" ? JSON.stringify(properties["status"]) : type
          )
        const silent = yield* child(root)
        const loud = yield* child(root)
        yield* prompt(silent, [done], { script: { silent: true } })
        yield* atRest(silent)
        yield* prompt(loud, [done])
        yield* eventually(Effect.sync(() => of(loud)), (types) => types.includes("session.idle"))
        assert.notInclude(of(silent), "session.idle")
        assert.notInclude(of(silent), "{\"type\":\"idle\"}")
        assert.include(of(silent), "message.updated")
        assert.deepStrictEqual((yield* logOf(silent, "idle")).map(({ heard }) => heard), [false])
      })))

    it.effect("who listens to a directory hears nothing of another one, and who listens to all hears everything", () =>
      Effect.scoped(Effect.gen(function*() {
        const { control, url } = yield* fresh
        const here: Array<ServerEvent> = []
        const all: Array<ServerEvent> = []
        yield* hear(url, (event) => here.push(event), `/event?directory=${directory}`)
        yield* hear(url, (event) => all.push(event), "/global/event")
        const elsewhere = yield* control.root({ directory: "/elsewhere" })
        const root = yield* control.root()
        const created = (events: ReadonlyArray<ServerEvent>) =>
          events.filter(({ type }) => type === "session.created").map(({ properties }) => properties["sessionID"])
        yield* eventually(Effect.sync(() => [here, all]), (both) => both.every((one) => created(one).includes(root)))
        assert.deepStrictEqual(created(here), [root])
        assert.deepStrictEqual(created(all), [elsewhere, root])
      })))
  })
})
