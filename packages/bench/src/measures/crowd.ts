/**
 * Launching many tasks at once, and seeing on the server how many of them have begun.
 */
import { Effect } from "effect"
import type { Arena } from "../Arena.ts"
import type { BenchError } from "../Measure.ts"
import type { Control } from "../server/Handle.ts"
import type { Entry } from "../server/Reports.ts"
import { script, type Step } from "../server/Script.ts"
import type { Launched, LaunchIn } from "../worker/Worker.ts"
import { NoPart } from "./compare.ts"
import { type Mark, mark, told, until } from "./happened.ts"

/** Works until it is stopped, and nobody hears of it. */
export const endless: ReadonlyArray<Step> = [{ do: "hang" }]

/** A launch as agents make most of them: an agent is named, a model is not. All are of the same length. */
export const ask = (
  parent: string,
  nth: number,
  steps: ReadonlyArray<Step>,
  model?: string
): LaunchIn => ({
  parent,
  description: nameOf(nth),
  prompt: `Look for it. ${script(steps)}`,
  agent: "explore",
  background: true,
  ...(model === undefined ? {} : { model })
})

/** One word that no other task has: notices can be searched for it. */
export const nameOf = (nth: number): string => `errand-${String(nth).padStart(5, "0")}`

/** Every such word of a text. */
export const namePattern = /\berrand-\d{5}\b/g

/**
 * A person says something in each of these sessions, and its agent takes a moment before it does anything: so begins every
 * session that launches tasks. Comes back when the moment is over for all of them.
 */
export const speak = Effect.fnUntraced(function*(control: Control, ...sessions: ReadonlyArray<string>) {
  const since = yield* mark(control)
  const words = script([{ do: "wait", ms: thinks }, { do: "say", text: "I will." }])
  yield* Effect.forEach(sessions, (session) => told(control.say(session, words)), { concurrency: 16, discard: true })
  yield* until(control, {
    since,
    kinds: ["idle"],
    from: new Set(sessions),
    step: (left: ReadonlySet<string>, { session }: Entry) => new Set([...left].filter((one) => one !== session)),
    enough: ({ size }) => size === 0,
    patience: 10_000
  })
})

/** How long a model thinks at the least before it calls a tool (ms). */
const thinks = 300

/** All in the same moment. A launch that is refused is what the competitor has to say, not a fault of the bench. */
export const launch = (
  { worker }: Arena,
  asks: ReadonlyArray<LaunchIn>
): Effect.Effect<ReadonlyArray<Launched>, BenchError | NoPart> =>
  Effect.flatMap(worker.launch(asks), (launched) => {
    const refused = launched.find(({ threw }) => threw)
    return refused === undefined
      ? Effect.succeed(launched)
      : Effect.fail(new NoPart({ why: `a launch failed: ${refused.text.slice(0, 200)}` }))
  })

export const earliest = (launched: ReadonlyArray<Launched>): number => Math.min(...launched.map(({ from }) => from))

/** The children of some parents, which of them have begun, and when the last one did (ms since 1970). */
export interface Begun {
  readonly children: ReadonlySet<string>
  readonly begun: ReadonlySet<string>
  readonly last: number
}

const noneBegun: Begun = { children: new Set(), begun: new Set(), last: Number.NaN }

const begin = (parents: ReadonlySet<string>) => (state: Begun, { at, kind, parent, session }: Entry): Begun => {
  if (kind === "created" && parent !== undefined && parents.has(parent)) {
    return { ...state, children: new Set([...state.children, session]) }
  }
  if (kind !== "busy" || !state.children.has(session) || state.begun.has(session)) return state
  return { ...state, begun: new Set([...state.begun, session]), last: at }
}

/** Waits until so many children of these parents have begun, for `patience` ms at most. */
export const begun = (
  control: Control,
  { count, every, parents, patience = 30_000, since }: {
    readonly count: number
    readonly parents: ReadonlyArray<string>
    readonly since: Mark
    readonly patience?: number
    readonly every?: number
  }
): Effect.Effect<Begun, BenchError> =>
  until(control, {
    since,
    kinds: ["created", "busy"],
    from: noneBegun,
    step: begin(new Set(parents)),
    enough: ({ begun }) => begun.size >= count,
    patience,
    ...(every === undefined ? {} : { every })
  })
