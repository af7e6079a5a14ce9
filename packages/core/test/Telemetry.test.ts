/**
 * What a trace tells of a task is what the journal has, and what is measured is what happened. The tracer is in memory, the
 * host simulated, and time the test clock's, so every number here is exact.
 */
import { assert, describe, it } from "@effect/vitest"
import { Array, Cause, Context, Effect, Layer, Metric, Option, Scope, Stream, Tracer, Tuple } from "effect"
import { Journal } from "../src/Journal.ts"
import * as Task from "../src/Task.ts"
import * as Telemetry from "../src/Telemetry.ts"
import {
  call,
  counted,
  end,
  failing,
  hang,
  inAWorld,
  layer,
  type Options,
  pass,
  say,
  soon,
  wait,
  type World,
  worldIn
} from "./support/world.ts"

/** Keeps every span that was begun, and every metric. */
const record = () => {
  const spans: globalThis.Array<Tracer.NativeSpan> = []
  const registry: Metric.MetricRegistry = new Map()
  const tracer = Tracer.make({
    span: (options) => {
      const span = new Tracer.NativeSpan(options)
      spans.push(span)
      return span
    }
  })
  const besides = Telemetry.layer.pipe(
    Layer.provide(Layer.succeed(Tracer.Tracer, tracer)),
    Layer.provide(Layer.succeed(Metric.MetricRegistry, registry))
  )
  const metrics = Effect.map(
    Effect.provideService(Metric.snapshot, Metric.MetricRegistry, registry),
    (all) => all.flatMap((metric) => `${metric.id}${labels(metric.attributes)} ${valueOf(metric)}`).toSorted()
  )
  return { spans, besides, metrics }
}

const labels = (attributes: Metric.Metric.AttributeSet | undefined): string =>
  Object.entries(attributes ?? {}).filter(([key]) => key !== "unit").map(([key, value]) =>
    ` ${key.replace("errand.", "")}=${value}`
  ).join("")

const valueOf = (metric: Metric.Metric.Snapshot): string => {
  switch (metric.type) {
    case "Histogram":
      return `${metric.state.count} in ${metric.state.sum} s`
    case "Counter":
      return String(metric.state.count)
    case "Gauge":
      return String(metric.state.value)
    default:
      return metric.type
  }
}

const seconds = (nanos: bigint): number => Number(nanos / 1_000_000n) / 1_000

const stateOf = ({ status }: Tracer.NativeSpan): string => {
  if (status._tag === "Started") return "open"
  if (status.exit._tag === "Success") return "ok"
  return Cause.hasInterruptsOnly(status.exit.cause)
    ? "interrupted"
    : Cause.prettyErrors(status.exit.cause).map(({ message }) => message).join()
}

const timesOf = ({ status }: Tracer.NativeSpan): string =>
  `${seconds(status.startTime)}..${status._tag === "Ended" ? seconds(status.endTime) : ""}`

/** Spans as a tree, in the order in which they began: `name from..to how it ended`, times in seconds. */
const treeOf = (spans: ReadonlyArray<Tracer.NativeSpan>): ReadonlyArray<string> => {
  const below = (parent: string | undefined, indent: string): ReadonlyArray<string> =>
    spans.flatMap((span) =>
      Option.getOrUndefined(span.parent)?.spanId === parent
        ? [`${indent}${span.name} ${timesOf(span)} ${stateOf(span)}`, ...below(span.spanId, `${indent}  `)]
        : []
    )
  return below(undefined, "")
}

const traced = <A, E>(
  name: string,
  options: Options,
  story: (world: World, recorded: ReturnType<typeof record>) => Effect.Effect<A, E, Scope.Scope>
): void =>
  it.effect(name, () => {
    const recorded = record()
    return inAWorld({ ...options, besides: recorded.besides }, (world) => story(world, recorded))
  })

