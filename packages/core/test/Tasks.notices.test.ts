import { assert, describe } from "@effect/vitest"
import { Array, Effect, Fiber } from "effect"
import type { Operation } from "../src/testing/SimulatedHost.ts"
import { endOf, failing, hang, inWorld, type Options, pass, say, soon, summary, wait } from "./support/world.ts"

/** Answer after as many seconds as the prompt says. */
const bySeconds: Options["behave"] = ({ text }) => [wait(1_000 * Number(text.replace(/\D.*/, ""))), say(text)]

const turnsOf = (prompts: ReadonlyArray<ReadonlyArray<{ readonly text: string }>>) =>
  prompts.map((turn) => turn.map(({ text }) => text).join(" + "))

describe("a parent", () => {
  inWorld(
    "of one task is told once, by a final notice that starts a turn (C2, C5)",
    {},
    (world) =>
      Effect.gen(function*() {
        const { atRest, get, host, launch, parent, told } = world
        const task = yield* launch("x")
        yield* pass(1_000)
        const [notice, ...more] = yield* host.notices(parent)
        assert.deepStrictEqual(more, [])
        assert.deepStrictEqual(notice, {
          id: notice?.id ?? "",
          kind: "final",
          wakes: true,
          remaining: 0,
          tasks: [yield* get(task)]
        })
        assert.deepStrictEqual(turnsOf(yield* host.turns(parent)), ["notice final"])
        yield* atRest
        assert.deepStrictEqual(yield* told(), ["final: completed"])
      })
  )

  inWorld("of a batch is told of each quietly, and at the end of all once, each with its true end (C3, C4, C13)", {
    behave: (told) =>
      told.text === "2 fails"
        ? [wait(2_000), { do: "fail", message: "401" }]
        : told.text === "hangs"
        ? [hang]
        : bySeconds(told),
    settings: { staleTimeoutMs: 0, taskTtlMs: 30_000 }
  }, (world) =>
    Effect.gen(function*() {
      const { atRest, host, launch, parent, tasks } = world
      const all = yield* Effect.forEach(["3", "2 fails", "hangs", "1", "9 cancelled"], (name) => launch(name))
      yield* pass(5_000)
      yield* tasks.cancel(all[4]?.id ?? "")
      yield* pass(35_000)
      const notices = yield* host.notices(parent)
      assert.deepStrictEqual(notices.map(summary), [
        "progress: completed",
        "progress: agent-error",
        "progress: completed",
        "final: completed, agent-error, time-limit, completed, requested"
      ])
      assert.deepStrictEqual(notices.map(({ remaining, wakes }) => [remaining, wakes]), [
        [4, false],
        [3, false],
        [2, false],
        [0, true]
      ])
      assert.deepStrictEqual(notices.at(-1)?.tasks.map(({ id }) => id), all.map(({ id }) => id))
      assert.deepStrictEqual(turnsOf(yield* host.turns(parent)), ["notice final"])
      yield* atRest
    }))

  inWorld(
    "is told in one notice of those that end in the same moment (C4)",
    { behave: bySeconds },
    (world) =>
      Effect.gen(function*() {
        const { atRest, launch, tasks, told } = world
        const all = yield* Effect.forEach(["7", "8", "9", "2"], (name) => launch(name))
        yield* pass(1_000)
        yield* Effect.forEach(all.slice(0, 3), ({ id }) => tasks.cancel(id, "by-person"), { concurrency: "unbounded" })
        yield* pass(5_000)
        assert.deepStrictEqual(yield* told(), [
          "progress: by-person, by-person, by-person",
          "final: by-person, by-person, by-person, completed"
        ])
        yield* atRest
      })
  )

  inWorld(
    "that cancels the last of a batch still gets the last word on the others (C3)",
    { behave: bySeconds },
    (world) =>
      Effect.gen(function*() {
        const { atRest, launch, tasks, told } = world
        yield* launch("1")
        const last = yield* launch("60")
        yield* pass(2_000)
        yield* tasks.cancel(last.id)
        yield* pass(100)
        assert.deepStrictEqual(yield* told(), ["progress: completed", "final: completed, requested"])
        yield* atRest
        assert.strictEqual((yield* told()).length, 2)
      })
  )

  inWorld(
    "that cancels everything knows it, and is told nothing (C12)",
    { behave: () => [hang] },
    (world) =>
      Effect.gen(function*() {
        const { atRest, callsOf, launch, parent, tasks, told } = world
        yield* Effect.forEach(Array.range(1, 8), (i) => launch(`${i}`))
        yield* pass(1_000)
        yield* tasks.cancelAll(parent)
        yield* atRest
        assert.deepStrictEqual(yield* told(), [])
        assert.deepStrictEqual(yield* callsOf("notify"), [])
        assert.isFalse(yield* tasks.expecting(parent))
      })
  )

  inWorld("of tasks that end in the same instant gets one last word that has them all (C9)", {
    behave: () => [wait(1_000), say("done")],
    latency: 20
  }, (world) =>
    Effect.gen(function*() {
      const { atRest, host, launch, parent, told } = world
      yield* Effect.forkChild(Effect.forEach(Array.range(1, 5), (i) => launch(`${i}`)))
      yield* pass(60_000)
      const notices = yield* host.notices(parent)
      assert.strictEqual((yield* told()).at(-1), `final: ${Array.replicate("completed", 5).join(", ")}`)
      assert.strictEqual(notices.filter(({ kind }) => kind === "final").length, 1)
      const quietly = notices.filter(({ kind }) => kind === "progress").flatMap(({ tasks }) =>
        tasks.map(({ id }) => id)
      )
      assert.strictEqual(new Set(quietly).size, quietly.length, "nobody is told of the same end twice")
      yield* atRest
    }))

  inWorld(
    "of a foreground task is told nothing: it waits for the answer itself",
    {},
    (world) =>
      Effect.gen(function*() {
        const { atRest, callsOf, launch, parent, tasks, told } = world
        const task = yield* launch("x", { background: false })
        assert.isFalse(yield* tasks.expecting(parent))
        const waiting = yield* Effect.forkChild(tasks.await(task.id))
        yield* pass(1_000)
        assert.strictEqual(endOf(yield* Fiber.join(waiting)), "completed")
        const background = yield* launch("y")
        yield* pass(1_000)
        assert.deepStrictEqual(yield* told(), ["final: completed"])
        assert.strictEqual((yield* world.host.notices(parent))[0]?.tasks[0]?.id, background.id)
        yield* atRest
        assert.strictEqual((yield* callsOf("notify")).length, 1)
      })
  )

  inWorld(
    "hears only of its own tasks, and each parent of its own (C4, C11)",
    { behave: bySeconds },
    (world) =>
      Effect.gen(function*() {
        const { atRest, host, launch, parent, sessionOf, told } = world
        const other = yield* host.root("ses_other")
        yield* host.behave((told) => told.session === "ses_root" ? [say("ok")] : bySeconds(told))
        const a = yield* launch("1 a")
        const b = yield* launch("2 b", { parent: other })
        yield* pass(0)
        const c = yield* launch("5 c", { parent: yield* sessionOf(a) })
        yield* pass(60_000)
        const idsOf = (session: typeof parent) =>
          Effect.map(host.notices(session), (all) => all.map(({ tasks }) => tasks.map(({ id }) => id)))
        assert.deepStrictEqual(yield* idsOf(parent), [[a.id]])
        assert.deepStrictEqual(yield* idsOf(other), [[b.id]])
        assert.deepStrictEqual(yield* idsOf(yield* sessionOf(a)), [[c.id]])
        yield* atRest
        assert.strictEqual((yield* told()).length, 1)
      })
  )

  inWorld(
    "can be asked about: something is expected until the last word has arrived (C14)",
    {},
    (world) =>
      Effect.gen(function*() {
        const { atRest, host, launch, parent, tasks, told } = world
        assert.isFalse(yield* tasks.expecting(parent))
        yield* tasks.settled(parent)
        yield* launch("x")
        const settled = yield* Effect.forkChild(tasks.settled(parent))
        yield* host.faults(failing({ notify: "fail" }))
        yield* pass(10_000)
        assert.isTrue(yield* tasks.expecting(parent))
        assert.strictEqual(settled.pollUnsafe(), undefined)
        yield* host.faults(() => "ok")
        yield* pass(30_000)
        yield* Fiber.join(settled)
        assert.isFalse(yield* tasks.expecting(parent))
        assert.deepStrictEqual(yield* told(), ["final: completed"])
        yield* atRest
      })
  )
})

