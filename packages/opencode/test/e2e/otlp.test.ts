/**
 * Traces and metrics, as a collector gets them from the built plugin in the real OpenCode; and that a collector which is not
 * there, does not answer or answers with an error costs nothing but its data.
 */
import { assert, describe, it, layer } from "@effect/vitest"
import { OpenCode, Script } from "@errand/lab"
import { Context, Effect, Layer, Schedule, type Schema } from "effect"
import { createServer } from "node:net"
import { live, patience, place, words } from "./support/b.ts"
import * as Collector from "./support/collector.ts"

const { script } = Script

/** So that nothing has to be waited for. */
const soon = { OTEL_BSP_SCHEDULE_DELAY: "100", OTEL_METRIC_EXPORT_INTERVAL: "200" }

const delegate = (description: string, prompt: string) => ({
  name: "delegate_task",
  args: { description, prompt, agent: "general" }
})

/** Waits until something holds that an effect gives. */
const until = <A, E>(effect: Effect.Effect<A, E>, holds: (a: A) => boolean) =>
  effect.pipe(
    Effect.repeat({ schedule: Schedule.spaced("50 millis"), until: holds }),
    Effect.timeout(patience)
  )

describe("a collector", () => {
  it.live("gets one trace of a whole family, with right parents and attributes, and the metrics", () =>
    Effect.gen(function*() {
      const collector = yield* Collector.make()
      const lab = yield* place({ settings: { otlp: collector.url } })
      const server = yield* OpenCode.serve(lab.sandbox, { env: soon })
      const { launch, parent, told } = words({ model: lab.model, server })
      const session = yield* parent
      const child = yield* launch(
        session,
        script([
          { toolCalls: [delegate("Deeper", script([{ delay: 300, say: "a secret answer" }]))] },
          { say: "waiting" }
        ], { later: [{ say: "both done" }] })
      )
      yield* told(session, /ALL BACKGROUND TASKS/)
      const spans = yield* until(
        collector.spans,
        (spans) => spans.some(({ attributes, name }) => name === "notify" && attributes["errand.parent"] === session)
      )
      const outer = spans.find(({ attributes, name }) =>
        name === "invoke_agent general" && attributes["errand.task.id"] === child.task
      )
      const inner = spans.find(({ name, parent }) => name === "invoke_agent general" && parent === outer?.spanId)
      const phases = (span: Collector.Seen | undefined) =>
        spans.filter(({ name, parent }) => parent === span?.spanId && !name.startsWith("invoke_agent")).map((
          { name }
        ) => name)
      assert.deepStrictEqual(phases(outer), ["queued", "open", "run", "settle", "notify"])
      assert.deepStrictEqual(phases(inner), ["queued", "open", "run", "settle", "notify"])
      assert.isUndefined(outer?.parent)
      assert.deepStrictEqual([...new Set(spans.map(({ traceId }) => traceId))], [outer?.traceId])
      assert.deepInclude(outer?.attributes, {
        "session.id": child.session,
        "errand.parent": session,
        "errand.root": session,
        "errand.run": 1,
        "errand.outcome": "completed",
        "gen_ai.agent.name": "general"
      })
      assert.deepInclude(inner?.attributes, {
        "errand.parent": child.session,
        "errand.root": session,
        "errand.task.description": "Deeper"
      })
      assert.strictEqual(outer?.status, 1)
      assert.isAtLeast(inner?.took ?? 0, 300)

      const pool = String(outer?.attributes["errand.pool"])
      const metrics = yield* until(collector.metrics, (all) => all.get(`errand.tasks.ended ${pool} completed`) === 2)
      assert.strictEqual(metrics.get(`errand.task.queued ${pool} started`), 2)
      assert.strictEqual(metrics.get(`errand.task.ran ${pool} completed`), 2)
      assert.strictEqual(metrics.get(`errand.pool.slots.limit ${pool}`), 5)
      assert.isTrue(metrics.has(`errand.pool.slots.used ${pool}`))
      assert.isTrue(metrics.has("errand.notices.owed"))
      assert.notInclude(yield* collector.texts, "secret")
    }).pipe(Effect.scoped))

  it.live("learns at the end of OpenCode of what was still at work, and of what failed", () =>
    Effect.gen(function*() {
      const collector = yield* Collector.make()
      const lab = yield* place({ settings: { otlp: `${collector.url}/`, journal: "memory" } })
      const server = yield* OpenCode.serve(lab.sandbox)
      const { asked, launch, parent, read } = words({ model: lab.model, server })
      const session = yield* parent
      const failed = yield* launch(session, script([{ fail: { status: 401, body: { error: { message: "no key" } } } }]))
      yield* until(read(session, failed.task), (page) => /error/.test(page))
      const endless = yield* launch(session, script([{ hang: true }]))
      yield* asked(endless.session)
      yield* server.request("POST", "/instance/dispose")
      const spans = yield* until(
        collector.spans,
        (spans) => spans.some(({ attributes, name }) => name === "run" && attributes["errand.task.id"] === endless.task)
      )
      const of = (task: string) =>
        spans.find(({ attributes, name }) => name.startsWith("invoke_agent") && attributes["errand.task.id"] === task)
      assert.deepStrictEqual([of(failed.task)?.status, of(failed.task)?.attributes["error.type"]], [2, "agent-error"])
      assert.include(of(failed.task)?.message, "no key")
      assert.deepStrictEqual(
        [of(endless.task)?.status, of(endless.task)?.attributes["effect.fiber.interrupted"]],
        [0, true]
      )
    }).pipe(Effect.scoped))

  it.live("is found by OpenTelemetry's environment variable, and not where the setting says off", () =>
    Effect.gen(function*() {
      const collector = yield* Collector.make()
      const heard = Effect.fnUntraced(function*(settings: Schema.JsonObject) {
        const lab = yield* place({ settings })
        yield* OpenCode.run(lab.sandbox, [script([
          { toolCalls: [delegate("Quick", script([{ say: "done" }]))] },
          { say: "waiting" }
        ], { later: [{ say: "heard" }] })], { env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url } })
        return (yield* collector.spans).map(({ name }) => name)
      })
      assert.deepStrictEqual(yield* heard({ otlp: "off" }), [])
      assert.include(yield* heard({}), "invoke_agent general")
    }).pipe(Effect.scoped))
})