describe("a trace", () => {
  traced("tells of a task when it waited, ran, ended, and when its parent heard of it", {
    settings: { defaultConcurrency: 1 },
    scripts: { first: [wait(2_000), say("one")], second: [wait(3_000), say("two")] }
  }, ({ atRest, launch }, { spans }) =>
    Effect.gen(function*() {
      yield* launch("first")
      yield* launch("second")
      yield* pass("1 minute")
      assert.deepStrictEqual(treeOf(spans), [
        "invoke_agent explore 0..2 ok",
        "  queued 0..0 ok",
        "  open 0..0 ok",
        "  run 0..2 ok",
        "  settle 2..2 ok",
        "  notify 2..2 ok",
        "  notify 2..5 ok",
        "invoke_agent explore 0..5 ok",
        "  queued 0..2 ok",
        "  open 2..2 ok",
        "  run 2..5 ok",
        "  settle 5..5 ok",
        "  notify 5..5 ok"
      ])
      yield* atRest
    }))

  traced(
    "is one for a whole family: a task that a task launched is a span in that one's (nested)",
    {},
    (world, { spans }) =>
      Effect.gen(function*() {
        const { atRest, host, launch } = world
        yield* host.behave((told) =>
          told.text === "outer"
            ? [
              wait(1_000),
              call("delegate", launch("inner", { agent: "oracle", parent: told.session })),
              wait(1_000),
              say("sent out")
            ]
            : told.text === "inner"
            ? [wait(4_000), say("inner done")]
            : [wait(1_000), say("heard")]
        )
        yield* launch("outer")
        yield* launch("alone")
        yield* pass("1 minute")
        assert.deepStrictEqual(treeOf(spans), [
          "invoke_agent explore 0..6 ok",
          "  queued 0..0 ok",
          "  open 0..0 ok",
          "  run 0..6 ok",
          "  invoke_agent oracle 1..5 ok",
          "    queued 1..1 ok",
          "    open 1..1 ok",
          "    run 1..5 ok",
          "    settle 5..5 ok",
          "    notify 5..5 ok",
          "  settle 6..6 ok",
          "  notify 6..6 ok",
          "invoke_agent explore 0..1 ok",
          "  queued 0..0 ok",
          "  open 0..0 ok",
          "  run 0..1 ok",
          "  settle 1..1 ok",
          "  notify 1..1 ok",
          "  notify 1..6 ok"
        ])
        const traces = new Set(spans.map(({ traceId }) => traceId))
        assert.strictEqual(traces.size, 2, "one trace for each task of the root session")
        yield* atRest
      })
  )

  traced("says who, what and where, in OpenTelemetry's words where it has some; and no prompt, no answer", {
    scripts: { "a secret prompt": [wait(1_000), say("a secret answer")] }
  }, ({ launch, parent, sessionOf }, { spans }) =>
    Effect.gen(function*() {
      const model = { provider: "anthropic", id: "opus" }
      const task = yield* launch("a secret prompt", { description: "Find it", model })
      yield* pass("1 minute")
      const session = yield* sessionOf(task)
      assert.deepStrictEqual(Object.fromEntries(spans[0]?.attributes ?? []), {
        "errand.task.id": task.id,
        "errand.run": 1,
        "errand.pool": "default:anthropic/opus",
        "errand.task.description": "Find it",
        "errand.background": true,
        "errand.parent": parent,
        "errand.root": parent,
        "errand.depth": 1,
        "gen_ai.operation.name": "invoke_agent",
        "gen_ai.agent.name": "explore",
        "gen_ai.provider.name": "anthropic",
        "gen_ai.request.model": "opus",
        "session.id": session,
        "gen_ai.conversation.id": session,
        "errand.outcome": "completed",
        "errand.tool_calls": 0
      })
      const everything = JSON.stringify(
        spans.map(({ attributes, events, name }) => [name, [...attributes], events]),
        big
      )
      assert.notInclude(everything, "secret")
    }))

  traced("ends as an error where the task failed, and not where somebody ended it", {
    settings: { defaultConcurrency: 2, staleTimeoutMs: 60_000 },
    scripts: { bad: [wait(1_000), { do: "fail", message: "401" }], endless: [hang], quiet: [hang] }
  }, ({ atRest, launch, tasks }, { spans }) =>
    Effect.gen(function*() {
      const bad = yield* launch("bad", { agent: "a" })
      const endless = yield* launch("endless", { agent: "b" })
      yield* launch("quiet", { agent: "c" })
      const waiting = yield* Effect.forEach([1, 2, 3], () => launch("endless", { agent: "b" }))
      yield* pass(5_000)
      yield* Effect.forEach([endless, ...waiting], ({ id }) => Effect.orDie(tasks.cancel(id)))
      yield* pass("5 minutes")
      assert.deepStrictEqual(treeOf(spans).filter((line) => !line.includes("notify")), [
        "invoke_agent a 0..1 401",
        "  queued 0..0 ok",
        "  open 0..0 ok",
        "  run 0..1 401",
        "  settle 1..1 ok",
        "invoke_agent b 0..5 interrupted",
        "  queued 0..0 ok",
        "  open 0..0 ok",
        "  run 0..5 interrupted",
        "invoke_agent c 0..60 interrupted",
        "  queued 0..0 ok",
        "  open 0..0 ok",
        "  run 0..0 interrupted",
        "  settle 0..60 ok",
        "invoke_agent b 0..5 interrupted",
        "  queued 0..0 ok",
        "  open 0..0 ok",
        "  run 0..5 interrupted",
        "invoke_agent b 0..5 interrupted",
        "  queued 0..5 interrupted",
        "invoke_agent b 0..5 interrupted",
        "  queued 0..5 interrupted"
      ])
      const reasons = spans.flatMap(({ attributes }) => {
        const outcome = attributes.get("errand.outcome")
        return outcome === undefined ? [] : [[outcome, attributes.get("errand.reason"), attributes.get("error.type")]]
      })
      assert.deepStrictEqual(reasons.slice(0, 3), [
        ["error", "agent-error", "agent-error"],
        ["cancelled", "requested", undefined],
        ["cancelled", "quiet-limit", undefined]
      ])
      assert.strictEqual(spans[0]?.attributes.get("errand.task.id"), bad.id)
      // An exporter shows the stack: where in Errand it is told of says nothing about the agent's error.
      const failure = spans[0]?.status
      const causes = failure?._tag === "Ended" && failure.exit._tag === "Failure"
        ? Cause.prettyErrors(failure.exit.cause).map(({ stack }) => stack)
        : []
      assert.deepStrictEqual(causes, ["TaskFailed: 401"])
      yield* atRest
    }))

  traced(
    "of a continued task is a new one, linked to the run before",
    {},
    (world, { spans }) =>
      Effect.gen(function*() {
        const { atRest, launch, parent, sessionOf, tasks } = world
        const task = yield* launch("first")
        yield* pass(5_000)
        const session = yield* sessionOf(task)
        yield* tasks.resume({ session, prompt: "second", parent })
        yield* pass("1 minute")
        const [first, second] = spans.filter(({ name }) => name.startsWith("invoke_agent"))
        assert.deepStrictEqual(treeOf(spans), [
          "invoke_agent explore 0..1 ok",
          "  queued 0..0 ok",
          "  open 0..0 ok",
          "  run 0..1 ok",
          "  settle 1..1 ok",
          "  notify 1..1 ok",
          "invoke_agent explore 5..6 ok",
          "  queued 5..5 ok",
          "  open 5..5 ok",
          "  run 5..6 ok",
          "  settle 6..6 ok",
          "  notify 6..6 ok"
        ])
        assert.deepStrictEqual(
          second?.links.map(({ attributes, span }) => [span.spanId, span.traceId, attributes["errand.run"]]),
          [[first?.spanId, first?.traceId, 1]]
        )
        assert.deepStrictEqual([first?.attributes.get("errand.run"), second?.attributes.get("errand.run")], [1, 2])
        yield* atRest
      })
  )

  traced("has what a run waited for while it ran: a person, its provider, tasks of its own", {
    settings: { defaultConcurrency: 1 }
  }, (world, { spans }) =>
    Effect.gen(function*() {
      const { atRest, host, launch, sessionOf, tasks } = world
      yield* host.behave((told) =>
        told.text === "outer"
          ? [
            wait(1_000),
            { do: "retry", ms: 2_000, message: "overloaded", attempt: 1 },
            { do: "ask", what: "bash \"npm test\"" },
            wait(1_000),
            call(
              "delegate",
              Effect.flatMap(
                launch("inner", { parent: told.session, background: false }),
                ({ id }) => tasks.await(id, told.session)
              )
            ),
            wait(1_000),
            say("done")
          ]
          : [wait(1_000), say("heard")]
      )
      const task = yield* launch("outer")
      yield* pass(8_000)
      yield* host.answer(yield* sessionOf(task))
      yield* pass("1 minute")
      const run = spans.find(({ attributes, name }) => name === "run" && attributes.get("errand.task.id") === task.id)
      assert.deepStrictEqual(run?.events.map(([name, at]) => `${seconds(at)} ${name}`), [
        "1 the provider is tried again",
        "3 waits for a person",
        "8 a person has answered",
        "9 its slots are lent",
        "10 its slots are back"
      ])
      assert.deepInclude(run?.events[0]?.[2], { "errand.retry.attempt": 1, "errand.retry.message": "overloaded" })
      assert.notInclude(JSON.stringify(run?.events, big), "npm test")
      yield* atRest
    }))

  it.effect("of a task that was taken over begins anew, and says so; what was open of it here ends", () =>
    Effect.gen(function*() {
      const { besides, metrics, spans } = record()
      const { append } = Context.get(yield* Layer.build(layer({ besides })), Journal)
      const parent = Task.SessionId.make("ses_root")
      const request = {
        description: "",
        prompt: "",
        agent: "a",
        parent,
        ancestors: Tuple.make(parent),
        background: true
      }
      const stamp = { id: Task.TaskId.make("bg_00000001"), run: 1 }
      yield* append({ _tag: "Queued", ...stamp, at: 1_000, request })
      yield* append({ _tag: "Started", ...stamp, at: 2_000 })
      yield* append({ _tag: "Adopted", ...stamp, at: 5_000, ranMs: 3_000 })
      yield* append({ _tag: "Started", ...stamp, at: 6_000 })
      yield* append({
        _tag: "Ended",
        ...stamp,
        at: 8_000,
        outcome: { _tag: "Completed", answer: "" },
        progress: { toolCalls: 0 }
      })
      yield* soon
      assert.deepStrictEqual(treeOf(spans), [
        "invoke_agent a 1..5 interrupted",
        "  queued 1..2 ok",
        "  open 2..5 interrupted",
        "invoke_agent a 5..8 ok",
        "  queued 5..6 ok",
        "  open 6..8 ok"
      ])
      const [first, second] = spans.filter(({ name }) => name === "invoke_agent a")
      assert.deepStrictEqual([first, second].map((span) => span?.attributes.get("errand.adopted")), [undefined, 1])
      assert.strictEqual(second?.links[0]?.span.spanId, first?.spanId)
      // In line twice for a second; at work for three seconds there, and two here.
      assert.includeMembers(yield* metrics, [
        "errand.task.queued pool=default:@a outcome=started 2 in 2 s",
        "errand.task.ran pool=default:@a outcome=completed 1 in 5 s"
      ])
    }).pipe(Effect.scoped))

  it.effect("ends with everything else: what is open then ends as interrupted", () =>
    counted(Effect.gen(function*() {
      const { besides, metrics, spans } = record()
      const scope = yield* Scope.make()
      const { launch } = yield* worldIn(scope, {
        besides,
        settings: { defaultConcurrency: 1 },
        scripts: { endless: [hang] }
      })
      yield* launch("endless")
      yield* launch("waiting")
      yield* pass(3_000)
      yield* end(scope)
      assert.deepStrictEqual(treeOf(spans), [
        "invoke_agent explore 0..3 interrupted",
        "  queued 0..0 ok",
        "  open 0..0 ok",
        "  run 0..3 interrupted",
        "invoke_agent explore 0..3 interrupted",
        "  queued 0..3 interrupted"
      ])
      assert.deepStrictEqual((yield* metrics).filter((line) => line.includes("slots") || line.includes("owed")), [])
    })))

  it.effect("of a task whose end was missed ends all the same: nothing is left open, and nothing kept of it", () =>
    Effect.gen(function*() {
      const { besides, metrics, spans } = record()
      const idOf = (nth: number) => Task.TaskId.make(`bg_${nth.toString(16).padStart(8, "0")}`)
      const missed = new Set(Array.range(1, 100).map(idOf))
      const hardOfHearing = Layer.effect(
        Journal,
        Effect.map(Journal, (journal) =>
          Journal.of({
            ...journal,
            entries: Stream.filter(journal.entries, ({ event }) => event._tag !== "Ended" || !missed.has(event.id))
          }))
      )
      const services = yield* Layer.build(layer({ besides: besides.pipe(Layer.provide(hardOfHearing)) }))
      const { append } = Context.get(services, Journal)
      const parent = Task.SessionId.make("ses_root")
      const ancestors = Tuple.make(parent)
      const request = { description: "", prompt: "", agent: "a", parent, ancestors, background: true }
      const queued = (id: Task.TaskId) => append({ _tag: "Queued", id, run: 1, at: 0, request })
      const ended = (id: Task.TaskId) =>
        append({
          _tag: "Ended",
          id,
          run: 1,
          at: 7_000,
          outcome: { _tag: "Completed", answer: "" },
          progress: { toolCalls: 0 }
        })
      const open = () => spans.filter(({ status }) => status._tag === "Started").length
      yield* Effect.forEach(missed, queued)
      yield* Effect.forEach(missed, ended)
      yield* soon
      assert.strictEqual(open(), 200)
      const more = Array.range(101, 2_200).map(idOf)
      yield* Effect.forEach(more, queued)
      yield* Effect.forEach(more, ended)
      yield* soon
      assert.strictEqual(open(), 0)
      assert.deepStrictEqual(treeOf(spans).slice(0, 2), ["invoke_agent a 0..7 ok", "  queued 0..7 ok"])
      assert.deepStrictEqual(
        (yield* metrics).filter((line) => line.includes("waiting") || line.includes("ended")),
        ["errand.pool.waiting pool=default:@a 0", "errand.tasks.ended pool=default:@a outcome=completed 2200"]
      )
    }).pipe(Effect.scoped))
})

