/**
 * Stories of one session, told to the pure verdict: what the host says and when, what its transcript and its poll show at
 * each moment. `watch` does without time and without effects what `Watch` does with them.
 */
import { Option } from "effect"
import type { Activity, Capabilities, HostEvent, Message } from "../../src/AgentHost.ts"
import type { Look } from "../../src/Look.ts"
import * as Observation from "../../src/Observation.ts"
import * as Settings from "../../src/Settings.ts"
import * as Settlement from "../../src/Settlement.ts"
import type { Outcome } from "../../src/Task.ts"
import { sessionId } from "./arbitraries.ts"

export const session = sessionId("ses_child")

type WithoutSession<E> = E extends unknown ? Omit<E, "session"> : never

/** What the host says at which moment (ms). */
export type Said = readonly [at: number, event: WithoutSession<HostEvent>]

export const message = (id: string, more: Partial<Message> = {}): Message => ({
  id,
  role: "assistant",
  automatic: false,
  notices: [],
  text: "",
  tools: [],
  state: "done",
  fingerprint: JSON.stringify(more),
  ...more
})

export const prompt: Message = message("msg_prompt", { role: "user", text: "look around" })

/** Something that has a value from each of these moments on. */
export type Timeline<A> = ReadonlyArray<readonly [from: number, value: A]>

const at = <A>(timeline: Timeline<A>, now: number, otherwise: A): A =>
  timeline.findLast(([from]) => from <= now)?.[1] ?? otherwise

export interface Film {
  readonly says: ReadonlyArray<Said>
  readonly transcript: Timeline<ReadonlyArray<Message>>
  /** What the poll finds. */
  readonly activity: Timeline<Activity>
  readonly todos?: Timeline<number>
  /** Whether its own tasks are out. */
  readonly expecting?: Timeline<boolean>
  /** Whether the poll, and looks at the transcript, are answered. */
  readonly reachable?: { readonly poll?: Timeline<boolean>; readonly transcript?: Timeline<boolean> }
}

export interface Options {
  readonly settings?: Partial<Settings.Settings>
  readonly capabilities?: Partial<Capabilities>
  /** When the audience goes home (ms). */
  readonly until?: number
  /** What o'clock it is when the film begins (ms). */
  readonly begins?: number
}

export const capabilities: Capabilities = {
  activity: true,
  transcript: true,
  todos: true,
  continues: true,
  receipts: true,
  silent: false
}

export interface Seen {
  /** None when there was no verdict until the end of the film. */
  readonly outcome: Outcome | undefined
  /** When the verdict was given (ms). */
  readonly at: number
  /** How often the transcript was looked at. */
  readonly looks: number
  readonly observation: Observation.Observation
}

/** Somebody asked for the transcript, and was answered in the same moment. */
export const lookedAt = (seen: Observation.Observation, look: Look, byPoll: boolean) =>
  Observation.looked(Observation.looking(seen), look, byPoll)

export const watch = (film: Film, options: Options = {}): Seen => {
  const settings = { ...Settings.defaults, ...options.settings }
  const host = { ...capabilities, ...options.capabilities }
  const until = options.until ?? 3_600_000
  const clock = (now: number) => (options.begins ?? 0) + now
  let seen = Observation.make(clock(0), Option.none())
  let polled = false
  let lastTick = 0
  let looks = 0

  const judge = (now: number): Outcome | undefined => {
    for (let looked = 0;; looked++) {
      const verdict = Settlement.judge(seen, {
        settings,
        capabilities: host,
        now: clock(now),
        expecting: at(film.expecting ?? [], now, false)
      })
      if (verdict._tag === "Settled") return verdict.outcome
      if (verdict._tag !== "Look") return undefined
      if (looked > 0) throw new Error(`at ${now} ms it asks for a look again, and nothing has changed`)
      looks++
      if (!at(film.reachable?.transcript ?? [], now, true)) {
        polled = false
        seen = Observation.unseen(seen, clock(now))
        return undefined
      }
      const look = { messages: at(film.transcript, now, []), openTodos: at(film.todos ?? [], now, 0), at: clock(now) }
      seen = lookedAt(seen, look, polled)
      polled = false
    }
  }

  const tick = (now: number): Outcome | undefined => {
    if (seen.heardAt <= clock(lastTick)) {
      const answered = at(film.reachable?.poll ?? [], now, true)
      if (!host.activity) seen = Observation.unasked(seen, clock(now))
      else if (answered) seen = Observation.polled(seen, at(film.activity, now, "idle"), clock(now))
      else seen = Observation.unreachable(seen, clock(now))
      polled = true
    }
    lastTick = now
    return judge(now)
  }

  const says = [...film.says].sort(([a], [b]) => a - b)
  let now = 0
  let nextTick = settings.pollIntervalMs
  let outcome: Outcome | undefined
  for (let nth = 0; now <= until && outcome === undefined;) {
    const said = says[nth]
    if (said !== undefined && said[0] <= nextTick) {
      nth++
      now = said[0]
      const event = Object.assign({ session }, said[1])
      seen = Observation.hear(seen, event, clock(now))
      if (Observation.mayDecide(event)) outcome = judge(now)
    } else {
      now = nextTick
      nextTick += settings.pollIntervalMs
      outcome = tick(now)
    }
  }
  return { outcome, at: now, looks, observation: seen }
}
