/**
 * What parents were told: every batch has exactly one last word, or none where nothing was owed; nothing is told twice, or
 * to the wrong one; and all that is said is true. What was owed follows from the journal alone.
 */
import { Array, Effect, HashMap, Option } from "effect"
import type * as Task from "../../src/Task.ts"
import { type Broken, hold } from "../Broken.ts"
import { runOf } from "../Play.ts"
import type { Witnessed, World } from "../World.ts"

/** All tasks of a parent that were out at the same time. */
interface Batch {
  /** How each ended, in its last run. */
  readonly ends: ReadonlyArray<Task.Task>
  /** Every end, of earlier runs too. */
  readonly all: ReadonlySet<string>
}

const batchesOf = (entries: ReadonlyArray<Witnessed>, parent: Task.SessionId): ReadonlyArray<Batch> => {
  const sealed: Array<Batch> = []
  let open = HashMap.empty<Task.TaskId, Option.Option<Task.Task>>()
  let all = new Set<string>()
  for (const { event, task } of entries) {
    if (task.request.parent !== parent || !task.request.background) continue
    if (event._tag === "Queued" || event._tag === "Continued") open = HashMap.set(open, task.id, Option.none())
    if (event._tag === "Ended") {
      open = HashMap.set(open, task.id, Option.some(task))
      all.add(runOf(task))
      const ends = Array.getSomes(HashMap.values(open))
      if (ends.length < HashMap.size(open)) continue
      sealed.push({ ends, all })
      open = HashMap.empty()
      all = new Set()
    }
  }
  return sealed
}

const names = (tasks: ReadonlyArray<Task.Task>) => tasks.map(runOf).toSorted().join(" ")

const isCalledOff = ({ outcome }: Task.Task) => outcome?._tag === "Cancelled" && outcome.reason === "requested"

/** What was told is true, and was told once. Holds at any time. */
export const isTrue = ({ host }: World, entries: ReadonlyArray<Witnessed>): Effect.Effect<void, Broken> =>
  Effect.gen(function*() {
    const ends = new Map(entries.filter(({ event }) => event._tag === "Ended").map(({ task }) => [runOf(task), task]))
    for (const session of yield* host.sessions) {
      const notices = yield* host.notices(session)
      for (const kind of ["progress", "final"]) {
        const listed = notices.filter((notice) => notice.kind === kind).flatMap(({ tasks }) => tasks.map(runOf))
        yield* hold(
          "C2 C4 an end is told once",
          new Set(listed).size === listed.length,
          () => `${session} was told, by ${kind} notices, of ${listed.join(" ")}`
        )
      }
      for (const task of notices.flatMap(({ tasks }) => tasks)) {
        const end = ends.get(runOf(task))
        yield* hold(
          "C11 only the parent is told",
          task.request.parent === session,
          () => `${session} was told of ${runOf(task)} of ${task.request.parent}`
        )
        yield* hold(
          "C4 what is told is true",
          end !== undefined && JSON.stringify(end.outcome) === JSON.stringify(task.outcome),
          () => `${runOf(task)}: told ${JSON.stringify(task.outcome)}, it was ${JSON.stringify(end?.outcome)}`
        )
      }
    }
  })

/** Everything that was owed to these sessions was told, once, with the promised last word. Holds at rest. */
export const isWhole = (
  { host }: World,
  entries: ReadonlyArray<Witnessed>,
  parents: ReadonlyArray<Task.SessionId>,
  read: ReadonlySet<string>
): Effect.Effect<void, Broken> =>
  Effect.forEach(parents, (parent) =>
    Effect.gen(function*() {
      const notices = yield* host.notices(parent)
      const quietly = notices.filter(({ kind }) => kind === "progress")
      const told = new Set(notices.filter(({ kind }) => kind === "final").map(({ tasks }) => names(tasks)))
      for (const { all, ends } of batchesOf(entries, parent)) {
        const promised = quietly.some(({ tasks }) => tasks.some((task) => all.has(runOf(task))))
        const owed = promised || ends.some((task) => !isCalledOff(task) && !read.has(runOf(task)))
        const wasTold = told.delete(names(ends))
        // What was read may have been told before that.
        const mayBe = !owed && ends.some((task) => read.has(runOf(task)))
        yield* hold(
          owed ? "C1 C3 whatever is owed is told" : "C12 who knows everything is told nothing",
          mayBe || wasTold === owed,
          () => `${parent}, the last word on ${names(ends)}`
        )
      }
      yield* hold("C4 a last word is on one whole batch", told.size === 0, () => `${parent}: ${[...told].join("; ")}`)
    }), { discard: true })
