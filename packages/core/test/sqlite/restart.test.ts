/**
 * A service that ends, and one that goes on with its journal: what the next one finds, and what it does about it. The
 * host outlives both, and stops what runs in it when it is restarted. Time is the test clock's.
 */
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Exit, Fiber, Layer, Option, Ref, Scope, Stream } from "effect"
import { hostname } from "node:os"
import { join } from "node:path"
import { AgentHost, type Capabilities, make } from "../../src/AgentHost.ts"
import { Journal } from "../../src/Journal.ts"
import { Limits } from "../../src/Limits.ts"
import * as Outbox from "../../src/Outbox.ts"
import * as Settings from "../../src/Settings.ts"
import * as SqliteJournal from "../../src/sqlite/SqliteJournal.ts"
import * as Task from "../../src/Task.ts"
import type { TaskEvent } from "../../src/TaskEvent.ts"
import { Tasks } from "../../src/Tasks.ts"
import { SimulatedHost, type Step } from "../../src/testing/SimulatedHost.ts"
import { calledOff, completed, request, taskId } from "../support/arbitraries.ts"
import { folder } from "../support/files.ts"
import { pass, soon } from "../support/time.ts"
import { answerOf, byScript, call, endOf, failing, hang, say, summary, wait } from "../support/world.ts"

/** No process has that id: it is above what Linux gives. */
const deadPid = 2 ** 22 + 1

interface Place {
  readonly file: string
  readonly host: SimulatedHost["Service"]
  readonly parent: Task.SessionId
  /** What was kept by a process that was killed then. */
  readonly killed: (events: ReadonlyArray<TaskEvent>) => Effect.Effect<void>
  /** Has a story told by a service of its own, which ends after it as a program that is closed: nothing is told any more. */
  readonly life: <A>(
    story: (tasks: Tasks["Service"], limits: Limits["Service"]) => Effect.Effect<A, unknown>,
    settings?: Partial<Settings.Settings>,
    inherits?: Journal["Service"]["inherits"]
  ) => Effect.Effect<A>
  readonly told: Effect.Effect<ReadonlyArray<string>>
  /** What the host was asked to open, in order: whether it might have done so before. */
  readonly opens: Effect.Effect<ReadonlyArray<boolean>>
}

const inPlace = (
  name: string,
  scripts: Readonly<Record<string, ReadonlyArray<Step>>>,
  story: (place: Place) => Effect.Effect<unknown, unknown, Scope.Scope>,
  capabilities: Partial<Capabilities> = {}
) =>
  it.effect(name, () =>
    Effect.scoped(Effect.gen(function*() {
      const file = join(yield* folder, "journal.sqlite")
      const services: Context.Context<SimulatedHost | AgentHost> = yield* Layer.buildWithScope(
        SimulatedHost.layer({ behave: byScript(scripts), capabilities }),
        yield* Effect.scope
      )
      const host = Context.get(services, SimulatedHost)
      const opens = yield* Ref.make<ReadonlyArray<boolean>>([])
      const port = Context.get(services, AgentHost)
      const noting = AgentHost.of({
        ...port,
        open: (request) =>
          Effect.andThen(Ref.update(opens, (all) => [...all, request.mayExist === true]), port.open(request))
      })
      const parent = yield* host.root("ses_root")
      yield* story({
        file,
        host,
        parent,
        life: (story, settings = {}, inherits) =>
          Effect.gen(function*() {
            const scope = yield* Scope.make()
            const app = Tasks.layerOnJournal.pipe(
              Layer.provideMerge(SqliteJournal.layer({ file, inherits, onProblem: Effect.die })),
              Layer.provide(Layer.succeed(AgentHost, noting)),
              Layer.provide(Layer.succeed(Settings.Current, { ...Settings.defaults, ...settings }))
            )
            const built = yield* Layer.buildWithScope(app, scope)
            yield* pass(10)
            const found = yield* Effect.orDie(story(Context.get(built, Tasks), Context.get(built, Limits)))
            yield* soon
            const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void), { startImmediately: true })
            yield* pass("10 seconds")
            assert.isDefined(closing.pollUnsafe())
            return found
          }),
        killed: (events) =>
          Effect.scoped(Effect.gen(function*() {
            const journal = yield* Layer.build(
              SqliteJournal.layer({ file, process: { pid: deadPid, host: hostname() }, onProblem: Effect.die })
            )
            yield* Effect.forEach(events, Context.get(journal, Journal).append)
          })),
        told: Effect.map(host.notices(parent), (all) => all.map(summary)),
        opens: Ref.get(opens)
      })
    })))

const launch = (tasks: Tasks["Service"], parent: Task.SessionId, prompt: string, background = true) =>
  tasks.launch({ description: prompt, prompt, agent: "explore", parent, background })

/** What an agent does that is told to go on. */
const onward = (steps: ReadonlyArray<Step>) => ({ [goOn]: steps })
const goOn =
  "The program that you run in was stopped and started again while you were at work. What you were doing in that moment was "
  + "cut off; everything above is as you left it. See what is done already, then go on with your task and finish it."