describe("a notice", () => {
  const troubles: ReadonlyArray<
    readonly [string, (operation: Operation, nth: number) => "ok" | "fail" | "hang" | "die"]
  > = [
    ["fails for a minute", () => "fail"],
    ["hangs for a minute", () => "hang"],
    ["breaks for a minute", () => "die"],
    ["fails, hangs and breaks in turn", (_, nth) => (["fail", "hang", "die"] as const)[nth % 3] ?? "ok"]
  ]
  for (const [name, how] of troubles) {
    inWorld(`is delivered once although its delivery ${name} (C1, C2, C18)`, {}, (world) =>
      Effect.gen(function*() {
        const { atRest, callsOf, host, launch, told } = world
        let nth = 0
        yield* launch("x")
        yield* host.faults(({ operation }) =>
          operation === "notify" || operation === "received" ? how(operation, nth++) : "ok"
        )
        yield* pass(61_000)
        assert.deepStrictEqual(yield* told(), [])
        assert.isAbove((yield* callsOf("notify")).length + (yield* callsOf("received")).length, 4)
        yield* host.faults(() => "ok")
        // A call that hangs has ten seconds, and the next try is at most half a minute later.
        yield* pass(41_000)
        assert.deepStrictEqual(yield* told(), ["final: completed"])
        yield* atRest
        assert.strictEqual((yield* told()).length, 1)
      }))
  }

  for (const fault of ["fail-after", "hang-after"] as const) {
    inWorld(
      `that arrived is not sent again although the host said otherwise (${fault}, C2)`,
      {},
      (world) =>
        Effect.gen(function*() {
          const { atRest, callsOf, host, launch, parent, tasks, told } = world
          yield* host.faults(failing({ notify: fault }))
          yield* launch("x")
          yield* pass(1_000)
          assert.isTrue(yield* tasks.expecting(parent))
          yield* pass(12_000)
          assert.isFalse(yield* tasks.expecting(parent))
          assert.strictEqual((yield* callsOf("notify")).length, 1)
          assert.deepStrictEqual(yield* told(), ["final: completed"])
          yield* atRest
        })
    )
  }

  inWorld("to a host without receipts is not sent again where its end is unclear (C2)", {
    capabilities: { receipts: false }
  }, (world) =>
    Effect.gen(function*() {
      const { atRest, callsOf, host, launch, told } = world
      yield* host.faults(failing({ notify: "hang-after" }))
      yield* launch("x")
      yield* pass(60_000)
      assert.strictEqual((yield* callsOf("notify")).length, 1)
      assert.deepStrictEqual(yield* callsOf("received"), [])
      assert.deepStrictEqual(yield* told(), ["final: completed"])
      yield* atRest
    }))

  inWorld("that does not get through holds up no task, no other parent, and is followed in order (A3, C4)", {
    behave: bySeconds,
    settings: { defaultConcurrency: 1 }
  }, (world) =>
    Effect.gen(function*() {
      const { atRest, host, launch, parent } = world
      const other = yield* host.root("ses_other")
      yield* host.faults(({ operation, session }) =>
        (operation === "notify" || operation === "received") && session === parent ? "fail" : "ok"
      )
      const first = yield* launch("1 first")
      yield* pass(5_000)
      const second = yield* launch("1 second")
      const third = yield* launch("1 third")
      const theirs = yield* launch("1 theirs", { parent: other })
      yield* pass(10_000)
      const fourth = yield* launch("1 fourth")
      yield* pass(10_000)
      const all = [first, second, third, theirs, fourth]
      assert.deepStrictEqual(yield* Effect.forEach(all, world.end), all.map(() => "completed"))
      assert.deepStrictEqual((yield* host.notices(other)).map(summary), ["final: completed"])
      yield* host.faults(() => "ok")
      yield* pass(60_000)
      assert.deepStrictEqual(
        (yield* host.notices(parent)).map(({ kind, tasks }) => [kind, tasks.map(({ id }) => id)]),
        [["final", [first.id]], ["final", [second.id, third.id]], ["final", [fourth.id]]]
      )
      yield* atRest
    }))

  inWorld("of a batch with a task that was continued meanwhile lists it once, with its last run (C4)", {
    behave: bySeconds
  }, (world) =>
    Effect.gen(function*() {
      const { atRest, host, launch, parent, sessionOf, tasks } = world
      const short = yield* launch("1")
      const long = yield* launch("10")
      yield* pass(2_000)
      yield* tasks.resume({ session: yield* sessionOf(short), prompt: "3 more", parent })
      yield* pass(60_000)
      const notices = yield* host.notices(parent)
      assert.deepStrictEqual(notices.map(({ kind, tasks }) => [kind, tasks.map(({ id, run }) => `${id}#${run}`)]), [
        ["progress", [`${short.id}#1`]],
        ["progress", [`${short.id}#2`]],
        ["final", [`${long.id}#1`, `${short.id}#2`]]
      ])
      yield* atRest
    }))

  inWorld("reaches a parent that works at the end of its turn, as one turn (C6, C7)", {
    behave: (told) => told.text === "hello" ? [wait(10_000), say("hello yourself")] : bySeconds(told)
  }, (world) =>
    Effect.gen(function*() {
      const { atRest, callsOf, host, launch, parent } = world
      yield* host.say(parent, "hello")
      yield* launch("1")
      yield* launch("2")
      yield* pass(5_000)
      assert.strictEqual((yield* callsOf("notify")).length, 2)
      assert.deepStrictEqual(turnsOf(yield* host.turns(parent)), ["hello"])
      yield* pass(10_000)
      assert.deepStrictEqual(turnsOf(yield* host.turns(parent)), ["hello", "notice progress + notice final"])
      yield* atRest
    }))
})

