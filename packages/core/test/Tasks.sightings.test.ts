/**
 * What is kept of a running task besides its state: of which pools it has slots, and what it waited for meanwhile.
 */
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Fiber, HashMap, Layer, Option, Schema, Stream } from "effect"
import { inMemory, Journal } from "../src/Journal.ts"
import * as Observation from "../src/Observation.ts"
import * as Sighting from "../src/Sighting.ts"
import * as Task from "../src/Task.ts"
import type { TaskEvent } from "../src/TaskEvent.ts"
import { Tasks } from "../src/Tasks.ts"
import { SimulatedHost } from "../src/testing/SimulatedHost.ts"
import { taskId } from "./support/arbitraries.ts"
import { byScript, call, hang, inWorld, pass, say, soon, wait, type World } from "./support/world.ts"

type Kept = ReadonlyArray<TaskEvent>

/** Everything that is kept from now on. */
const keeping = (world: World) =>
  Effect.gen(function*() {
    const events: Array<TaskEvent> = []
    const listener = yield* Effect.forkScoped(
      Stream.runForEach(world.tasks.changes, ({ event }) => Effect.sync(() => events.push(event))),
      { startImmediately: true }
    )
    return { events, atRest: Effect.andThen(Fiber.interrupt(listener), world.atRest) }
  })

const sightings: ReadonlySet<string> = new Set(["Asked", "Answered", "Retried", "Lent", "Restored"])

/** The sightings of a task, each with its moment. */
const seen = (events: Kept, { id }: { readonly id: string }) =>
  events.flatMap((event) => event.id === id && sightings.has(event._tag) ? [[event._tag, event.at] as const] : [])

describe("a task that has its slots", () => {
  inWorld("is kept with the pools that it has them of, narrowest first, as large as they are then", {
    settings: { defaultConcurrency: 2, maxConcurrency: 7 }
  }, (world) =>
    Effect.gen(function*() {
      const { atRest, events } = yield* keeping(world)
      yield* world.limits.resize("default:@explore", 3)
      yield* world.launch("one")
      yield* pass(500)
      yield* world.limits.resize("default:@explore", 0)
      yield* world.launch("two")
      yield* pass(500)
      const pools = events.flatMap((event) => event._tag === "Started" ? [event.pools] : [])
      assert.deepStrictEqual(pools, [
        [{ name: "default:@explore", size: 3 }, { name: "total", size: 7 }],
        [{ name: "default:@explore" }, { name: "total", size: 7 }]
      ])
      yield* pass("1 minute")
      yield* atRest
    }))

  inWorld("is seen to wait for a person, and for its provider, and nobody is told of the same twice", {
    scripts: {
      one: [
        { do: "permission", name: "bash", what: "npm test", ms: 1_000 },
        { do: "retry", ms: 3_000, message: "overloaded", attempt: 1 },
        { do: "retry", ms: 4_000, message: "overloaded", attempt: 2 },
        say("done")
      ]
    }
  }, (world) =>
    Effect.gen(function*() {
      const { atRest, events } = yield* keeping(world)
      const task = yield* world.launch("one")
      yield* pass("20 seconds")
      const session = yield* world.sessionOf(task)
      yield* world.host.answer(session, "allow")
      yield* pass("20 seconds")
      assert.strictEqual(yield* world.end(task), "completed")
      assert.deepStrictEqual(seen(events, task), [
        ["Asked", 0],
        ["Answered", 20_000],
        ["Retried", 21_000],
        ["Retried", 24_000]
      ])
      const retried = events.flatMap((event) => event._tag === "Retried" ? [[event.attempt, event.nextAt]] : [])
      assert.deepStrictEqual(retried, [[1, 24_000], [2, 28_000]])
      const asked = events.flatMap((event) => event._tag === "Asked" ? [event.what] : [])
      assert.match(asked.join(), /npm test/)
      yield* atRest
    }))

  inWorld("is seen to lend its slots while it waits for a task of its own, and to have them back", {
    settings: { defaultConcurrency: 1 }
  }, (world) =>
    Effect.gen(function*() {
      const { atRest, events } = yield* keeping(world)
      yield* world.host.behave((told) =>
        told.text === "outer"
          ? [
            wait(1_000),
            call(
              "delegate",
              Effect.flatMap(
                world.launch("inner", { parent: told.session, background: false }),
                ({ id }) => world.tasks.await(id, told.session)
              )
            ),
            wait(2_000),
            say("it is back")
          ]
          : [wait(5_000), say("found")]
      )
      const task = yield* world.launch("outer")
      yield* pass("1 minute")
      assert.strictEqual(yield* world.end(task), "completed")
      assert.deepStrictEqual(seen(events, task), [["Lent", 1_000], ["Restored", 6_000]])
      yield* atRest
    }))

  inWorld("that ends while it waits leaves no sighting after its end, and none of the next run is lost", {
    settings: { defaultConcurrency: 1 },
    scripts: { again: [{ do: "ask", what: "which one?" }, say("that one")] }
  }, (world) =>
    Effect.gen(function*() {
      const { atRest, events } = yield* keeping(world)
      yield* world.host.behave((told) =>
        told.text === "again"
          ? [{ do: "ask", what: "which one?" }, say("that one")]
          : told.text === "outer"
          ? [call(
            "delegate",
            Effect.flatMap(
              world.launch("inner", { parent: told.session, background: false }),
              ({ id }) => world.tasks.await(id, told.session)
            )
          )]
          : [hang]
      )
      const task = yield* world.launch("outer")
      yield* pass("10 seconds")
      yield* Effect.orDie(world.tasks.cancel(task.id))
      yield* pass("10 seconds")
      const session = yield* world.sessionOf(task)
      yield* Effect.orDie(world.tasks.resume({ session, prompt: "again", parent: world.parent }))
      yield* pass("10 seconds")
      const own = events.filter(({ id }) => id === task.id).map(({ _tag, run }) => `${_tag}#${run}`)
      assert.deepStrictEqual(own, [
        "Queued#1",
        "Started#1",
        "Opened#1",
        "Lent#1",
        "Ended#1",
        "Continued#2",
        "Started#2",
        "Opened#2",
        "Asked#2"
      ])
      yield* world.tasks.cancelAll(world.parent)
      yield* pass("1 minute")
      yield* atRest
    }))
})