describe("the next one", () => {
  inPlace(
    "D8 A13 goes on with what ran, first, and then with those who waited, in their old order, under the limits",
    { ...onward([wait(2_000), say("went on")]), one: [hang] },
    ({ host, life, parent, told }) =>
      Effect.gen(function*() {
        const ids = yield* life((tasks) =>
          Effect.map(
            Effect.forEach(["one", "two", "three"], (prompt) => launch(tasks, parent, prompt)),
            (all) => all.map(({ id }) => id)
          ), { defaultConcurrency: 1 })
        yield* life((tasks, limits) =>
          Effect.gen(function*() {
            const status = Effect.map(tasks.list, (all) => all.map(({ status }) => status))
            assert.deepStrictEqual(yield* status, ["running", "pending", "pending"])
            assert.deepStrictEqual((yield* limits.pools).map(({ used }) => used), [1])
            yield* pass(2_500)
            assert.deepStrictEqual(yield* status, ["completed", "running", "pending"])
            yield* pass("10 seconds")
            assert.deepStrictEqual((yield* tasks.list).map(({ id }) => id), ids)
            assert.deepStrictEqual((yield* tasks.list).map(answerOf), ["went on", "done: two", "done: three"])
            assert.deepStrictEqual(yield* told, [], "nobody is there")
            yield* host.say(parent, "here I am")
            yield* pass("10 seconds")
            assert.deepStrictEqual(yield* told, ["final: completed, completed, completed"])
          }), { defaultConcurrency: 1 })
        yield* life(() => Effect.andThen(host.say(parent, "again"), pass("1 minute")))
        assert.deepStrictEqual(yield* told, ["final: completed, completed, completed"], "and once")
      })
  )

  const rumour: Step = { do: "tell", event: () => ({ _tag: "Idle", session: Task.SessionId.make("ses_root") }) }

  inPlace(
    "C1 D8 keeps what a parent is owed until the parent works, whatever else is heard of it",
    { ...onward([say("went on")]), one: [hang], gossip: [rumour], "here I am": [hang] },
    ({ host, life, parent, told }) =>
      Effect.gen(function*() {
        yield* life((tasks) => launch(tasks, parent, "one"))
        yield* life(() =>
          Effect.gen(function*() {
            yield* pass(1_000)
            yield* host.say(yield* host.root("ses_gossip"), "gossip")
            yield* pass(1_000)
            assert.deepStrictEqual(yield* told, [], "nobody is there")
            yield* host.say(parent, "here I am")
            yield* pass(100)
            assert.deepStrictEqual(yield* told, ["final: completed"])
          })
        )
      })
  )

  inPlace(
    "C1 C3 D8 looks up what may have arrived already, also where a notice of its own is on its way",
    {},
    ({ host, life, parent, told }) =>
      Effect.gen(function*() {
        yield* host.faults(({ operation }) => operation === "notify" ? "hang-after" : "ok")
        yield* life((tasks) => Effect.andThen(launch(tasks, parent, "one"), pass("2 seconds")))
        // It arrived, and nobody knows.
        assert.deepStrictEqual(yield* told, ["final: completed"])
        yield* life(
          (tasks) =>
            Effect.gen(function*() {
              yield* host.faults(({ operation }) => operation === "notify" ? { slow: 3_000 } : "ok")
              yield* launch(tasks, parent, "two")
              yield* pass("2 seconds")
              yield* tasks.inherit(parent)
              yield* pass("30 seconds")
              assert.isFalse(yield* tasks.expecting(parent))
            }),
          {},
          "when asked"
        )
        assert.deepStrictEqual(yield* told, ["final: completed", "final: completed"], "each of them once")
      })
  )

  inPlace(
    "D8 E2 asks the host whether it opened a session already for one that was cut off while it began",
    {},
    ({ host, life, opens, parent }) =>
      Effect.gen(function*() {
        yield* host.faults(({ operation }) => operation === "open" ? "hang" : "ok")
        yield* life((tasks) => Effect.andThen(launch(tasks, parent, "one"), pass("1 second")))
        assert.deepStrictEqual(yield* opens, [false])
        yield* host.faults(() => "ok")
        yield* life((tasks) =>
          Effect.gen(function*() {
            yield* pass("10 seconds")
            assert.deepStrictEqual((yield* tasks.list).map(answerOf), ["done: one"])
            yield* launch(tasks, parent, "two")
            yield* pass("10 seconds")
          })
        )
        assert.deepStrictEqual(yield* opens, [false, true, false])
      })
  )

  inPlace(
    "D8 A13 has those who ran stand in line first, however long it takes to ask the host about them",
    { ...onward([wait(2_000), say("went on")]), one: [hang], two: [hang] },
    ({ host, life, parent }) =>
      Effect.gen(function*() {
        const names = ["one", "two", "three", "four"]
        yield* life((tasks) => Effect.forEach(names, (prompt) => launch(tasks, parent, prompt)), {
          defaultConcurrency: 2
        })
        const [first] = yield* host.sessions
        yield* host.faults(({ operation, session }) =>
          operation === "attach" ? { slow: session === first ? 400 : 200 } : "ok"
        )
        yield* life((tasks) =>
          Effect.gen(function*() {
            yield* pass(1_000)
            const all = yield* tasks.list
            assert.deepStrictEqual(all.map(({ status }) => status), ["running", "pending", "pending", "pending"])
            yield* pass("20 seconds")
            const started = (yield* tasks.list).map(({ startedAt }) => startedAt ?? 0)
            assert.deepStrictEqual(started, started.toSorted((a, b) => a - b))
          }), { defaultConcurrency: 1 })
      })
  )

  inPlace(
    "A6 D8 does not have those behind wait for ever where the host says nothing of one who ran",
    { ...onward([say("went on")]), one: [hang] },
    ({ host, life, parent }) =>
      Effect.gen(function*() {
        yield* life((tasks) => Effect.forEach(["one", "two"], (prompt) => launch(tasks, parent, prompt)), {
          defaultConcurrency: 1
        })
        yield* host.faults(({ operation }) => operation === "attach" ? "hang" : "ok")
        yield* life((tasks) =>
          Effect.gen(function*() {
            yield* pass("20 seconds")
            assert.deepStrictEqual((yield* tasks.list).map(({ status }) => status), ["pending", "completed"])
          }), { defaultConcurrency: 1 })
      })
  )

  inPlace(
    "D8 takes an end that came in between for one, without a word to the agent",
    { one: [wait(5_000), say("just in time")] },
    ({ host, life, parent, told }) =>
      Effect.gen(function*() {
        const session = yield* life((tasks) =>
          Effect.gen(function*() {
            const { id } = yield* launch(tasks, parent, "one")
            yield* pass(1_000)
            // Its end is told to nobody, and nobody can stop it.
            yield* host.faults(({ operation }) => operation === "abort" ? "fail" : "ok")
            yield* host.feed(() => [])
            return (yield* tasks.get(id)).session
          })
        )
        yield* host.faults(() => "ok")
        yield* host.feed(() => [0])
        const before = session === undefined ? 0 : (yield* host.turns(session)).length
        yield* life((tasks) =>
          Effect.gen(function*() {
            yield* host.say(parent, "here I am")
            yield* pass("10 seconds")
            assert.deepStrictEqual((yield* tasks.list).map(answerOf), ["just in time"])
          })
        )
        assert.deepStrictEqual(yield* told, ["final: completed"])
        assert.strictEqual(session === undefined ? -1 : (yield* host.turns(session)).length, before)
      })
  )

  inPlace(
    "B17 counts on with the time limit from what was used",
    { ...onward([hang]), one: [hang] },
    ({ host, life, parent, told }) =>
      Effect.gen(function*() {
        const settings = { taskTtlMs: 60_000, staleTimeoutMs: 0 }
        yield* life((tasks) => Effect.andThen(launch(tasks, parent, "one"), pass(40_000)), settings)
        yield* life((tasks) =>
          Effect.gen(function*() {
            yield* host.say(parent, "here I am")
            yield* pass(15_000)
            assert.deepStrictEqual((yield* tasks.list).map(endOf), ["running"])
            // What was used is known as exactly as the lease was renewed.
            yield* pass(11_000)
            assert.deepStrictEqual((yield* tasks.list).map(endOf), ["time-limit"])
          }), settings)
        assert.deepStrictEqual(yield* told, ["final: time-limit"])
      })
  )

  inPlace(
    "B17 D8 charges nothing to the time limit that did not count there: its slots were lent, or a person was waited for",
    {},
    ({ host, life, parent, told }) =>
      Effect.gen(function*() {
        const settings = { taskTtlMs: 60_000, staleTimeoutMs: 0 }
        yield* life((tasks) =>
          Effect.gen(function*() {
            yield* host.behave((told) =>
              told.text === "outer"
                ? [wait(20_000), call("delegate", launch(tasks, told.session, "inner")), say("I wait")]
                : told.text === "inner"
                ? [{ do: "permission", name: "bash", what: "npm test", ms: 1_000 }, say("never")]
                : told.text === goOn
                ? [wait(30_000), say("went on")]
                : [say(`heard: ${told.text}`)]
            )
            yield* launch(tasks, parent, "outer")
            yield* pass("5 minutes")
            assert.deepStrictEqual((yield* tasks.list).map(endOf), ["running", "running"])
          }), settings)
        yield* life((tasks) =>
          Effect.gen(function*() {
            yield* host.say(parent, "here I am")
            yield* pass("20 seconds")
            assert.deepStrictEqual((yield* tasks.list).map(endOf), ["running", "running"])
          }), settings)
        // Nor what was left out by the one before that.
        yield* life((tasks) =>
          Effect.gen(function*() {
            yield* host.say(parent, "here I am")
            yield* pass("1 minute")
            assert.deepStrictEqual((yield* tasks.list).map(answerOf), ["heard: notice final", "went on"])
          }), settings)
        assert.deepStrictEqual(yield* told, ["final: completed"])
      })
  )

  inPlace(
    "D8 says of what ran that it was interrupted, where that is wanted, and it can be continued",
    { one: [hang], more: [say("at last")] },
    ({ host, life, parent, told }) =>
      Effect.gen(function*() {
        yield* life((tasks) => launch(tasks, parent, "one"), { onRestart: "report" })
        yield* life((tasks) =>
          Effect.gen(function*() {
            yield* host.say(parent, "here I am")
            yield* pass("5 seconds")
            const [task] = yield* tasks.list
            assert.strictEqual(task === undefined ? "" : endOf(task), "interrupted")
            assert.deepStrictEqual(yield* told, ["final: interrupted"])
            if (task?.session === undefined) return
            yield* tasks.resume({ session: task.session, prompt: "more", parent })
            yield* pass("5 seconds")
            assert.deepStrictEqual((yield* tasks.list).map(answerOf), ["at last"])
          }), { onRestart: "report" })
      })
  )

  inPlace(
    "D8 has a task that somebody waited for tell its parent instead: whoever waited is gone",
    { ...onward([say("here it is")]), one: [hang] },
    ({ host, life, parent, told }) =>
      Effect.gen(function*() {
        yield* life((tasks) => launch(tasks, parent, "one", false))
        yield* life((tasks) =>
          Effect.gen(function*() {
            yield* host.say(parent, "here I am")
            yield* pass("10 seconds")
            assert.deepStrictEqual((yield* tasks.list).map(answerOf), ["here it is"])
          })
        )
        assert.deepStrictEqual(yield* told, ["final: completed"])
      })
  )

  inPlace(
    "D8 C1 does so as well where an earlier run of the task is in a batch that is still out",
    {
      ...onward([say("the second answer")]),
      one: [say("the first answer")],
      again: [hang],
      sibling: [wait(60_000), say("s")]
    },
    ({ host, life, parent, told }) =>
      Effect.gen(function*() {
        yield* life((tasks) =>
          Effect.gen(function*() {
            const one = yield* launch(tasks, parent, "one")
            yield* launch(tasks, parent, "sibling")
            yield* pass("10 seconds")
            const session = yield* Effect.fromOption(Option.fromUndefinedOr((yield* tasks.get(one.id)).session))
            yield* tasks.resume({ session, prompt: "again", parent, background: false })
            yield* pass("1 second")
          })
        )
        assert.deepStrictEqual(yield* told, ["progress: completed"])
        yield* life(() => Effect.andThen(host.say(parent, "here I am"), pass("2 minutes")))
        assert.strictEqual((yield* told).at(-1), "final: completed, completed")
        const last = (yield* host.notices(parent)).at(-1)
        assert.deepStrictEqual(last?.tasks.map(answerOf), ["the second answer", "the second answer"])
      })
  )

  inPlace(
    "D8 G1 leaves what belongs to others alone, where it is there for one session, until that is asked for",
    { ...onward([say("went on")]), one: [hang], two: [hang] },
    ({ host, life, parent, told }) =>
      Effect.gen(function*() {
        const other = yield* host.root("ses_other")
        yield* life((tasks) => Effect.andThen(launch(tasks, parent, "one"), launch(tasks, other, "two")))
        yield* life(
          (tasks) =>
            Effect.gen(function*() {
              yield* pass("1 minute")
              assert.deepStrictEqual((yield* tasks.list).length, 0)
              yield* tasks.inherit(parent)
              yield* host.say(parent, "here I am")
              yield* pass("10 seconds")
              assert.deepStrictEqual((yield* tasks.list).map(answerOf), ["went on"])
            }),
          {},
          "when asked"
        )
        assert.deepStrictEqual(yield* told, ["final: completed"])
        assert.deepStrictEqual((yield* host.notices(other)).length, 0)
      })
  )

  inPlace(
    "D8 takes over all at its start without asking whose it is, and when asked nothing where that cannot be found out",
    { ...onward([say("went on")]), one: [hang] },
    ({ host, life, parent }) =>
      Effect.gen(function*() {
        yield* life((tasks) => launch(tasks, parent, "one"))
        yield* host.faults(({ operation }) => operation === "parentOf" ? "fail" : "ok")
        const asked = Effect.map(
          host.calls,
          (calls) => calls.filter(({ operation }) => operation === "parentOf").length
        )
        const before = yield* asked
        yield* life(
          (tasks) =>
            Effect.gen(function*() {
              yield* tasks.inherit(parent)
              assert.strictEqual(yield* asked, before + 1)
              assert.deepStrictEqual(yield* tasks.list, [])
            }),
          {},
          "when asked"
        )
        yield* life((tasks) =>
          Effect.gen(function*() {
            yield* tasks.inherit(parent)
            assert.strictEqual(yield* asked, before + 1)
            yield* pass("10 seconds")
            assert.deepStrictEqual((yield* tasks.list).map(answerOf), ["went on"])
          })
        )
      })
  )

  inPlace(
    "D8 B13 tells a task that goes on what became of its own tasks, where nobody uses its session",
    {},
    ({ host, life, parent }) =>
      Effect.gen(function*() {
        yield* life((tasks) =>
          Effect.gen(function*() {
            yield* host.behave((told) =>
              told.text === "outer"
                ? [call("delegate", launch(tasks, told.session, "inner")), say("I wait")]
                : told.text === "inner"
                ? [hang]
                : [say(`heard: ${told.text}`)]
            )
            yield* launch(tasks, parent, "outer")
            yield* pass("5 seconds")
            assert.deepStrictEqual((yield* tasks.list).map(({ status }) => status), ["running", "running"])
          })
        )
        yield* life((tasks) =>
          Effect.gen(function*() {
            yield* pass("1 minute")
            const answers = (yield* tasks.list).map((task) => [task.request.prompt, answerOf(task)])
            assert.deepStrictEqual(answers, [["outer", "heard: notice final"], ["inner", `heard: ${goOn}`]])
          })
        )
      })
  )

  /** One that waits for its own tasks was told of some of them, each by itself, and its process is gone. */
  const toldOfSome = (settings: Partial<Settings.Settings>) => ({ host, life, parent }: Place) =>
    Effect.gen(function*() {
      const quick = Array.from({ length: 10 }, (_, n) => `quick ${n + 1}`)
      const outer = yield* life((tasks) =>
        Effect.gen(function*() {
          yield* host.behave((told) =>
            told.text === "outer"
              ? [
                ...[...quick, "slow"].map((prompt) => call("delegate", launch(tasks, told.session, prompt))),
                say("I wait")
              ]
              : told.text === "slow"
              ? [hang]
              : told.text.startsWith("quick")
              ? [wait(Number(told.text.slice(6)) * 500), say("done")]
              : [say(told.text === goOn ? "went on" : `heard: ${told.text}`)]
          )
          const outer = yield* launch(tasks, parent, "outer")
          yield* pass("1 minute")
          return yield* Effect.fromOption(Option.fromUndefinedOr((yield* tasks.get(outer.id)).session))
        }), settings)
      assert.deepStrictEqual((yield* host.notices(outer)).map(({ kind }) => kind), quick.map(() => "progress"))
      yield* life((tasks) =>
        Effect.gen(function*() {
          yield* pass("2 minutes")
          const open = (yield* tasks.list).filter(({ request: { prompt } }) => prompt === "outer" || prompt === "slow")
          assert.deepStrictEqual(open.map(answerOf), ["heard: notice final", "went on"])
        }), settings)
      const turns = (yield* host.turns(outer)).map((turn) => turn.map(({ text }) => text))
      assert.deepStrictEqual(turns, [["outer"], ["notice final"]])
    })

  inPlace(
    "B13 D8 lets a task that only waits for its own wait on, however often it was told of some of them",
    {},
    toldOfSome({ defaultConcurrency: 20 })
  )

  inPlace(
    "B13 A15 does so on a host that does not say what its sessions are doing, and lends the slot that its own tasks need",
    {},
    toldOfSome({ maxConcurrency: 1 }),
    { activity: false }
  )

  /** A life that ends with a task whose own is over, and that could not be told of it; gives its session. */
  const owedItsLastWord = Effect.fnUntraced(function*({ host, life, parent }: Place) {
    const outer = yield* life((tasks) =>
      Effect.gen(function*() {
        yield* host.behave((told) =>
          told.text === "first"
            ? [hang]
            : told.text === "outer"
            ? [call("delegate", launch(tasks, told.session, "inner")), say("I wait")]
            : told.text === goOn
            ? [wait(60_000), say("went on")]
            : [say(told.text === "inner" ? "done" : `heard: ${told.text}`)]
        )
        yield* host.faults(failing({ notify: "fail" }))
        yield* launch(tasks, parent, "first")
        yield* pass("1 second")
        const outer = yield* launch(tasks, parent, "outer")
        yield* pass("10 seconds")
        return yield* Effect.fromOption(Option.fromUndefinedOr((yield* tasks.get(outer.id)).session))
      }), { defaultConcurrency: 2 })
    yield* host.faults(() => "ok")
    assert.lengthOf(yield* host.notices(outer), 0)
    return outer
  })

  inPlace(
    "A1 A10 C1 does not wake a task that is still in line, however its own stand: it is told once it has its slots",
    {},
    (place) =>
      Effect.gen(function*() {
        const { host, life } = place
        const outer = yield* owedItsLastWord(place)
        yield* life((tasks) =>
          Effect.gen(function*() {
            yield* pass("50 seconds")
            assert.strictEqual(yield* host.activity(outer), "idle")
            assert.lengthOf(yield* host.turns(outer), 1)
            assert.lengthOf(yield* host.working, 1)
            yield* pass("20 seconds")
            const answers = (yield* tasks.list).map(answerOf)
            assert.deepStrictEqual(answers, ["went on", "heard: notice final", "done"])
          }), { defaultConcurrency: 1 })
        assert.deepStrictEqual((yield* host.notices(outer)).map(summary), ["final: completed"])
      })
  )

  inPlace(
    "A1 E8 nor when everything ends while it is in line: nobody would stop it",
    {},
    (place) =>
      Effect.gen(function*() {
        const outer = yield* owedItsLastWord(place)
        yield* place.life(() => pass("20 seconds"), { defaultConcurrency: 1 })
        yield* pass("1 minute")
        assert.lengthOf(yield* place.host.notices(outer), 0)
        assert.lengthOf(yield* place.host.turns(outer), 1)
      })
  )

  inPlace(
    "B5 B13 waits on for its own where the host could not be asked for a moment, just after it was taken over",
    {},
    ({ host, life, parent }) =>
      Effect.gen(function*() {
        const settings = { hostTimeoutMs: 120_000, taskTtlMs: 0, staleTimeoutMs: 0 }
        yield* life((tasks) =>
          Effect.gen(function*() {
            yield* host.behave((told) =>
              told.text === "outer" ? [call("delegate", launch(tasks, told.session, "inner")), say("I wait")] : [hang]
            )
            yield* launch(tasks, parent, "outer")
            yield* pass("10 seconds")
          }), settings)
        yield* life((tasks) =>
          Effect.gen(function*() {
            yield* host.faults(failing({ activity: "fail", transcript: "fail" }))
            yield* pass("5 seconds")
            yield* host.faults(() => "ok")
            yield* pass("10 minutes")
            assert.deepStrictEqual((yield* tasks.list).map(endOf), ["running", "running"])
          }), settings)
      })
  )

  inPlace(
    "E5 ends what its parent had left out, where that had ended without an answer, and not where it had one",
    {},
    ({ host, killed, life, parent }) =>
      Effect.gen(function*() {
        const left = Effect.fnUntraced(function*(n: number, outcome: Task.Outcome) {
          const session = yield* host.root(`ses_outer_${n}`, parent)
          const outer = { id: taskId(n), run: 1 }
          const below = request(session, { ancestors: [session, parent] })
          yield* killed([
            { _tag: "Queued", ...outer, at: 0, request: request(parent) },
            { _tag: "Started", ...outer, at: 1 },
            { _tag: "Opened", ...outer, at: 2, session },
            { _tag: "Queued", id: taskId(10 * n), run: 1, at: 3, request: below },
            { _tag: "Ended", ...outer, at: 4, outcome, progress: { toolCalls: 0 } }
          ])
        })
        yield* left(1, calledOff)
        yield* left(2, completed)
        yield* life((tasks) =>
          Effect.gen(function*() {
            yield* pass("10 seconds")
            const ends = yield* Effect.forEach([10, 20], (n) => Effect.map(tasks.get(taskId(n)), endOf))
            assert.deepStrictEqual(ends, ["parent-ended", "completed"])
          })
        )
      })
  )

  inPlace(
    "D8 C3 goes on with what a person had sent out from the session of a task that was called off, and tells them there",
    {},
    ({ host, killed, life, parent }) =>
      Effect.gen(function*() {
        const session = yield* host.root("ses_outer", parent)
        const outer = { id: taskId(1), run: 1 }
        yield* killed([
          { _tag: "Queued", ...outer, at: 0, request: request(parent) },
          { _tag: "Started", ...outer, at: 1 },
          { _tag: "Opened", ...outer, at: 2, session },
          { _tag: "Ended", ...outer, at: 4, outcome: calledOff, progress: { toolCalls: 0 } },
          { _tag: "Queued", id: taskId(2), run: 1, at: 5, request: request(session, { ancestors: [session, parent] }) }
        ])
        yield* life((tasks) =>
          Effect.gen(function*() {
            yield* pass("10 seconds")
            assert.strictEqual(endOf(yield* tasks.get(taskId(2))), "completed")
            yield* host.say(session, "here I am")
            yield* pass("10 seconds")
            assert.deepStrictEqual((yield* host.notices(session)).map(summary), ["final: completed"])
          })
        )
      })
  )

  inPlace(
    "D1 D8 reads what ended in an earlier life, by its id and by its session",
    {},
    ({ life, parent }) =>
      Effect.gen(function*() {
        const before = yield* life((tasks) =>
          Effect.gen(function*() {
            const { id } = yield* launch(tasks, parent, "one")
            yield* pass("10 seconds")
            return yield* tasks.get(id)
          })
        )
        assert.isTrue(Task.isTerminal(before))
        yield* life((tasks) =>
          Effect.gen(function*() {
            const after = yield* tasks.get(before.id)
            assert.deepStrictEqual(after.outcome, before.outcome)
            assert.strictEqual(Option.isSome(yield* Effect.option(tasks.find(before.id, parent))), true)
          })
        )
      })
  )
})

