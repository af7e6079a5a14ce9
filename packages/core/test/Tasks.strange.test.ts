/**
 * A host that is not as its type says: what throws where it should fail, and what no type would let it tell. One that reads
 * what agents say as JSON, and believes it, is soon such a host.
 */
import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Fiber, Layer, Logger, PubSub, Stream } from "effect"
import * as AgentHost from "../src/AgentHost.ts"
import { Journal } from "../src/Journal.ts"
import * as Task from "../src/Task.ts"
import type { TaskEvent } from "../src/TaskEvent.ts"
import { Tasks } from "../src/Tasks.ts"
import { temporary } from "./support/files.ts"
import { endOf, messageOf, pass, summary } from "./support/world.ts"

const parent = Task.SessionId.make("ses_root")

type Port = AgentHost.AgentHost["Service"]

interface World {
  readonly tasks: Tasks["Service"]
  readonly launch: Effect.Effect<Task.Task>
  readonly told: ReadonlyArray<string>
  readonly end: (task: Task.Task) => Effect.Effect<string>
}

/** What an agent wrote, believed to be an event. */
const believed = (session: Task.SessionId, written: string): AgentHost.HostEvent => ({
  ...JSON.parse(written),
  session
})

/** A host whose sessions answer after two seconds, in what is said about them and in nothing else. */
const inWorld = (
  name: string,
  strange: (host: Port, tell: (event: AgentHost.HostEvent) => Effect.Effect<unknown>) => Partial<Port>,
  story: (world: World) => Effect.Effect<unknown, unknown>,
  journal: Layer.Layer<Journal> = Journal.layer
) =>
  it.effect(name, () => {
    const told: Array<string> = []
    const host = Layer.effect(AgentHost.AgentHost)(Effect.gen(function*() {
      const events = yield* PubSub.unbounded<AgentHost.HostEvent>()
      const tell = (event: AgentHost.HostEvent) => PubSub.publish(events, event)
      const result = { _tag: "Done", answer: "the answer" } as const
      const plain = AgentHost.make({
        open: ({ task }) => Effect.succeed(Task.SessionId.make(task)),
        prompt: (session) =>
          Effect.asVoid(Effect.forkDetach(Effect.delay(tell({ _tag: "Ended", session, result }), 2_000))),
        abort: () => Effect.void,
        notify: (_, notice) => Effect.sync(() => void told.push(summary(notice))),
        events: Stream.fromPubSub(events)
      })
      return AgentHost.AgentHost.of({ ...plain, ...strange(plain, tell) })
    }))
    return Effect.gen(function*() {
      const tasks = yield* Tasks
      yield* story({
        tasks,
        told,
        launch: Effect.orDie(tasks.launch({ description: "an errand", prompt: "go", agent: "any", parent })),
        end: ({ id }) => Effect.map(Effect.orDie(tasks.get(id)), endOf)
      })
    }).pipe(
      Effect.provide(Tasks.layerOnJournal.pipe(Layer.provide(journal), Layer.provide(host)))
    )
  })

const completes = ({ end, launch }: World) =>
  Effect.gen(function*() {
    const task = yield* launch
    yield* pass("10 seconds")
    assert.strictEqual(yield* end(task), "completed")
  })

const activity = (ids: ReadonlyArray<Task.SessionId>) => Effect.succeed(new Map(ids.map((id) => [id, "idle" as const])))

const answered: AgentHost.Message = {
  id: "msg_1",
  role: "assistant",
  automatic: false,
  notices: [],
  text: "the answer",
  tools: [],
  state: "done",
  fingerprint: "1"
}

/** A host that tells nothing: who wants to know asks it, and then it is over. */
const polled = ({ capabilities }: Port): Partial<Port> => ({
  capabilities: { ...capabilities, activity: true, transcript: true },
  prompt: () => Effect.void,
  activity,
  transcript: () => Effect.succeed([answered])
})

/** Throws the first time that it is called. */
const throwsOnce = <A extends ReadonlyArray<unknown>, B>(call: (...args: A) => B) => {
  let calls = 0
  return (...args: A): B => {
    if (calls++ === 0) throw new Error("out of order")
    return call(...args)
  }
}

