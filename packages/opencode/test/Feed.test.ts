/**
 * What OpenCode tells, and how often those who listen hear of it.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Ref, Stream } from "effect"
import { TestClock } from "effect/testing"
import * as Events from "../src/host/events.ts"
import * as Feed from "../src/host/Feed.ts"
import type { Event } from "../src/host/wire.ts"

const writes = (session: string) => ({
  id: "evt_1",
  type: "message.part.delta",
  properties: { sessionID: session, messageID: "msg_1", partID: "prt_1", field: "text", delta: "a" }
})
const says = (session: string) => ({
  type: "message.part.updated",
  properties: { part: { id: "prt_1", sessionID: session, messageID: "msg_1", type: "text", text: "a" } }
})
const ends = (session: string) => ({
  type: "message.updated",
  properties: { info: { id: "msg_1", sessionID: session, role: "assistant", finish: "stop", time: { completed: 1 } } }
})
const idles = (session: string) => ({
  id: "evt_2",
  type: "session.status",
  properties: { sessionID: session, status: { type: "idle" } }
})

/** Who writes and who is idle, as it is heard. */
const listening = Effect.fnUntraced(function*(pollIntervalMs?: number) {
  const source = Feed.make(pollIntervalMs)
  const heard = yield* Ref.make<ReadonlyArray<string>>([])
  const news = yield* Ref.make(0)
  const bunches = yield* Ref.make<ReadonlyArray<number>>([])
  yield* Effect.gen(function*() {
    const feed = yield* Feed.Feed
    yield* Stream.runForEach(feed.signs, (event) => {
      const what = event.type === "message.part.delta"
        ? "writes"
        : event.type === "session.status"
        ? "idle"
        : event.type
      return Ref.update(heard, (all) => [...all, `${Events.sessionOf(event)} ${what}`])
    }).pipe(Effect.forkScoped({ startImmediately: true }))
    yield* Stream.runForEachArray(feed.signs, (bunch) => Ref.update(bunches, (all) => [...all, bunch.length])).pipe(
      Effect.forkScoped({ startImmediately: true })
    )
    yield* feed.listen(() => Ref.update(news, (n) => n + 1))
    return yield* Effect.never
  }).pipe(Effect.provide(source.layer), Effect.forkScoped({ startImmediately: true }))
  yield* Effect.repeat(Effect.yieldNow, { times: 20 })
  const pass = (ms: number) => Effect.andThen(TestClock.adjust(ms), Effect.repeat(Effect.yieldNow, { times: 20 }))
  return { pour: source.pour, heard: Ref.get(heard), news: Ref.get(news), bunches: Ref.get(bunches), pass }
})