describe("one that was taken for gone", () => {
  inPlace(
    "C3 C5 D9 waits no longer for what is another's by now: its parent is told of the rest, with a last word",
    { one: [wait(60_000), say("one")], two: [wait(30_000), say("two")] },
    ({ file, host, life, parent, told }) =>
      life((tasks) =>
        Effect.gen(function*() {
          const other = yield* host.root("ses_other")
          const one = yield* launch(tasks, parent, "one")
          const alone = yield* launch(tasks, other, "one")
          yield* launch(tasks, parent, "two")
          yield* pass("5 seconds")
          const waiting = yield* Effect.forkChild(tasks.await(alone.id, other))
          const { DatabaseSync } = process.getBuiltinModule("node:sqlite")
          const database = new DatabaseSync(file)
          database.exec(`UPDATE task SET owner = 'another' WHERE id IN ('${one.id}', '${alone.id}')`)
          database.close()
          yield* pass("30 seconds")
          assert.deepStrictEqual(yield* told, ["progress: completed"])
          yield* pass("1 minute")
          assert.isFalse(yield* tasks.expecting(other))
          assert.isUndefined(waiting.pollUnsafe(), "whoever waits for it waits for the other")
          assert.deepStrictEqual(yield* told, ["progress: completed", "final: completed"])
          const next = yield* launch(tasks, parent, "next")
          yield* pass("10 seconds")
          assert.strictEqual(endOf(yield* tasks.get(next.id)), "completed")
          assert.strictEqual((yield* told).at(-1), "final: completed")
        })
      )
  )
})