describe("a host that throws instead of failing", () => {
  inWorld(
    "C1 C3 C18 when it is told something has it told again",
    (host) => ({
      capabilities: { ...host.capabilities, receipts: true },
      notify: throwsOnce(host.notify)
    }),
    ({ launch, tasks, told }) =>
      Effect.gen(function*() {
        yield* launch
        yield* pass("10 seconds")
        assert.deepStrictEqual(told, ["final: completed"])
        yield* tasks.settled(parent)
      })
  )

  inWorld(
    "B3 B5 when it is polled is polled again",
    (host) => ({ ...polled(host), activity: throwsOnce(activity) }),
    completes
  )

  inWorld(
    "A7 when it is to open a session has not opened it, in words of its own",
    (host) => ({ open: throwsOnce(host.open) }),
    ({ launch, tasks }) =>
      Effect.gen(function*() {
        const { id } = yield* launch
        yield* pass("10 seconds")
        const task = yield* tasks.get(id)
        assert.strictEqual(endOf(task), "start-failed")
        assert.strictEqual(messageOf(task), "it could not be started: Error: out of order")
      })
  )

  inWorld(
    "when it is asked where a session belongs refuses the launch, and the next one is well",
    (host) => ({ parentOf: throwsOnce(host.parentOf) }),
    ({ end, launch, tasks }) =>
      Effect.gen(function*() {
        const request = { description: "an errand", prompt: "go", agent: "any", parent }
        const refused = yield* Effect.flip(tasks.launch(request))
        assert.strictEqual(refused._tag, "LineageUnknown")
        const task = yield* launch
        yield* pass("10 seconds")
        assert.strictEqual(yield* end(task), "completed")
      })
  )
})

/** The first thing that is said of a session after its prompt. */
const says =
  (written: string) => (host: Port, tell: (event: AgentHost.HostEvent) => Effect.Effect<unknown>): Partial<Port> => ({
    prompt: (session, prompt) =>
      Effect.andThen(host.prompt(session, prompt), Effect.asVoid(tell(believed(session, written))))
  })

describe("a host that tells what no type would let it tell", () => {
  const unwritable: ReadonlyArray<readonly [string, string]> = [
    ["a tool without a name", `{ "_tag": "Tool", "call": "call_1", "state": "running" }`],
    ["a retry without a word", `{ "_tag": "Retrying", "attempt": 1, "nextAt": 5 }`]
  ]
  for (const [what, written] of unwritable) {
    inWorld(
      `B10 C1 E8 ${what}: the task ends as it would, its parent is told, and whoever waits for it goes on`,
      says(written),
      ({ launch, tasks, told }) =>
        Effect.gen(function*() {
          const { id } = yield* launch
          const waiting = yield* Effect.forkChild(tasks.await(id))
          yield* pass("10 seconds")
          assert.strictEqual(endOf(yield* Fiber.join(waiting)), "completed")
          assert.deepStrictEqual(told, ["final: completed"])
        }),
      temporary
    )
  }

  inWorld(
    "B10 C1 E8 an answer that is a list: the task ends all the same, as a defect",
    says(`{ "_tag": "Ended", "result": { "_tag": "Done", "answer": ["the answer"] } }`),
    ({ launch, tasks, told }) =>
      Effect.gen(function*() {
        const { id } = yield* launch
        yield* pass("10 seconds")
        const task = yield* tasks.get(id)
        assert.strictEqual(endOf(task), "defect")
        assert.include(messageOf(task), "how it ended cannot be kept")
        assert.deepStrictEqual(told, ["final: defect"])
      }),
    temporary
  )

  inWorld(
    "B3 B5 what its sessions do in no form that is known: it is polled again",
    (host) => {
      let polls = 0
      return {
        ...polled(host),
        activity: (ids) => polls++ === 0 ? Effect.succeed(JSON.parse("{}")) : activity(ids)
      }
    },
    completes
  )

  inWorld(
    "B3 what nobody knows changes nothing",
    says(`{ "_tag": "Sang" }`),
    ({ end, launch, told }) =>
      Effect.gen(function*() {
        const task = yield* launch
        yield* pass("10 seconds")
        assert.strictEqual(yield* end(task), "completed")
        assert.deepStrictEqual(told, ["final: completed"])
      })
  )
})

describe("a fault in Errand", () => {
  const lines: Array<string> = []
  const logger = Logger.layer([Logger.make(({ cause, message }) => {
    lines.push([message].flat().map(String).join(" "), Cause.pretty(cause))
  })])
  const broken = Layer.effect(
    Journal,
    Effect.map(Journal, (journal) => ({
      ...journal,
      append: (event: TaskEvent) => event._tag === "Opened" ? Effect.die(new Error("it broke")) : journal.append(event)
    }))
  ).pipe(Layer.provide(Journal.layer))

  inWorld(
    "D4 is told to the parent in a few words, and where it broke is in the log",
    () => ({}),
    ({ launch, tasks, told }) =>
      Effect.gen(function*() {
        const { id } = yield* launch
        yield* pass("1 second")
        assert.strictEqual(messageOf(yield* tasks.get(id)), "a fault in Errand: Error: it broke")
        assert.deepStrictEqual(told, ["final: defect"])
        assert.strictEqual(lines[0], `Task ${id} was ended by a fault in Errand`)
        assert.match(lines[1] ?? "", /Error: it broke\n.*Tasks\.strange\.test/)
      }),
    Layer.merge(broken, logger)
  )
})
