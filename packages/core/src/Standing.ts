/**
 * What has become of a run whose process is gone: what its session tells of it, when somebody else is to go on with it.
 *
 * Only an end that the transcript proves is believed. Whatever else stopped there was cut off with the process, so it is
 * no failure of the agent's, and nobody interrupted it.
 */
import { Clock, Effect, Option, Schedule } from "effect"
import type { AgentHost, HostError, SessionGone } from "./AgentHost.ts"
import type { HostCalls } from "./HostCalls.ts"
import * as Look from "./Look.ts"
import * as Observation from "./Observation.ts"
import type { Settings } from "./Settings.ts"
import * as Settlement from "./Settlement.ts"
import type { Outcome, SessionId, Task } from "./Task.ts"

export type Standing =
  /** Its session, if it has one, was told nothing of this run. */
  | { readonly _tag: "Unprompted" }
  /** It works, or waits for tasks of its own. */
  | { readonly _tag: "AtWork" }
  /** It had finished. */
  | { readonly _tag: "Finished"; readonly outcome: Outcome }
  /** It stopped in the middle. `last` is the last message that is there; none where the host has no transcripts. */
  | { readonly _tag: "CutOff"; readonly last: Option.Option<string> }

export const unprompted: Extract<Standing, { readonly _tag: "Unprompted" }> = { _tag: "Unprompted" }
const atWork: Standing = { _tag: "AtWork" }

interface Environment {
  readonly host: AgentHost["Service"]
  readonly settings: Settings
  readonly hostCalls: HostCalls["Service"]
  /** Whether a session has background tasks out, or is owed a notice. */
  readonly expecting: (session: SessionId) => Effect.Effect<boolean>
  /** The notices that a session was told and that woke nobody, by id. */
  readonly quietUnsafe: (session: SessionId) => ReadonlySet<string>
}

/** Enough to hold the end of a turn with a summary before it. */
const lastMessages = 8

/** A host that has just been started may need some time until it answers. */
export const find = (environment: Environment, task: Task): Effect.Effect<Standing, HostError | SessionGone> =>
  task.session === undefined || task.opened === undefined
    ? Effect.succeed(unprompted)
    : look(environment, task.session, Option.fromUndefinedOr(task.opened.after)).pipe(
      Effect.retry({
        schedule: patience(environment.settings),
        while: (error) => error._tag === "HostError"
      })
    )

const patience = ({ hostTimeoutMs, pollIntervalMs }: Settings) =>
  hostTimeoutMs === 0
    ? Schedule.spaced(pollIntervalMs)
    : Schedule.upTo(Schedule.spaced(pollIntervalMs), { duration: hostTimeoutMs })

const look = Effect.fnUntraced(function*(
  { expecting, host, hostCalls: { within }, quietUnsafe, settings }: Environment,
  session: SessionId,
  after: Option.Option<string>
): Effect.fn.Return<Standing, HostError | SessionGone> {
  const { activity, continues, transcript } = host.capabilities
  // Where no session can be prompted again, that this one cannot be says nothing of it.
  if (continues) yield* within("attach", settings.startTimeoutMs, host.attach(session))
  const doing = activity
    ? (yield* within("activity", settings.callTimeoutMs, host.activity([session]))).get(session) ?? "idle"
    : "idle"
  if (doing === "busy" || doing === "retry") return atWork
  if (!transcript) return { _tag: "CutOff", last: Option.none() }
  const quiet = quietUnsafe(session)
  const all = yield* within(
    "transcript",
    settings.callTimeoutMs,
    host.transcript(session, { last: lastMessages + quiet.size })
  )
  // One that waits for its tasks, and was told of some of them, has ended its turn before that.
  const messages = Look.withoutQuiet(all, quiet, after)
  const stands = messages.at(-1)
  if (stands === undefined || Option.contains(after, stands.id)) return unprompted
  const last = Option.map(Option.fromUndefinedOr(all.at(-1)), ({ id }) => id)
  const at = yield* Clock.currentTimeMillis
  const seen = Observation.looked(
    Observation.looking(Observation.polled(Observation.make(at, after), "idle", at)),
    { messages, openTodos: 0, at },
    true
  )
  const verdict = Settlement.judge(seen, { settings, capabilities: host.capabilities, now: at, expecting: false })
  if (verdict._tag !== "Settled" || verdict.outcome._tag !== "Completed") return { _tag: "CutOff", last }
  return (yield* expecting(session)) ? atWork : { _tag: "Finished", outcome: verdict.outcome }
})
