/**
 * What is drawn: a program, which is a world and a list of moves in it. A move names a task by its number in the list of
 * tasks, counted around, so that a program stays a program when the shrinker takes moves out.
 */
import { Arbitrary, Array, Schema } from "effect"
import { errands } from "./Agents.ts"

/** A number from 0 up to, but without, `end`. */
const below = (end: number) => Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: end - 1 }))

const nth = below(8)
const Errand = Schema.Literals(errands)

export const Move = Schema.TaggedUnion({
  /** From one of three roots, or from the session of a task. */
  Launch: {
    from: Schema.Literals(["root", "root", "task"]),
    nth,
    errand: Errand,
    background: Schema.Literals([true, true, false]),
    model: below(3)
  },
  Cancel: { nth },
  CancelAll: { from: Schema.Literals(["root", "task"]), nth },
  Continue: { nth, errand: Errand },
  /** Its parent waits for a task for some seconds, and reads how it ended. */
  Await: { nth },
  /** Somebody waits until a root is owed nothing. */
  Settle: { nth },
  /** A person says something in a root: a short thing, or one that keeps it busy for ten minutes. */
  Say: { nth, long: Schema.Boolean },
  /** A person interrupts the session of a task. */
  Interrupt: { nth },
  /** A person deletes a session. */
  Delete: { from: Schema.Literals(["root", "task", "task", "task"]), nth },
  /** A person answers what the session of a task asks. */
  Answer: { nth },
  Pass: { ms: Schema.Literals([0, 1, 40, 100, 1_000, 2_500, 7_000, 31_000]) },
  Resize: { pool: below(2), size: below(4) },
  Pause: {},
  Resume: {},
  /** From now on calls go wrong in one way. */
  Fault: {
    operation: Schema.Literals([
      "open",
      "attach",
      "prompt",
      "abort",
      "activity",
      "transcript",
      "todos",
      "notify",
      "received",
      "all"
    ]),
    fault: Schema.Literals(["fail", "refuse", "hang", "die", "fail-after", "hang-after", "slow"])
  },
  /** From now on events do. */
  Feed: { how: Schema.Literals(["lost", "late", "twice", "idle lost"]) },
  /** The feed of events breaks off, once. */
  Cut: { how: Schema.Literals(["ended", "failed"]) },
  /** From now on one call in five goes wrong in some way, and one event: by a seed. */
  Weather: { seed: below(1_000) },
  /** The host dies, and is back after a while. */
  Restart: { ms: Schema.Literals([100, 7_000, 31_000]) },
  Heal: {}
})
export type Move = typeof Move.Type

const { Cancel, CancelAll, Continue, Launch, Pass, ...rare } = Move.cases

/** A move as it is drawn: where little is launched, and no time passes, nothing meets. */
const Drawn = Schema.Union([
  ...Array.replicate(Launch, 12),
  ...Array.replicate(Pass, 8),
  ...Array.replicate(Cancel, 2),
  ...Array.replicate(CancelAll, 1),
  ...Array.replicate(Continue, 3),
  ...Object.values(rare)
])

const faulty: ReadonlySet<Move["_tag"]> = new Set(["Fault", "Feed", "Cut", "Weather", "Restart"])

/** Moves that make the host lie, fail or forget. Without one a world is calm, and every end can be foretold. */
export const isFaulty = (move: Move): boolean => faulty.has(move._tag)

export const Program = Schema.Struct({
  /** How long every call to the host takes (ms). */
  latency: Schema.Literals([0, 0, 3, 700]),
  /** How long it takes until what was said in a session shows there (ms). */
  lag: Schema.Literals([0, 0, 40]),
  /** After how many steps a fiber gives way to others: few make them meet everywhere. */
  steps: Schema.Literals([2_048, 2_048, 2_048, 11, 5]),
  /** Whether moves that make the host go wrong are left out. */
  calm: Schema.Literals([false, false, true]),
  policy: Schema.Literals(["priority", "priority", "layered"]),
  maxConcurrency: Schema.Literals([0, 0, 3]),
  retainedTasks: Schema.Literals([200, 200, 4]),
  /** Whether Errand is shut down after the last move, or everything is left to come to its end. */
  end: Schema.Literals(["rest", "rest", "shutdown"]),
  moves: Schema.Array(Move)
})
export type Program = typeof Program.Type

/** The moves that are made. */
export const movesOf = (program: Program): ReadonlyArray<Move> =>
  program.calm ? program.moves.filter((move) => !isFaulty(move)) : program.moves

/**
 * How long what was said takes to show, in the world that is played. A host that dies loses what it has taken and not kept,
 * and while Errand lives on nobody knows.
 */
export const lagOf = (program: Program): number | undefined =>
  program.lag === 0 || movesOf(program).some(({ _tag }) => _tag === "Restart") ? undefined : program.lag

/** At most this many moves; the size of a check makes them fewer. */
const maxMoves = 40

const { moves: _, ...world } = Program.fields

export const program: Arbitrary.Arbitrary<Program> = Arbitrary.map(
  Arbitrary.all([
    Arbitrary.schema(Schema.Struct(world)),
    Arbitrary.array(Arbitrary.schema(Drawn), { maxLength: maxMoves })
  ]),
  ([world, moves]) => ({ ...world, moves })
)
