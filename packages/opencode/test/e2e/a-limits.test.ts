/**
 * Limits, on the real OpenCode: what counts is how many requests the model's server saw at the same time.
 */
import { assert, layer } from "@effect/vitest"
import type { ScriptedModel } from "@errand/lab"
import { Effect } from "effect"
import { delegate, type Errand, type Launched, newParent, patience, real, told, World } from "./support/world.ts"

const providers = { duo: ["first", "second"], other: ["bare", "third"], wide: ["open"] }

const below = (parent: string) => (request: ScriptedModel.ModelRequest) => request.parentSessionID === parent

/** An errand for this model that takes a moment. */
const brief = (model: string): Errand => ({ steps: [{ delay: 60, say: `done by ${model}` }], args: { model } })

/** An errand for this model that goes on until the gate is opened. */
const gated = (model: string, gate: string): Errand => ({ steps: [{ gate, say: `done by ${model}` }], args: { model } })

const statuses = (launched: ReadonlyArray<Launched>) => launched.map(({ status }) => status)

/** Waits until so many of a parent's tasks are with the model's server. */
const untilOpen = Effect.fnUntraced(function*(parent: string, count: number) {
  const { model } = yield* World
  const open = new Set<string>()
  yield* model.waitFor(
    (request) => {
      if (below(parent)(request) && request.sessionID !== undefined) open.add(request.sessionID)
      return open.size >= count
    },
    { timeout: patience, what: `${count} tasks at work` }
  )
})

/** How many of a parent's tasks answered, and how many of them were at work at once. */
const work = Effect.fnUntraced(function*(parent: string) {
  const { model } = yield* World
  const requests = (yield* model.requests).filter(below(parent))
  return {
    tasks: new Set(requests.map(({ sessionID }) => sessionID)).size,
    most: yield* model.maxInFlight(below(parent))
  }
})

const settings = {
  modelConcurrency: { "fake/m2": 1, "bare": 2, "wide/open": 0 },
  providerConcurrency: { duo: 2, other: 1 },
  toasts: false
}