describe("a task whose end the parent has read by itself", () => {
  inWorld("before it was told is not told again (C2)", { behave: bySeconds }, (world) =>
    Effect.gen(function*() {
      const { atRest, launch, parent, tasks, told } = world
      const task = yield* launch("1")
      const reading = yield* Effect.forkChild(
        tasks.reading(parent)(Effect.flatMap(tasks.await(task.id), (ended) => tasks.read(ended, parent)))
      )
      yield* pass(10_000)
      yield* Fiber.join(reading)
      assert.isFalse(yield* tasks.expecting(parent))
      assert.deepStrictEqual(yield* told(), [])
      yield* atRest
    }))

  inWorld(
    "while others run is not told, and the last word has them all (C2, C4)",
    { behave: bySeconds, latency: 20 },
    (world) =>
      Effect.gen(function*() {
        const { atRest, launch, parent, tasks, told } = world
        const launching = yield* Effect.forkChild(Effect.forEach(["1", "5"], (name) => launch(name)))
        yield* pass(500)
        const [first] = yield* Fiber.join(launching)
        const id = first?.id ?? ""
        const reading = yield* Effect.forkChild(
          tasks.reading(parent)(Effect.flatMap(tasks.await(id), (ended) => tasks.read(ended, parent)))
        )
        yield* pass(60_000)
        yield* Fiber.join(reading)
        assert.deepStrictEqual(yield* told(), ["final: completed, completed"])
        yield* atRest
      })
  )

  inWorld(
    "only in part, when the call is over, is told the rest (C1)",
    { behave: bySeconds },
    (world) =>
      Effect.gen(function*() {
        const { atRest, launch, parent, tasks, told } = world
        const first = yield* launch("1")
        yield* launch("2")
        // The call goes on for a while after the first has ended, and nobody reads the second.
        const reading = yield* Effect.forkChild(
          tasks.reading(parent)(
            Effect.flatMap(
              tasks.await(first.id),
              (ended) => Effect.andThen(tasks.read(ended, parent), Effect.sleep(5_000))
            )
          )
        )
        yield* pass(5_900)
        assert.deepStrictEqual(yield* told(), [])
        assert.isTrue(yield* tasks.expecting(parent))
        yield* pass(100)
        yield* Fiber.join(reading)
        assert.deepStrictEqual(yield* told(), ["final: completed, completed"])
        yield* atRest
      })
  )

  inWorld(
    "is not known to the parent because somebody else has read it",
    { behave: bySeconds },
    (world) =>
      Effect.gen(function*() {
        const { atRest, host, launch, parent, tasks, told } = world
        const other = yield* host.root("ses_other")
        const task = yield* launch("1")
        const reading = yield* Effect.forkChild(
          tasks.reading(parent)(Effect.flatMap(tasks.await(task.id), (ended) => tasks.read(ended, other)))
        )
        yield* pass(10_000)
        yield* Fiber.join(reading)
        assert.deepStrictEqual(yield* told(), ["final: completed"])
        yield* atRest
      })
  )

  inWorld("counts for nothing while it runs", { behave: bySeconds }, (world) =>
    Effect.gen(function*() {
      const { atRest, launch, parent, tasks, told } = world
      const task = yield* launch("1")
      yield* soon
      yield* tasks.read(yield* world.get(task), parent)
      yield* pass(10_000)
      assert.deepStrictEqual(yield* told(), ["final: completed"])
      yield* atRest
    }))
})
