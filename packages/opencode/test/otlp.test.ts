/**
 * Where traces go, and what a collector costs that is no help. Time is the test clock's, and the network a function.
 */
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber, Layer, Metric, Option, Scope } from "effect"
import { FetchHttpClient } from "effect/http"
import { TestClock } from "effect/testing"
import { merge } from "../src/config/Config.ts"
import { Client } from "../src/host/Client.ts"
import { targetOf } from "../src/otlp/Otlp.ts"
import { configOf, exporters } from "../src/otlp/OtlpExport.ts"

describe("where traces and metrics go", () => {
  it("is the setting, else OpenTelemetry's variable, else nowhere; and nowhere where either says so", () => {
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://env:4318" }
    const to = (otlp: string, env: Readonly<Record<string, string>>) =>
      Option.getOrUndefined(targetOf(otlp, env).endpoint)
    assert.isUndefined(to("", {}))
    assert.isUndefined(to("", { OTEL_EXPORTER_OTLP_ENDPOINT: "" }))
    assert.strictEqual(to("", env), "http://env:4318")
    assert.strictEqual(to("http://set:4318", env), "http://set:4318")
    assert.isUndefined(to("off", env))
    assert.isUndefined(to("http://set:4318", { OTEL_SDK_DISABLED: "true" }))
    assert.isUndefined(to("", { ...env, OTEL_SDK_DISABLED: "TRUE" }))
  })

  it("is nowhere, and that is said, where the variable is no address", () => {
    for (const wrong of ["collector:4317", "grpc://c:4317", "http://", "http://[bad"]) {
      const { endpoint, problem } = targetOf("", { OTEL_EXPORTER_OTLP_ENDPOINT: wrong })
      assert.isTrue(Option.isNone(endpoint), wrong)
      assert.include(problem, `OTEL_EXPORTER_OTLP_ENDPOINT is "${wrong}"`)
    }
  })

  it("a setting that is no address is not used, and it is said what is one", () => {
    const { problems, settings } = merge([{ source: "file", content: { value: { otlp: "localhost:4318" } } }])
    assert.strictEqual(settings.otlp, "")
    assert.deepStrictEqual(problems.map(({ message }) => message), [
      "file: otlp is \"localhost:4318\", but must be text such as \"http://127.0.0.1:4318\" or \"off\". "
      + "The default is used: \"\"."
    ])
    for (const good of ["http://127.0.0.1:4318", "https://otel.example.com/some/path/", "off", ""]) {
      assert.strictEqual(merge([{ source: "file", content: { value: { otlp: good } } }]).settings.otlp, good)
    }
  })

  it("the setting goes before everything that the environment says of endpoints; headers and intervals are the environment's", () => {
    const env = {
      OTEL_EXPORTER_OTLP_HEADERS: "authorization=secret",
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://elsewhere/v1/traces",
      OTEL_TRACES_EXPORTER: "none",
      OTEL_EXPORTER_OTLP_TIMEOUT: "60000"
    }
    const set = configOf("http://set", true, env)
    assert.strictEqual(set["OTEL_EXPORTER_OTLP_HEADERS"], "authorization=secret")
    assert.isUndefined(set["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"])
    assert.strictEqual(set["OTEL_TRACES_EXPORTER"], "otlp")
    const found = configOf("http://env", false, env)
    assert.strictEqual(found["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"], "http://elsewhere/v1/traces")
    assert.strictEqual(found["OTEL_TRACES_EXPORTER"], "none")
    // Whatever a collector may take elsewhere, OpenCode's end does not wait for a minute.
    assert.strictEqual(found["OTEL_EXPORTER_OTLP_TRACES_TIMEOUT"], "1000")
  })
})

/** A network, and everything that sends over it. */
const lab = Effect.fnUntraced(function*(
  answer: (url: string) => Promise<Response>,
  env: Readonly<Record<string, string>> = {}
) {
  const seen = { underWay: 0, most: 0, requests: 0, headers: new Set<string>() }
  const logged: Array<string> = []
  const fetch: typeof globalThis.fetch = async (input, init) => {
    seen.requests++
    seen.underWay++
    seen.most = Math.max(seen.most, seen.underWay)
    seen.headers.add(new Headers(init?.headers).get("authorization") ?? "none")
    const aborted = new Promise<never>((_, reject) =>
      init?.signal?.addEventListener("abort", () => reject(new Error("aborted")))
    )
    return await Promise.race([answer(String(input)), aborted]).finally(() => seen.underWay--)
  }
  const client = Layer.mock(Client)({
    log: (_level, message) =>
      Effect.sync(() => {
        logged.push(message)
      })
  })
  const scope = yield* Scope.make()
  const services = yield* Layer.buildWithScope(
    exporters("http://collector", configOf("http://collector", true, env)).pipe(
      Layer.provide(client),
      Layer.provide(Layer.succeed(FetchHttpClient.Fetch, fetch)),
      Layer.provide(Layer.succeed(Metric.MetricRegistry, new Map()))
    ),
    scope
  )
  const trace = (times: number) =>
    Effect.forEach(Array.from({ length: times }), () => Effect.void.pipe(Effect.withSpan("a")), { discard: true }).pipe(
      Effect.provide(services)
    )
  /** How long the end takes (ms of the test clock). */
  const end = Effect.gen(function*() {
    const over = yield* Deferred.make<void>()
    const closing = yield* Effect.forkChild(
      Effect.andThen(Scope.close(scope, Exit.void), Deferred.succeed(over, undefined))
    )
    let took = 0
    yield* turn
    while (!(yield* Deferred.isDone(over)) && took < 60_000) {
      yield* pass(100)
      took += 100
    }
    yield* Fiber.interrupt(closing)
    return took
  })
  return { seen, logged, trace, end }
})