describe("the feed", () => {
  it.effect("tells that a session writes at most once a second, however many pieces come, and not to all (B15)", () =>
    Effect.scoped(Effect.gen(function*() {
      const { heard, news, pass, pour } = yield* listening()
      for (let i = 0; i < 200; i++) {
        pour(writes("one"))
        pour(writes("two"))
        yield* pass(10)
      }
      yield* pass(1_000)
      assert.deepStrictEqual(yield* heard, ["one writes", "two writes", "one writes", "two writes"])
      assert.strictEqual(yield* news, 0)
      yield* pass(10_000)
      assert.strictEqual((yield* heard).length, 4, "who writes no more is told of no more")
    })))

  it.effect("tells it before whatever the session does next: an end stays the last word (B2)", () =>
    Effect.scoped(Effect.gen(function*() {
      const { heard, news, pass, pour } = yield* listening()
      pour(writes("one"))
      pour(writes("two"))
      pour(idles("one"))
      yield* pass(0)
      assert.deepStrictEqual(yield* heard, ["one writes", "one idle"])
      assert.strictEqual(yield* news, 1)
      yield* pass(1_000)
      assert.deepStrictEqual(yield* heard, ["one writes", "one idle", "two writes"])
    })))

  it.effect("tells it before a message that is complete, too: nobody writes after their last word (B3)", () =>
    Effect.scoped(Effect.gen(function*() {
      const { heard, pass, pour } = yield* listening()
      for (const event of [says("one"), ends("one")]) {
        pour(writes("one"))
        pour(event)
        yield* pass(1_000)
      }
      assert.deepStrictEqual(yield* heard, [
        "one writes",
        "one message.part.updated",
        "one writes",
        "one message.updated"
      ])
    })))

  it.effect("tells it more often where the poll comes more often: who writes need not be asked for (B1)", () =>
    Effect.scoped(Effect.gen(function*() {
      const { heard, pass, pour } = yield* listening(500)
      pour(writes("one"))
      yield* pass(250)
      assert.deepStrictEqual(yield* heard, ["one writes"])
    })))

  it.effect("tells what comes in one go together, in its order (B7)", () =>
    Effect.scoped(Effect.gen(function*() {
      const { bunches, pass, pour } = yield* listening()
      for (const session of ["one", "two", "three"]) {
        pour(writes(session))
        pour(idles(session))
      }
      yield* pass(0)
      const [first = 0, ...rest] = yield* bunches
      assert.isAtMost(rest.length, 1, "whoever waits is woken with the first, and then has the rest at once")
      assert.strictEqual(rest.reduce((sum, size) => sum + size, first), 6)
    })))
})

describe("those who listen", () => {
  it.effect("are asked about an event one after the other, before the next; what breaks is one's own", () =>
    Effect.scoped(Effect.gen(function*() {
      const source = Feed.make()
      const did = yield* Ref.make<ReadonlyArray<string>>([])
      const does = (who: string) => (event: Event) =>
        Ref.update(did, (all) => [...all, `${who} ${Events.sessionOf(event)}`])
      yield* Effect.gen(function*() {
        const feed = yield* Feed.Feed
        yield* feed.listen(() => {
          throw new Error("what is that?")
        })
        yield* feed.listen(() => Effect.die("what was that?"))
        yield* feed.listen(() => undefined)
        yield* feed.listen(does("a"))
        yield* Effect.scoped(feed.listen(does("gone")))
        yield* feed.listen(does("b"))
        source.pour(idles("one"))
        source.pour(idles("two"))
        yield* Effect.repeat(Effect.yieldNow, { times: 20 })
      }).pipe(Effect.provide(source.layer))
      assert.deepStrictEqual(yield* Ref.get(did), ["a one", "b one", "a two", "b two"])
    })))
})

describe("a hello", () => {
  const hello = (command: string) => ({ type: "tui.command.execute", properties: { command } })
  const greeted = (source: Feed.Source) =>
    Effect.gen(function*() {
      const done = yield* Ref.make(false)
      yield* Effect.flatMap(Feed.Feed, ({ greeted }) => Effect.andThen(greeted, Ref.set(done, true))).pipe(
        Effect.provide(source.layer),
        Effect.forkScoped({ startImmediately: true })
      )
      return Effect.andThen(Effect.repeat(Effect.yieldNow, { times: 20 }), Ref.get(done))
    })

  it.effect("is remembered from before anybody could listen (G6)", () =>
    Effect.scoped(Effect.gen(function*() {
      const source = Feed.make()
      source.pour(hello("errand.hello ses_1"))
      assert.isTrue(yield* yield* greeted(source))
    })))

  it.effect("is heard when it is said, and nothing else is taken for one (G6)", () =>
    Effect.scoped(Effect.gen(function*() {
      const source = Feed.make()
      const heard = yield* greeted(source)
      for (const command of ["errand.helloo", "errand.cancel bg_00000001", "hello", ""]) source.pour(hello(command))
      source.pour({ type: "tui.command.execute" })
      source.pour({ type: "session.idle", properties: { command: "errand.hello" } })
      assert.isFalse(yield* heard)
      source.pour(hello("errand.hello"))
      assert.isTrue(yield* heard)
    })))
})
