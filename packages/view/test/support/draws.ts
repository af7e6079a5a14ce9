/**
 * What the property tests of the timeline draw from: whole journals, with texts of the worst kind.
 */
import { Task, type TaskEvent } from "@errand/core"
import { Arbitrary, Option, Schema } from "effect"

type Event = TaskEvent.TaskEvent

/** A number from 0 up to, but without, `end`. */
export const below = (end: number) => Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: end - 1 }))

/** Texts that models and providers may write, and that a picture must not take for anything else. */
const nasty = [
  "Find the auth code",
  "",
  "</title><script>alert(1)</script>",
  "\"><img src=x onerror='alert(1)'>",
  "]]> <!-- & &amp; &#x0; %00",
  "\u0000\u0008\u001b[31mred\u007f",
  "\ud800 lone \udfff",
  "\ufffe\uffff\u202eturned\u2066",
  "查找认证实现 👩‍👩‍👧 é",
  "line\r\nline\ttab\u2028end",
  "</style></svg></body>",
  "x".repeat(3_000)
]

const kinds = [
  "Queued",
  "Continued",
  "Started",
  "Started",
  "Opened",
  "Asked",
  "Answered",
  "Retried",
  "Lent",
  "Restored",
  "Adopted",
  "Ended"
] as const

const Draw = Schema.Struct({
  kind: Schema.Literals(kinds),
  task: below(4),
  /** ms since the event before; a clock may be set back. */
  passes: Schema.Literals([0, 1, 500, 2_000, 7_000, 90_000, 4_000_000, -3_000]),
  text: below(nasty.length),
  pools: below(5),
  outcome: below(3)
})
type Draw = typeof Draw.Type

const poolsOf = (nth: number): ReadonlyArray<TaskEvent.HeldPool> | undefined =>
  [
    undefined,
    [{ name: "provider:anthropic", size: 2 }],
    [{ name: "model:<b>&", size: 1 }, { name: "total", size: 3 }],
    [{ name: "default:@explore" }],
    []
  ][nth]

const outcomes = (text: string): ReadonlyArray<Task.Outcome> => [
  { _tag: "Completed", answer: text },
  { _tag: "Failed", reason: "agent-error", message: text },
  { _tag: "Cancelled", reason: "requested", message: text }
]

/** `taken`: only what the tasks take, as a journal keeps it; else whatever comes. */
const eventsOf = (draws: ReadonlyArray<Draw>, taken: boolean): ReadonlyArray<Event> => {
  let at = 1_700_000_000_000
  const tasks = new Map<string, Task.Task>()
  return draws.flatMap((draw): ReadonlyArray<Event> => {
    at += taken ? Math.abs(draw.passes) : draw.passes
    const id = Task.TaskId.make(`bg_0000000${draw.task}`)
    const known = tasks.get(id)
    const event = eventOf(
      draw,
      id,
      (known?.run ?? 0) + (draw.kind === "Queued" || draw.kind === "Continued" ? 1 : 0),
      at
    )
    if (!taken) return [event]
    const after = Task.apply(Option.fromUndefinedOr(known), event)
    if (Option.isSome(after)) tasks.set(id, after.value)
    return Option.isSome(after) ? [event] : []
  })
}

const eventOf = (draw: Draw, id: Task.TaskId, run: number, at: number): Event => {
  const text = nasty[draw.text] ?? ""
  const stamp = { id, run, at }
  switch (draw.kind) {
    case "Queued":
    case "Continued": {
      const parent = Task.SessionId.make(`ses_${draw.task % 2}`)
      return {
        _tag: draw.kind,
        ...stamp,
        request: {
          description: text,
          prompt: text,
          agent: draw.pools === 0 ? text : "explore",
          ...(draw.pools === 1 ? { model: { provider: "anthropic", id: "opus" } } : {}),
          parent,
          ancestors: [parent],
          background: true
        }
      }
    }
    case "Started": {
      const pools = poolsOf(draw.pools)
      return { _tag: "Started", ...stamp, ...(pools === undefined ? {} : { pools }) }
    }
    case "Opened":
      return { _tag: "Opened", ...stamp, session: Task.SessionId.make(`ses_of_${draw.task}`) }
    case "Asked":
      return { _tag: "Asked", ...stamp, what: text }
    case "Retried":
      return { _tag: "Retried", ...stamp, attempt: 1, message: text, nextAt: at + draw.passes }
    case "Adopted":
      return { _tag: "Adopted", ...stamp, ranMs: Math.abs(draw.passes) }
    case "Ended":
      return {
        _tag: "Ended",
        ...stamp,
        outcome: outcomes(text)[draw.outcome] ?? { _tag: "Completed", answer: text },
        progress: { toolCalls: 0 }
      }
    case "Answered":
    case "Lent":
    case "Restored":
      return { _tag: draw.kind, ...stamp }
  }
}

/** Whole journals: what tasks take, and (every fourth time) whatever comes. */
export const journals = Arbitrary.map(
  Arbitrary.all([Arbitrary.array(Arbitrary.schema(Draw), { maxLength: 60 }), Arbitrary.schema(below(4))]),
  ([draws, nth]) => eventsOf(draws, nth > 0)
)
