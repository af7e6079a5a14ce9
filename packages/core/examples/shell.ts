/**
 * A host of one's own in under 60 lines: every task is a shell command, two at a time.
 *
 *     node packages/core/examples/shell.ts
 */
import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { AgentHost, Settings, Task, Tasks } from "@errand/core"
import { Console, Effect, FiberMap, Layer, PubSub, Stream } from "effect"
import { ChildProcess, ChildProcessSpawner } from "effect/process"

/** A command has no transcript, no status and no questions: its only word is how it ended. */
export const ShellHost = Layer.effect(AgentHost.AgentHost)(Effect.gen(function*() {
  const { spawn } = yield* ChildProcessSpawner.ChildProcessSpawner
  const events = yield* PubSub.unbounded<AgentHost.HostEvent>()
  const running = yield* FiberMap.make<Task.SessionId>()
  const output = Effect.fnUntraced(function*(command: string) {
    const child = yield* spawn(ChildProcess.make("sh", ["-c", command]))
    const answer = yield* Stream.mkString(Stream.decodeText(child.stdout))
    const code = yield* child.exitCode
    return code === 0 ? { _tag: "Done", answer } as const : { _tag: "Failed", message: `exit code ${code}` } as const
  }, Effect.scoped)
  // An end without a word would leave the task waiting: whatever happens, there is an `Ended`.
  const run = (session: Task.SessionId, command: string) =>
    output(command).pipe(
      Effect.catch(({ message }) => Effect.succeed({ _tag: "Failed", message } as const)),
      Effect.flatMap((result) => PubSub.publish(events, { _tag: "Ended", session, result }))
    )

  return AgentHost.make({
    open: ({ task }) => Effect.succeed(Task.SessionId.make(task)),
    prompt: (session, { text }) => Effect.asVoid(FiberMap.run(running, session, run(session, text))),
    abort: (session) => FiberMap.remove(running, session),
    notify: (parent, { tasks }) =>
      Console.log(
        `${parent} is told: ${tasks.map(({ request, status }) => `${request.description} ${status}`).join(", ")}`
      ),
    events: Stream.fromPubSub(events)
  })
}))

const program = Effect.gen(function*() {
  const tasks = yield* Tasks.Tasks
  const parent = Task.SessionId.make("me")
  const commands = { slow: "sleep 0.3; echo slow", quick: "echo quick", broken: "exit 3" }
  const launched = yield* Effect.forEach(
    Object.entries(commands),
    ([description, prompt]) => tasks.launch({ description, prompt, agent: "sh", parent })
  )
  for (const { id } of launched) {
    const { outcome, request } = yield* tasks.await(id)
    yield* Console.log(`${request.description}: ${outcome?._tag === "Completed" ? outcome.answer : outcome?.message}`)
  }
  yield* tasks.settled(parent)
})

const limits = Settings.layer({ defaultConcurrency: 2 })
const app = Tasks.Tasks.layer.pipe(Layer.provide(ShellHost), Layer.provide(limits), Layer.provide(NodeServices.layer))
if (process.argv[1] === import.meta.filename) NodeRuntime.runMain(Effect.provide(program, app))