describe("metrics", () => {
  traced("are what happened: times in line and at work by pool and outcome, slots, the line, news that is owed", {
    settings: { defaultConcurrency: 2, modelConcurrency: { opus: 0 } },
    scripts: { long: [wait(10_000), say("done")], bad: [wait(2_000), { do: "fail", message: "401" }] }
  }, ({ atRest, launch, tasks }, { metrics }) =>
    Effect.gen(function*() {
      yield* launch("long")
      yield* launch("bad")
      yield* launch("long")
      const last = yield* launch("long")
      yield* launch("long", { model: { provider: "anthropic", id: "opus" } })
      yield* pass(1_000)
      assert.deepStrictEqual(yield* metrics, [
        "errand.notices.owed 0",
        "errand.pool.slots.limit pool=default:@explore 2",
        "errand.pool.slots.used pool=default:@explore 2",
        "errand.pool.slots.used pool=model:opus 1",
        "errand.pool.waiting pool=default:@explore 2",
        "errand.pool.waiting pool=model:opus 0",
        "errand.task.queued pool=default:@explore outcome=started 2 in 0 s",
        "errand.task.queued pool=model:opus outcome=started 1 in 0 s"
      ])
      yield* pass(4_000)
      yield* Effect.orDie(tasks.cancel(last.id))
      yield* pass("1 minute")
      assert.deepStrictEqual(yield* metrics, [
        "errand.notices.owed 0",
        "errand.pool.slots.limit pool=default:@explore 2",
        "errand.pool.slots.used pool=default:@explore 0",
        "errand.pool.slots.used pool=model:opus 0",
        "errand.pool.waiting pool=default:@explore 0",
        "errand.pool.waiting pool=model:opus 0",
        "errand.task.queued pool=default:@explore outcome=cancelled 1 in 5 s",
        "errand.task.queued pool=default:@explore outcome=started 3 in 2 s",
        "errand.task.queued pool=model:opus outcome=started 1 in 0 s",
        "errand.task.ran pool=default:@explore outcome=completed 2 in 20 s",
        "errand.task.ran pool=default:@explore outcome=error 1 in 2 s",
        "errand.task.ran pool=model:opus outcome=completed 1 in 10 s",
        "errand.tasks.ended pool=default:@explore outcome=cancelled reason=requested 1",
        "errand.tasks.ended pool=default:@explore outcome=completed 2",
        "errand.tasks.ended pool=default:@explore outcome=error reason=agent-error 1",
        "errand.tasks.ended pool=model:opus outcome=completed 1"
      ])
      yield* atRest
    }))

  traced("count the news that a parent is owed while the host does not take it", {
    scripts: { short: [wait(1_000), say("done")], long: [wait(8_000), say("done")] }
  }, ({ host, launch }, { metrics }) =>
    Effect.gen(function*() {
      yield* host.faults(failing({ notify: "fail" }))
      const owed = Effect.map(metrics, (all) => all.filter((line) => line.includes("owed")))
      yield* launch("short")
      yield* launch("long")
      yield* pass(2_000)
      assert.deepStrictEqual(yield* owed, ["errand.notices.owed 1"])
      yield* pass(10_000)
      assert.deepStrictEqual(yield* owed, ["errand.notices.owed 1"])
      yield* host.faults(() => "ok")
      yield* pass("10 minutes")
      assert.deepStrictEqual(yield* owed, ["errand.notices.owed 0"])
    }))
})

const big = (_: string, value: unknown): unknown => typeof value === "bigint" ? String(value) : value
