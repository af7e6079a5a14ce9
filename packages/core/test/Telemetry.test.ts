/**
 * What a trace tells of a task is what the journal has, and what is measured is what happened. The tracer is in memory, the
 * host simulated, and time the test clock's, so every number here is exact.
 */
import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Layer, Metric, Option, Scope, Tracer } from "effect"
import * as Telemetry from "../src/Telemetry.ts"
import { call, counted, end, hang, inAWorld, type Options, pass, say, soon, wait, type World, worldIn } from "./support/world.ts"

/** Keeps every span that was begun, and every metric. */
const record = () => {
  const spans: Array<Tracer.NativeSpan> = []
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
    spans.filter((span) => Option.getOrUndefined(span.parent)?.spanId === parent).flatMap((span) => [
      `${indent}${span.name} ${timesOf(span)} ${stateOf(span)}`,
      ...below(span.spanId, `${indent}  `)
    ])
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
})