/** Lets the network's promises have their turn, which is the real clock's. */
const turn = Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))

const pass = (ms: number) => Effect.andThen(turn, Effect.andThen(TestClock.adjust(ms), turn))

const never = () => new Promise<never>(() => {})
const good = () => Promise.resolve(new Response("{}"))

describe("a collector", () => {
  it.effect("gets what there is at the end, at once, and the headers of OpenTelemetry's variable", () =>
    Effect.gen(function*() {
      const { end, logged, seen, trace } = yield* lab(good, { OTEL_EXPORTER_OTLP_HEADERS: "authorization=secret" })
      yield* trace(3)
      assert.strictEqual(yield* end, 0)
      assert.isAtLeast(seen.requests, 2)
      assert.deepStrictEqual([...seen.headers], ["secret"])
      assert.deepStrictEqual(logged, [])
    }))

  it.effect("that never answers holds a few requests, and nothing more: what comes meanwhile is thrown away", () =>
    Effect.gen(function*() {
      const { end, logged, seen, trace } = yield* lab(never)
      for (let nth = 0; nth < 40; nth++) {
        yield* trace(1_000)
        yield* pass(100)
      }
      assert.isAtMost(seen.most, 4)
      yield* pass(20_000)
      assert.strictEqual(seen.underWay, 0)
      assert.lengthOf(logged, 1)
      assert.match(logged[0] ?? "", /http:\/\/collector did not answer within 5 seconds\. Tasks go on as always/)
      yield* trace(10)
      assert.isAtMost(yield* end, 1_000)
    }))

  it.effect("that never answers does not keep OpenCode from its end for longer than a second", () =>
    Effect.gen(function*() {
      const { end, seen, trace } = yield* lab(never)
      yield* trace(10)
      assert.isAtMost(yield* end, 1_000)
      assert.strictEqual(seen.underWay, 0)
    }))

  it.effect("whose answer never comes to its end is one that does not answer", () =>
    Effect.gen(function*() {
      const { logged, seen, trace } = yield* lab(() =>
        Promise.resolve(new Response(new ReadableStream({ start() {} })))
      )
      yield* trace(10)
      yield* pass(20_000)
      assert.match(logged.join("\n"), /did not answer within/)
      assert.isAtMost(seen.requests, 4)
    }))

  for (
    const [what, answer, said] of [
      ["is not there", () => Promise.reject(new TypeError("refused")), /cannot be reached/],
      ["answers 500", () => Promise.resolve(new Response("oh", { status: 500 })), /answered 500/],
      ["answers 404", () => Promise.resolve(new Response("", { status: 404 })), /answered 404/]
    ] as const
  ) {
    it.effect(`that ${what} does not keep OpenCode from its end at all, and the log has one line`, () =>
      Effect.gen(function*() {
        const { end, logged, trace } = yield* lab(answer)
        yield* trace(10)
        assert.strictEqual(yield* end, 0)
        assert.lengthOf(logged, 1)
        assert.match(logged[0] ?? "", said)
      }))

    it.effect(`that ${what} is tried again after a while, and the log still has one line`, () =>
      Effect.gen(function*() {
        const { logged, seen, trace } = yield* lab(answer)
        for (let minute = 0; minute < 10; minute++) {
          yield* trace(10)
          for (let second = 0; second < 60; second++) yield* pass(1_000)
        }
        assert.isAtLeast(seen.requests, 10)
        assert.isAtMost(seen.requests, 120)
        assert.lengthOf(logged, 1)
      }))
  }

  it.effect("about which the environment says nonsense is none: that is said, and everything else goes on", () =>
    Effect.gen(function*() {
      const { end, logged, seen, trace } = yield* lab(good, { OTEL_METRIC_EXPORT_INTERVAL: "often" })
      yield* trace(3)
      yield* turn
      assert.strictEqual(yield* end, 0)
      assert.strictEqual(seen.requests, 0)
      assert.lengthOf(logged, 1)
      assert.match(logged[0] ?? "", /OTEL_.* cannot be used/)
    }))
})