layer(World.layer({ settings, providers }), real)("limits, most specific first", (it) => {
  it.effect("a limit of one runs five tasks one after the other, in the order of their launch (A1, A4, A13)", () =>
    Effect.gen(function*() {
      const { model } = yield* World
      const parent = yield* newParent
      const launched = yield* delegate(parent, Array.from({ length: 5 }, () => brief("fake/m2")))
      const notices = yield* told(parent)
      assert.deepStrictEqual(yield* work(parent), { tasks: 5, most: 1 })
      for (const { task } of launched) assert.include(notices.at(-1)?.text, `\`${task}\``)
      assert.include(notices.at(-1)?.text, "[ALL BACKGROUND TASKS COMPLETE]")

      const { children } = (yield* World).server
      const titles = new Map((yield* children(parent)).map(({ id, title }) => [id, title]))
      const order = (yield* model.requests).filter(below(parent)).map(({ sessionID = "" }) => titles.get(sessionID))
      assert.deepStrictEqual(order, [1, 2, 3, 4, 5].map((n) => `Errand ${n} (@explore subagent)`))
    }))

  it.effect("a provider's limit is shared by its models (A10)", () =>
    Effect.gen(function*() {
      const { model } = yield* World
      const parent = yield* newParent
      const models = ["duo/first", "duo/second", "duo/first", "duo/second"]
      const launched = yield* delegate(parent, models.map((name) => gated(name, "duo")))
      assert.deepStrictEqual(statuses(launched), ["running", "running", "pending", "pending"])
      const waits = "It waits for the limit of provider duo (2 of 2 in use; setting providerConcurrency.duo)"
      assert.include(launched[2]?.text, `${waits}, next in line`)
      assert.include(launched[3]?.text, `${waits}, 1 task ahead`)
      yield* untilOpen(parent, 2)
      yield* model.openGate("duo")
      assert.include((yield* told(parent)).at(-1)?.text, "[ALL BACKGROUND TASKS COMPLETE]")
      assert.deepStrictEqual(yield* work(parent), { tasks: 4, most: 2 })
    }))

  it.effect("a model's limit by its bare id binds before its provider's, which the others keep (A11)", () =>
    Effect.gen(function*() {
      const { model } = yield* World
      const parent = yield* newParent
      const models = ["other/bare", "other/bare", "other/bare", "other/third", "other/third"]
      const launched = yield* delegate(parent, models.map((name) => gated(name, "bare")))
      assert.deepStrictEqual(statuses(launched), ["running", "running", "pending", "running", "pending"])
      assert.include(launched[2]?.text, "the limit of model bare (2 of 2 in use; setting modelConcurrency.bare)")
      assert.include(
        launched[4]?.text,
        "the limit of provider other (1 of 1 in use; setting providerConcurrency.other)"
      )
      yield* untilOpen(parent, 3)
      yield* model.openGate("bare")
      yield* told(parent)
      const parts = [
        yield* model.maxInFlight((request) => below(parent)(request) && request.model === "bare"),
        yield* model.maxInFlight((request) => below(parent)(request) && request.model === "third")
      ]
      assert.deepStrictEqual(parts, [2, 1])
    }))

  it.effect("the pool is that of the model that is really used: the parent's, when none is named (A11)", () =>
    Effect.gen(function*() {
      const { model } = yield* World
      const parent = yield* newParent
      const errand: Errand = { steps: [{ gate: "inherited", say: "done" }] }
      const launched = yield* delegate(parent, [errand, errand], { model: "fake/m2" })
      assert.deepStrictEqual(statuses(launched), ["running", "pending"])
      yield* untilOpen(parent, 1)
      yield* model.openGate("inherited")
      yield* told(parent)
      const used = (yield* model.requests).filter(below(parent)).map((request) => request.model)
      assert.deepStrictEqual(used, ["m2", "m2"])
    }))

  it.effect("5 by default; 0 is no limit (A12)", () =>
    Effect.gen(function*() {
      const { model } = yield* World
      const [limited, unlimited] = [yield* newParent, yield* newParent]
      const seven = (name: string) => Array.from({ length: 7 }, () => gated(name, "many"))
      const five = yield* delegate(limited, seven("fake/m3"))
      assert.deepStrictEqual(statuses(five), [...Array<string>(5).fill("running"), "pending", "pending"])
      assert.include(five[6]?.text, "the default limit of model fake/m3 (5 of 5 in use; setting defaultConcurrency)")
      const all = yield* delegate(unlimited, seven("wide/open"))
      assert.deepStrictEqual(statuses(all), Array<string>(7).fill("running"))
      yield* untilOpen(limited, 5)
      yield* untilOpen(unlimited, 7)
      assert.strictEqual(yield* model.inFlight(below(limited)), 5)
      assert.strictEqual(yield* model.inFlight(below(unlimited)), 7)
      yield* model.openGate("many")
      yield* told(limited)
      yield* told(unlimited)
      assert.deepStrictEqual(yield* work(limited), { tasks: 7, most: 5 })
      assert.deepStrictEqual(yield* work(unlimited), { tasks: 7, most: 7 })
    }))
})

const layered = {
  concurrencyPolicy: "layered",
  modelConcurrency: { "duo/first": 2, "duo/second": 1, "wide/open": 3 },
  providerConcurrency: { duo: 2 },
  maxConcurrency: 4,
  toasts: false
}

layer(World.layer({ settings: layered, providers }), real)("limits, layered", (it) => {
  it.effect("every limit that is set binds at once, and one binds over everything (A10)", () =>
    Effect.gen(function*() {
      const { model } = yield* World
      const parent = yield* newParent
      const models = ["duo/first", "duo/second", "duo/second", "duo/first", ...Array<string>(4).fill("wide/open")]
      const launched = yield* delegate(parent, models.map((name) => gated(name, "layers")))
      assert.deepStrictEqual(statuses(launched), [
        "running",
        "running",
        "pending",
        "pending",
        "running",
        "running",
        "pending",
        "pending"
      ])
      assert.include(launched[2]?.text, "the limit of model duo/second (1 of 1 in use;")
      assert.include(launched[3]?.text, "the limit of provider duo (2 of 2 in use;")
      assert.include(launched[6]?.text, "the limit over all tasks (4 of 4 in use; setting maxConcurrency)")
      yield* untilOpen(parent, 4)
      yield* model.openGate("layers")
      assert.include((yield* told(parent)).at(-1)?.text, "[ALL BACKGROUND TASKS COMPLETE]")
      assert.deepStrictEqual(yield* work(parent), { tasks: 8, most: 4 })
      const of = (test: (name: string) => boolean) =>
        model.maxInFlight((request) => below(parent)(request) && test(request.model))
      assert.isAtMost(yield* of((name) => name === "second"), 1)
      assert.isAtMost(yield* of((name) => name === "first" || name === "second"), 2)
      assert.isAtMost(yield* of((name) => name === "open"), 3)
    }))
})
