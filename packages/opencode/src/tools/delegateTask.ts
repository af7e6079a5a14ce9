/**
 * `delegate_task`: sends an agent on an errand, or continues one that came back.
 */
import { Task, Tasks, Traced } from "@errand/core"
import { Effect, Option, Ref } from "effect"
import { Agents } from "../host/Agents.ts"
import { continued, launched } from "../text/launched.ts"
import { about, type Caller } from "./Caller.ts"
import { type DelegateArguments, delegateArguments } from "./DelegateArguments.ts"
import { Launching } from "./Launching.ts"
import { readTask } from "./readTask.ts"
import { answered } from "./refusal.ts"

/** How long a launch waits for the session's id (ms): a few round trips, unless the host is in trouble. */
const patience = 2_000

export const delegateTask = Effect.fnUntraced(
  function*(input: unknown, caller: Caller) {
    const args = yield* Effect.fromResult(delegateArguments(input))
    const tasks = yield* Tasks.Tasks
    const launching = yield* Launching
    const around = launching.around(caller.session, args.description)
    if (!args.background) {
      const made = yield* Ref.make(Option.none<Task.TaskId>())
      const ended = yield* around(Effect.map(prepare(args, caller), noting(made))).pipe(
        Effect.flatMap(({ id }) => tasks.await(id, caller.session)),
        // Whoever waits for an answer and goes away does not want it any more.
        Effect.onInterrupt(() =>
          Effect.flatMap(Ref.get(made), Option.match({ onNone: () => Effect.void, onSome: (id) => callOff(tasks, id) }))
        )
      )
      return yield* readTask(ended, caller)
    }
    const task = yield* around(prepare(args, caller))
    // One that stands in line may stand there for long, and there is nothing to wait for.
    const inLine = yield* tasks.place(task.id)
    const current = Option.isNone(inLine) ? yield* tasks.opened(task.id, patience) : task
    const place = current.status === "pending" ? Option.getOrUndefined(yield* tasks.place(current.id)) : undefined
    const { target } = args
    return about(current, target._tag === "Agent" ? launched(current, place) : continued(current, place, target.agent))
  },
  answered("delegate_task"),
  Traced.named("delegate_task")
)

/** Around what makes a task: whoever is called away meanwhile knows afterwards which it is. */
const noting = (made: Ref.Ref<Option.Option<Task.TaskId>>) => <E>(make: Effect.Effect<Task.Task, E>) =>
  Effect.uninterruptible(Effect.tap(make, ({ id }) => Ref.set(made, Option.some(id))))

const callOff = (tasks: Tasks.Tasks["Service"], id: Task.TaskId) => Effect.ignore(tasks.cancel(id))

/** What the task needs is found out first; gives what makes it. */
const prepare = Effect.fnUntraced(function*(args: DelegateArguments, caller: Caller) {
  const tasks = yield* Tasks.Tasks
  const agents = yield* Agents
  const { background, description, prompt, target } = args
  if (target._tag === "Agent") {
    const agent = yield* agents.find(target.agent)
    const model = yield* agents.modelFor(args.model, agent, caller.session)
    return tasks.launch({ description, prompt, agent: agent.name, model, parent: caller.session, background })
  }
  const session = target._tag === "Session"
    ? Task.SessionId.make(target.session)
    : (yield* tasks.find(target.task, caller.session)).session
  return tasks.resume({
    // A task that never had a session has nothing that could be continued.
    session: session ?? Task.SessionId.make(target._tag === "Task" ? target.task : target.session),
    prompt,
    model: args.model === undefined ? undefined : yield* agents.named(args.model),
    parent: caller.session,
    background
  })
})
