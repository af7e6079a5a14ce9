/**
 * `delegate_task`: sends an agent on an errand, or continues one that came back.
 */
import { Task, Tasks, Traced } from "@errand/core"
import { Effect, Option, Ref } from "effect"
import { Agents } from "../host/Agents.ts"
import { passOneOf } from "../text/errors.ts"
import { continued, keeps, launched } from "../text/launched.ts"
import { BadArguments } from "./BadArguments.ts"
import { about, type Caller } from "./Caller.ts"
import { type DelegateArguments, delegateArguments } from "./DelegateArguments.ts"
import { Launching } from "./Launching.ts"
import { readTask } from "./readTask.ts"
import { answered, NoSession } from "./refusal.ts"

/** How long a launch waits for the session's id (ms): a few round trips, unless the host is in trouble. */
const patience = 2_000

export const delegateTask = Effect.fnUntraced(
  function*(input: unknown, caller: Caller) {
    const args = yield* read(input)
    const tasks = yield* Tasks.Tasks
    const launching = yield* Launching
    const { target } = args
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
      const page = yield* readTask(ended, caller)
      const said = target._tag === "Agent" ? [] : keeps(ended, target.agent)
      return { ...page, output: [page.output, ...said.map((one) => `Note: ${one}.`)].join("\n\n") }
    }
    const task = yield* around(prepare(args, caller))
    // One that stands in line may stand there for long, and there is nothing to wait for.
    const inLine = yield* tasks.place(task.id)
    const current = Option.isNone(inLine) ? yield* tasks.opened(task.id, patience) : task
    const place = current.status === "pending" ? Option.getOrUndefined(yield* tasks.place(current.id)) : undefined
    return about(current, target._tag === "Agent" ? launched(current, place) : continued(current, place, target.agent))
  },
  answered("delegate_task"),
  Traced.named("delegate_task")
)

/** The arguments. Whoever names no agent is told which there are. */
const read = (input: unknown) =>
  Effect.catchTag(Effect.fromResult(delegateArguments(input)), "BadArguments", (error) =>
    Effect.gen(function*() {
      if (error.argument !== "agent") return yield* error
      const agents = yield* Agents
      const known = yield* Effect.orElseSucceed(agents.sendable, () => [])
      return yield* new BadArguments({
        argument: error.argument,
        message: known.length === 0 ? error.message : `${error.message} ${passOneOf(known.map(({ name }) => name))}`
      })
    }))

/** Around what makes a task: whoever is called away meanwhile knows afterwards which it is. */
const noting = (made: Ref.Ref<Option.Option<Task.TaskId>>) => <E>(make: Effect.Effect<Task.Task, E>) =>
  Effect.uninterruptible(Effect.tap(make, ({ id }) => Ref.set(made, Option.some(id))))

const callOff = (tasks: Tasks.Tasks["Service"], id: Task.TaskId) => Effect.ignore(tasks.cancel(id))

/** A task that has no session has not begun, or has nothing that could be continued. */
const sessionOf = Effect.fnUntraced(function*(id: string, caller: Caller) {
  const task = yield* Effect.flatMap(Tasks.Tasks, (tasks) => tasks.find(id, caller.session))
  return task.session ?? (yield* new NoSession({ task }))
})

/** What the task needs is found out first; gives what makes it. */
const prepare = Effect.fnUntraced(function*(args: DelegateArguments, caller: Caller) {
  const tasks = yield* Tasks.Tasks
  const agents = yield* Agents
  const { background, description, isDescribed, prompt, target } = args
  if (target._tag === "Agent") {
    const agent = yield* agents.find(target.agent)
    const model = yield* agents.modelFor(args.model, agent, caller.session)
    return tasks.launch({ description, prompt, agent: agent.name, model, parent: caller.session, background })
  }
  return tasks.resume({
    session: target._tag === "Session" ? Task.SessionId.make(target.session) : yield* sessionOf(target.task, caller),
    prompt,
    ...(isDescribed ? { description } : {}),
    model: args.model === undefined ? undefined : yield* agents.named(args.model),
    parent: caller.session,
    background
  })
})