/** An address where nobody is. */
const nobody = Effect.callback<string>((resume) => {
  const server = createServer().listen(0, "127.0.0.1", () => {
    const address = server.address()
    const port = typeof address === "object" ? address?.port : undefined
    server.close(() => resume(Effect.succeed(`http://127.0.0.1:${port}`)))
  })
})

/** `opencode run` with a task of a second; how long OpenCode took to leave after the last word. */
const told = Effect.fnUntraced(function*(settings: Schema.JsonObject, env: Readonly<Record<string, string>> = {}) {
  const lab = yield* place({ settings })
  const result = yield* OpenCode.run(lab.sandbox, [
    "--print-logs",
    script([
      { toolCalls: [delegate("Slow", script([{ delay: 1_000, say: "CHILD-7" }]))] },
      { say: "waiting for it" }
    ], { later: [{ say: "it said {{match:CHILD-\\d}}" }] })
  ], { env, timeout: "100 seconds" })
  const last = Math.max(...(yield* lab.model.requests).map(({ endedAt }) => endedAt ?? 0))
  return { ...result, left: Date.now() - last }
})

/** The same without a collector. */
class Baseline extends Context.Service<Baseline, Effect.Success<ReturnType<typeof told>>>()("errand/e2e/Baseline") {}

layer(Layer.effect(Baseline, told({})), live)("a collector that is no help", (it) => {
  const manners = [
    ["is not there", "is not there"],
    ["takes requests and never answers", "silent"],
    ["answers 500", 500]
  ] as const
  for (const [what, manner] of manners) {
    it.effect(`and ${what} costs nothing but the data: the task ends as always, OpenCode leaves, the log has one line`, () =>
      Effect.gen(function*() {
        const url = manner === "is not there" ? yield* nobody : (yield* Collector.make(manner)).url
        const without = yield* Baseline
        // Often enough that it is tried several times in the life of the task.
        const withIt = yield* told({ otlp: url }, soon)
        for (const { code, stdout, timedOut } of [without, withIt]) {
          assert.isFalse(timedOut)
          assert.strictEqual(code, 0)
          assert.match(stdout, /waiting for it[^]*it said CHILD-7/)
        }
        assert.strictEqual(withIt.stdout, without.stdout)
        assert.isBelow(withIt.left, without.left + 8_000, `${without.left} ms without, ${withIt.left} ms with it`)
        const lines = withIt.stderr.split("\n").filter((line) =>
          /otlp|traces and metrics|unhandled|rejection/i.test(line)
        )
        assert.isAtMost(lines.length, 1, lines.join("\n"))
      }).pipe(Effect.scoped))
  }
})
