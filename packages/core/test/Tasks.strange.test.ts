/**
 * A host that is not as its type says: what throws where it should fail, and what no type would let it tell. One that reads
 * what agents say as JSON, and believes it, is soon such a host.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, PubSub, Stream } from "effect"
import * as AgentHost from "../src/AgentHost.ts"
import { Journal } from "../src/Journal.ts"
import * as Task from "../src/Task.ts"
import { Tasks } from "../src/Tasks.ts"
import { endOf, messageOf, pass, summary } from "./support/world.ts"

const parent = Task.SessionId.make("ses_root")

type Port = AgentHost.AgentHost["Service"]

interface World {
  readonly tasks: Tasks["Service"]
  readonly launch: Effect.Effect<Task.Task>
  readonly told: ReadonlyArray<string>
  readonly end: (task: Task.Task) => Effect.Effect<string>
}

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
    ({ end, launch }) =>
      Effect.gen(function*() {
        const task = yield* launch
        yield* pass("10 seconds")
        assert.strictEqual(yield* end(task), "completed")
      })
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