/** By hand: leases that were not renewed, as of processes that were stopped for a while. */
const silence = (file: string) =>
  Effect.sync(() => {
    const { DatabaseSync } = process.getBuiltinModule("node:sqlite")
    const database = new DatabaseSync(file)
    database.exec("UPDATE owner SET seen = 1")
    database.close()
  })

/** The journal of a second process on the same file. */
const beside = (file: string) =>
  Layer.build(SqliteJournal.layer({ file, onProblem: Effect.die })).pipe(
    Effect.map((services) => Context.get(services, Journal)),
    Effect.tap(() => soon)
  )

describe("two on one file", () => {
  for (const first of ["the end of a task", "a notice"] as const) {
    inPlace(
      `C2 C4 one that was taken for gone, and finds that out by ${first}, tells nobody what is another's by now`,
      { one: [wait(5_000), say("one")], two: [wait(600_000), say("two")] },
      ({ file, life, parent, told }) =>
        life((tasks) =>
          Effect.scoped(Effect.gen(function*() {
            const journal = yield* beside(file)
            yield* launch(tasks, parent, "one")
            const two = yield* launch(tasks, parent, "two")
            // It reads meanwhile, and is told nothing before it has read.
            if (first === "a notice") yield* Effect.forkChild(tasks.reading(parent)(Effect.sleep("1 minute")))
            yield* pass("30 seconds")
            const before = first === "a notice" ? [] : ["progress: completed"]
            assert.deepStrictEqual(yield* told, before)
            yield* silence(file)
            assert.include((yield* journal.inherit(Option.none())).tasks.map(({ id }) => id), two.id)
            yield* pass("12 minutes")
            assert.deepStrictEqual(yield* told, before)
            assert.isFalse(yield* tasks.expecting(parent), "nobody waits here any more")
            assert.isTrue(Outbox.isOut(journal.boxUnsafe(parent)), "it is all the other's")
          }))
        )
    )
  }

  inPlace(
    "C1 C4 the end of a run is told by who ran it, also where another has continued the task since",
    { one: [wait(5_000), say("one")] },
    ({ file, life, parent, told }) =>
      life((tasks) =>
        Effect.scoped(Effect.gen(function*() {
          const journal = yield* beside(file)
          const { id } = yield* launch(tasks, parent, "one")
          yield* Effect.forkChild(tasks.reading(parent)(Effect.sleep("1 minute")))
          yield* pass("30 seconds")
          const { request, status } = yield* tasks.get(id)
          assert.strictEqual(status, "completed")
          const continued = yield* journal.append({ _tag: "Continued", id, run: 2, at: 30_000, request })
          assert.isTrue(Option.isSome(continued))
          yield* pass("2 minutes")
          assert.deepStrictEqual(yield* told, ["final: completed"])
        }))
      )
  )

  inPlace(
    "D7 A16 what the other one has continued is shown, awaited and continued as it is there, and not as it was here",
    { one: [say("one")], more: [wait(5_000), say("more")], last: [say("last")] },
    ({ life, parent }) =>
      life((tasks) =>
        Effect.gen(function*() {
          const { id } = yield* launch(tasks, parent, "one")
          yield* pass("10 seconds")
          const { session = Task.SessionId.make("none"), status } = yield* tasks.get(id)
          assert.strictEqual(status, "completed")
          yield* life((others) =>
            Effect.gen(function*() {
              yield* others.resume({ session, prompt: "more", parent })
              yield* pass("1 second")
              const stands = ({ run, status }: Task.Task) => [run, status]
              assert.deepStrictEqual(stands(yield* tasks.get(id)), [2, "running"])
              assert.deepStrictEqual(stands(yield* tasks.find(session, parent)), [2, "running"])
              assert.strictEqual((yield* tasks.cancel(id)).task.status, "running", "it is not over")
              assert.deepStrictEqual((yield* tasks.list).map(stands), [[2, "running"]])
              assert.deepStrictEqual((yield* tasks.list).map(stands), [[2, "running"]], "once more")
              const waiting = yield* Effect.forkChild(tasks.await(id, parent))
              yield* pass("2 seconds")
              assert.isUndefined(waiting.pollUnsafe())
              assert.strictEqual(
                (yield* Effect.flip(tasks.resume({ session, prompt: "last", parent })))._tag,
                "TaskRunning"
              )
              yield* pass("5 seconds")
              assert.strictEqual(answerOf(yield* Fiber.join(waiting)), "more")
              assert.deepStrictEqual((yield* tasks.list).map(answerOf), ["more"])
              yield* tasks.resume({ session, prompt: "last", parent })
              yield* pass("5 seconds")
              const last = yield* others.get(id)
              assert.deepStrictEqual([last.run, answerOf(last)], [3, "last"])
            })
          )
        })
      )
  )

  inPlace(
    "A16 what the other one has continued, and ended, while it was looked up here is continued here: it is at work no more",
    { one: [say("one")], more: [say("more")], last: [say("last")] },
    ({ host, life, parent }) =>
      life((others) =>
        Effect.gen(function*() {
          const { id } = yield* launch(others, parent, "one")
          yield* pass("5 seconds")
          const { session = Task.SessionId.make("none") } = yield* others.get(id)
          yield* life((tasks) =>
            Effect.gen(function*() {
              yield* host.faults(({ operation }) => operation === "parentOf" ? { slow: 3_000 } : "ok")
              const resuming = yield* Effect.forkChild(tasks.resume({ session, prompt: "last", parent }))
              yield* pass("1 second")
              yield* others.resume({ session, prompt: "more", parent })
              yield* pass("1 second")
              assert.strictEqual(answerOf(yield* others.get(id)), "more")
              assert.isUndefined(resuming.pollUnsafe())
              yield* pass("10 seconds")
              assert.strictEqual((yield* Fiber.join(resuming)).run, 3)
              assert.strictEqual(answerOf(yield* tasks.get(id)), "last")
            })
          )
        })
      )
  )

  inPlace(
    "C1 C4 the end of a run is told by who ran it, also where it may not go on with the task that another has continued",
    { one: [wait(5_000), say("one")] },
    ({ file, life, parent, told }) =>
      life((tasks) =>
        Effect.scoped(Effect.gen(function*() {
          const journal = yield* beside(file)
          const { id } = yield* launch(tasks, parent, "one")
          yield* Effect.forkChild(tasks.reading(parent)(Effect.sleep("1 minute")))
          yield* pass("30 seconds")
          const { request, session = Task.SessionId.make("none") } = yield* tasks.get(id)
          yield* journal.append({ _tag: "Continued", id, run: 2, at: 30_000, request })
          const again = tasks.resume({ session, prompt: "more", parent })
          assert.strictEqual((yield* Effect.flip(again))._tag, "TaskRunning")
          yield* pass("2 minutes")
          assert.deepStrictEqual(yield* told, ["final: completed"])
        }))
      )
  )

  inPlace(
    "D7 C5 one that was taken for gone, and looks for more to take over, shows what it has lost as the other has it",
    { one: [wait(60_000), say("one")] },
    ({ file, life, parent }) =>
      life(
        (tasks, limits) =>
          Effect.scoped(Effect.gen(function*() {
            const { id } = yield* launch(tasks, parent, "one")
            const journal = yield* beside(file)
            yield* pass("21 seconds")
            yield* silence(file)
            assert.deepStrictEqual((yield* journal.inherit(Option.none())).tasks.map(({ id }) => id), [id])
            yield* tasks.inherit(parent)
            assert.strictEqual((yield* tasks.get(id)).status, "pending", "it has not begun there yet")
            assert.isFalse(yield* tasks.expecting(parent))
            assert.deepStrictEqual((yield* limits.pools).map(({ used }) => used), [0])
          })),
        {},
        "when asked"
      )
  )

  inPlace(
    "A1 A2 E8 one that was taken for gone, and takes its task back while it still runs it, runs it once",
    { one: [wait(60_000), say("one")] },
    ({ file, host, life, parent, told }) =>
      life(
        (tasks, limits) =>
          Effect.gen(function*() {
            const { id } = yield* launch(tasks, parent, "one")
            yield* pass("10 seconds")
            const { DatabaseSync } = process.getBuiltinModule("node:sqlite")
            const database = new DatabaseSync(file)
            // By hand: a lease that was not renewed, as of a process that was stopped for a while.
            const forget = Effect.sync(() => database.exec("UPDATE owner SET seen = 1"))
            const other = yield* Scope.make()
            const layer = SqliteJournal.layer({ file, onProblem: Effect.die })
            const journal = Context.get(yield* Layer.buildWithScope(layer, other), Journal)
            yield* soon
            yield* pass("21 seconds")
            yield* forget
            assert.deepStrictEqual((yield* journal.inherit(Option.none())).tasks.map(({ id }) => id), [id])
            yield* Scope.close(other, Exit.void)
            database.close()
            yield* tasks.inherit(parent)
            yield* pass("10 seconds")
            assert.deepStrictEqual((yield* limits.pools).map(({ used }) => used), [1])
            yield* pass("5 minutes")
            assert.strictEqual(endOf(yield* tasks.get(id)), "completed")
            assert.deepStrictEqual((yield* limits.pools).map(({ used }) => used), [0])
            yield* host.say(parent, "here I am")
            yield* pass("10 seconds")
            assert.deepStrictEqual(yield* told, ["final: completed"])
          }),
        {},
        "when asked"
      )
  )

  inPlace(
    "E5 E1 what was at work when it was taken over is stopped, also when it is called off in line",
    { hangs: [wait(600_000), say("late")] },
    ({ file, host, life, parent }) =>
      life((tasks) =>
        Effect.gen(function*() {
          yield* launch(tasks, parent, "hangs")
          const { id } = yield* launch(tasks, parent, "hangs")
          yield* life(
            (others) =>
              Effect.gen(function*() {
                yield* pass("21 seconds")
                yield* silence(file)
                yield* others.inherit(parent)
                yield* pass("1 second")
                const { session, status } = yield* others.get(id)
                assert.strictEqual(status, "pending")
                assert.include(yield* host.working, session)
                const { abort, cancelled } = yield* others.cancel(id)
                assert.deepStrictEqual([cancelled, abort], [true, "confirmed"])
                assert.notInclude(yield* host.working, session)
              }),
            { defaultConcurrency: 1 },
            "when asked"
          )
        })
      )
  )

  /** The only task that is at work has one slot, completes, and leaves none behind. */
  const isLivedOnce = Effect.fnUntraced(function*(tasks: Tasks["Service"], limits: Limits["Service"], id: string) {
    yield* pass("1 second")
    assert.deepStrictEqual((yield* limits.pools).map(({ used }) => used), [1])
    yield* pass("5 minutes")
    assert.strictEqual(endOf(yield* tasks.get(id)), "completed")
    assert.deepStrictEqual((yield* limits.pools).map(({ used }) => used), [0])
  })

  inPlace(
    "A1 A2 what was lost and taken back after an event of it was refused is lived once, and its slots are free in the end",
    { short: [wait(30_000), say("short")], long: [wait(120_000), say("long")] },
    ({ file, life, parent }) =>
      life(
        (tasks, limits) =>
          Effect.gen(function*() {
            yield* launch(tasks, parent, "short")
            const { id } = yield* launch(tasks, parent, "long")
            const other = yield* Scope.make()
            const layer = SqliteJournal.layer({ file, onProblem: Effect.die })
            const journal = Context.get(yield* Layer.buildWithScope(layer, other), Journal)
            yield* soon
            yield* pass("21 seconds")
            yield* silence(file)
            assert.lengthOf((yield* journal.inherit(Option.none())).tasks, 2)
            // The end of the short one is refused, and with it both are known to be lost.
            yield* pass("15 seconds")
            yield* Scope.close(other, Exit.void)
            yield* tasks.inherit(parent)
            yield* isLivedOnce(tasks, limits, id)
          }),
        {},
        "when asked"
      )
  )

  inPlace(
    "A1 A16 what was lost, ended there and was continued here lives once, and its slots are free in the end",
    { short: [wait(30_000), say("short")], long: [wait(120_000), say("long")], more: [wait(5_000), say("more")] },
    ({ file, life, parent }) =>
      life(
        (tasks, limits) =>
          Effect.scoped(Effect.gen(function*() {
            yield* launch(tasks, parent, "short")
            const { id } = yield* launch(tasks, parent, "long")
            const journal = yield* beside(file)
            yield* pass("21 seconds")
            const { session = Task.SessionId.make("none") } = yield* tasks.get(id)
            yield* silence(file)
            assert.lengthOf((yield* journal.inherit(Option.none())).tasks, 2)
            yield* pass("15 seconds")
            const outcome = { _tag: "Completed" as const, answer: "there" }
            yield* journal.append({ _tag: "Ended", id, run: 1, at: 36_000, outcome, progress: { toolCalls: 0 } })
            yield* tasks.resume({ session, prompt: "more", parent })
            yield* isLivedOnce(tasks, limits, id)
          })),
        {},
        "when asked"
      )
  )

  inPlace(
    "E7 C3 a continuation that was refused while the other one ran the task lets the next one live",
    { one: [wait(10_000), say("one")], more: [wait(10_000), say("more")] },
    ({ life, parent }) =>
      life((others) =>
        life(
          (tasks) =>
            Effect.gen(function*() {
              const { id } = yield* launch(others, parent, "one")
              yield* pass("1 second")
              const { session = Task.SessionId.make("none") } = yield* tasks.get(id)
              const again = tasks.resume({ session, prompt: "more", parent })
              assert.strictEqual((yield* Effect.flip(again))._tag, "TaskRunning")
              yield* pass("20 seconds")
              yield* again
              yield* pass("1 second")
              // As the prompt in its session has it done.
              yield* tasks.inherit(parent)
              yield* pass("20 seconds")
              assert.strictEqual(endOf(yield* tasks.get(id)), "completed")
              assert.isFalse(yield* tasks.expecting(parent))
            }),
          {},
          "when asked"
        )
      )
  )

  inPlace(
    "D6 who waits for a task that was lost to the other one is given the end that it comes to there",
    { one: [wait(60_000), say("one")] },
    ({ file, life, parent }) =>
      life((tasks) =>
        Effect.scoped(Effect.gen(function*() {
          const journal = yield* beside(file)
          const { id } = yield* launch(tasks, parent, "one")
          const waiting = yield* Effect.forkChild(tasks.await(id, parent))
          const short = yield* Effect.forkChild(tasks.await(id, parent, 90_000))
          yield* pass("21 seconds")
          yield* silence(file)
          assert.deepStrictEqual((yield* journal.inherit(Option.none())).tasks.map(({ id }) => id), [id])
          yield* pass("70 seconds")
          assert.strictEqual((yield* Fiber.join(short)).status, "pending", "it has not begun there yet")
          assert.isUndefined(waiting.pollUnsafe(), "it is over here, and not there")
          const outcome = { _tag: "Completed" as const, answer: "there" }
          yield* journal.append({ _tag: "Ended", id, run: 1, at: 91_000, outcome, progress: { toolCalls: 0 } })
          yield* pass("2 seconds")
          assert.strictEqual(answerOf(yield* Fiber.join(waiting)), "there")
        }))
      )
  )

  inPlace(
    "D6 what the other one runs can be waited for, and is called off by none but that one",
    { one: [wait(60_000), say("one")] },
    ({ life, parent }) =>
      life((tasks) =>
        Effect.gen(function*() {
          const { id } = yield* launch(tasks, parent, "one")
          yield* pass("1 second")
          yield* life((others) =>
            Effect.gen(function*() {
              const { cancelled, task } = yield* others.cancel(id)
              assert.deepStrictEqual([cancelled, task.status], [false, "running"])
              const short = yield* Effect.forkChild(others.await(id, parent, 10_000))
              const long = yield* Effect.forkChild(others.await(id, parent))
              yield* pass(9_000)
              assert.isUndefined(short.pollUnsafe())
              yield* pass(1_000)
              assert.strictEqual((yield* Fiber.join(short)).status, "running")
              assert.isUndefined(long.pollUnsafe())
              yield* pass("1 minute")
              assert.strictEqual(answerOf(yield* Fiber.join(long)), "one")
            })
          )
        })
      )
  )

  inPlace(
    "C1 D9 keeps back no news for a task that is in line here no more, as it is another's by then",
    { hog: [wait(30_000), say("done")] },
    ({ file, host, life, parent }) =>
      life((tasks) =>
        Effect.gen(function*() {
          const task = yield* launch(tasks, parent, "first")
          yield* pass("5 seconds")
          const session = yield* Effect.fromOption(Option.fromUndefinedOr((yield* tasks.get(task.id)).session))
          yield* launch(tasks, parent, "hog")
          yield* pass("1 second")
          const inner = { description: "inner", prompt: "inner", agent: "librarian", parent: session }
          yield* tasks.launch(inner)
          yield* tasks.resume({ session, prompt: "more", parent })
          yield* pass("10 seconds")
          const { DatabaseSync } = process.getBuiltinModule("node:sqlite")
          const database = new DatabaseSync(file)
          database.exec(`UPDATE task SET owner = 'another' WHERE id = '${task.id}'`)
          database.close()
          assert.lengthOf(yield* host.notices(session), 0)
          yield* pass("1 minute")
          assert.deepStrictEqual((yield* host.notices(session)).map(summary), ["final: completed"])
        }), { defaultConcurrency: 1 })
  )
})