/** A journal that keeps everything, but these in its own way. */
const journalWith = (sighting: (event: TaskEvent) => Effect.Effect<void>) =>
  Layer.effect(
    Journal,
    Effect.map(inMemory, (journal) =>
      Journal.of({
        ...journal,
        append: (event) =>
          sightings.has(event._tag)
            ? Effect.andThen(sighting(event), journal.append(event))
            : journal.append(event)
      }))
  )

const waits = [
  { do: "retry", ms: 3_000, message: "overloaded", attempt: 1 },
  { do: "retry", ms: 3_000, message: "overloaded", attempt: 2 },
  say("done")
] as const

/** A task that its provider fails twice, with such a journal: how it ended, when, and what is kept of it. */
const story = (journal: Layer.Layer<Journal>) =>
  Effect.scoped(Effect.gen(function*() {
    const scope = yield* Effect.scope
    const app = Tasks.layerOnJournal.pipe(
      Layer.provideMerge(journal),
      Layer.provideMerge(SimulatedHost.layer({ behave: byScript({ one: waits }) }))
    )
    const services = yield* Layer.buildWithScope(app, scope)
    const tasks = Context.get(services, Tasks)
    const parent = yield* Context.get(services, SimulatedHost).root("ses_root")
    const kept: Array<string> = []
    yield* Effect.forkScoped(
      Stream.runForEach(tasks.changes, ({ event }) => Effect.sync(() => kept.push(event._tag))),
      { startImmediately: true }
    )
    yield* soon
    const { id } = yield* tasks.launch({ description: "d", prompt: "one", agent: "explore", parent })
    yield* Effect.repeat(pass("1 second"), { times: 19 })
    const { endedAt, status } = yield* tasks.get(id)
    return { status, endedAt, kept }
  }))

describe("a journal", () => {
  it.effect("that cannot keep a sighting, or takes for ever, delays no end, and loses no other", () =>
    Effect.gen(function*() {
      const well = yield* story(journalWith(() => Effect.void))
      assert.deepStrictEqual(well.kept, ["Queued", "Started", "Opened", "Retried", "Retried", "Ended"])
      const stuck = yield* story(journalWith(() => Effect.never))
      assert.strictEqual(stuck.status, "completed")
      assert.deepStrictEqual(stuck.kept, ["Queued", "Started", "Opened", "Ended"])
      const broken = yield* story(
        journalWith((event) => event._tag === "Retried" && event.attempt === 1 ? Effect.die("torn") : Effect.void)
      )
      assert.deepStrictEqual(broken.kept, ["Queued", "Started", "Opened", "Retried", "Ended"])
      const took = (at: number | undefined) => at === undefined ? undefined : at % 20_000
      assert.deepStrictEqual([well, stuck, broken].map(({ endedAt }) => took(endedAt)), [6_000, 6_000, 6_000])
    }))
})

describe("two observations", () => {
  const stamp = { id: taskId(1), run: 1, at: 7 }
  const none = Observation.make(0, Option.none())
  const retrying = (nextAt: number, attempt = 1, message = "busy"): Observation.Observation => ({
    ...none,
    retry: Option.some({ attempt, message, nextAt })
  })

  it("tell of a person once, however many questions there are", () => {
    const one: Observation.Observation = { ...none, asks: HashMap.make(["a", "bash"]), askedAt: Option.some(1) }
    const two: Observation.Observation = { ...one, asks: HashMap.make(["a", "bash"], ["b", "edit"]) }
    assert.deepStrictEqual(Sighting.between(none, one, stamp), [{ _tag: "Asked", ...stamp, what: "bash" }])
    assert.deepStrictEqual(Sighting.between(one, two, stamp), [])
    assert.deepStrictEqual(Sighting.between(two, none, stamp), [{ _tag: "Answered", ...stamp }])
  })

  it("tell of each attempt once, in numbers that can be kept, whatever the host says", () => {
    assert.lengthOf(Sighting.between(none, retrying(10), stamp), 1)
    assert.deepStrictEqual(Sighting.between(retrying(10), { ...retrying(10) }, stamp), [])
    assert.lengthOf(Sighting.between(retrying(10), retrying(20, 2), stamp), 1)
    assert.deepStrictEqual(Sighting.between(retrying(10), none, stamp), [])
    const session = Task.SessionId.make("ses_1")
    const odd = { _tag: "Retrying" as const, session, attempt: 1.5, nextAt: Number.NaN, message: "x".repeat(9_000) }
    const heard = Observation.hear(none, odd, 7)
    assert.deepStrictEqual(Sighting.between(none, heard, stamp), [
      { _tag: "Retried", ...stamp, attempt: 2, nextAt: 7, message: `${"x".repeat(199)}…` }
    ])
    assert.isTrue(Schema.is(Task.Progress)(Observation.progress(heard)))
    const more = Observation.hear(none, { ...odd, attempt: Number.POSITIVE_INFINITY, nextAt: 8.5 }, 7)
    assert.deepStrictEqual(Observation.progress(more).retry, { attempt: 1, nextAt: 9, message: odd.message })
  })
})