describe("a host whose sessions cannot be continued", () => {
  it.effect("B9 D8 has a task that was at work end as interrupted: nobody has deleted anything", () =>
    Effect.scoped(Effect.gen(function*() {
      const file = join(yield* folder, "journal.sqlite")
      const poor = make({
        open: ({ task }) => Effect.succeed(Task.SessionId.make(task)),
        prompt: () => Effect.void,
        abort: () => Effect.void,
        notify: () => Effect.void,
        events: Stream.never
      })
      const life = <A>(story: (tasks: Tasks["Service"]) => Effect.Effect<A, unknown>) =>
        Effect.flatMap(Tasks, story).pipe(Effect.provide(Tasks.layerOnJournal.pipe(
          Layer.provide(SqliteJournal.layer({ file, onProblem: Effect.die })),
          Layer.provide(Layer.succeed(AgentHost, poor))
        )))
      const request = { description: "an errand", prompt: "go", agent: "any", parent: Task.SessionId.make("ses_root") }
      const { id } = yield* life((tasks) => Effect.tap(tasks.launch(request), ({ id }) => tasks.opened(id)))
      const task = yield* life((tasks) => Effect.andThen(pass("10 seconds"), tasks.get(id)))
      assert.strictEqual(endOf(task), "interrupted")
    })))
})
