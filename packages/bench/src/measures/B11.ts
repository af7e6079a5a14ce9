/**
 * B11: a limit of one, and a task that waits for a task of its own: who holds the only place while waiting for somebody who
 * needs it waits in vain. Whether the task that was launched by a person's session ends, with the answer of its own.
 *
 * Its agent is ready to wait for a minute. Somebody whose tools give up before that still leaves it without an answer.
 */
import { Effect, Option } from "effect"
import * as Arena from "../Arena.ts"
import { type Figure, valuesOf } from "../Figure.ts"
import type { Measure } from "../Measure.ts"
import { errand } from "../peers/errand.ts"
import { floor } from "../peers/floor.ts"
import type { Peer } from "../peers/Peer.ts"
import type { Entry } from "../server/Reports.ts"
import { compare, NoPart, type Value } from "./compare.ts"
import { ask, begun, launch } from "./crowd.ts"
import { mark, seldom, told, until } from "./happened.ts"

type Case = "by asking for its result" | "by a launch that waits"

const cases: ReadonlyArray<Case> = ["by asking for its result", "by a launch that waits"]

const model = "a/one"

/** Longer than anybody needs who gets there at all: the slowest believe an end after ten seconds of quiet, once for each of the two. */
const patience = 28_000

/** How long the agent is ready to wait (ms); what oh-my-opencode takes unless told otherwise. */
const timeout = 60_000

const what = (one: Case) => `of 1 task that waits for its own (${one}), ended with its answer`

const answer = "It is in the cellar."

/** The agent of this session launches a task and waits for it. Gives what it would read in the end. */
const call = Effect.fnUntraced(function*(arena: Arena.Arena, session: string, one: Case) {
  const background = one === "by asking for its result"
  const inner = { ...ask(session, 2, [{ do: "wait", ms: 500 }, { do: "say", text: answer }], model), background }
  const [launched] = yield* launch(arena, [inner])
  if (!background) return launched?.text ?? ""
  const { text } = yield* arena.worker.output(session, { task: launched?.task ?? "", block: true, timeout })
  return text
})

const sample = Effect.fnUntraced(function*(peer: Peer, one: Case) {
  const { output } = peer
  if (one === "by asking for its result" && output === undefined) return yield* new NoPart({ why: "cannot wait" })
  if (one === "by a launch that waits" && peer === floor) return yield* new NoPart({ why: "has no launch that waits" })
  const arena = yield* Arena.open(peer, {
    limits: { modelConcurrency: { [model]: 1 } },
    models: [model],
    untimed: true
  })
  const { control } = arena
  const root = yield* told(control.root())
  const since = yield* mark(control)
  // Its agent calls a tool: it goes on when the tool has answered.
  yield* launch(arena, [ask(root, 1, [{ do: "gate", name: "answered" }, { do: "say", text: "All done." }], model)])
  const outer = yield* begun(control, { count: 1, parents: [root], since, patience: 10_000, every: seldom })
  const [session] = [...outer.begun]
  if (session === undefined) return yield* new NoPart({ why: "the task did not begin within 10 s" })
  const asked = yield* Effect.timeoutOption(call(arena, session, one), patience)
  if (Option.isNone(asked) || !asked.value.includes(answer)) return [valueOf(one, false)]
  // The tool has answered: its agent goes on, and ends.
  yield* told(control.openGate("answered"))
  return [
    valueOf(
      one,
      yield* until(control, {
        since,
        kinds: ["idle"],
        from: false,
        step: (ended, entry: Entry) => ended || entry.session === session,
        enough: (ended) => ended,
        every: seldom,
        patience
      })
    )
  ]
})

const valueOf = (one: Case, ended: boolean): Value => ({
  what: what(one),
  unit: "count",
  better: "more",
  value: ended ? 1 : 0
})

/** In every run. */
const everyTime = (figures: ReadonlyArray<Figure>, one: Case): boolean => {
  const values = valuesOf(figures, errand.title, what(one))
  return values.length > 0 && values.every((ended) => ended === 1)
}

export const B11: Measure = {
  id: "B11",
  title: "A limit of one, and a task that waits for its own",
  about: "A task holds the only place of its model and waits for a task of its own that needs it.",
  steady: "waiting",
  run: (bench) =>
    compare<Case>(bench, {
      measure: "B11",
      cases,
      says: (one) => one,
      expected: (one) => [{ what: what(one), unit: "count", better: "more" }],
      // They wait nearly all of the time: all at once.
      atOnce: cases.length * bench.peers.length * bench.runs,
      sample
    }),
  lines: (figures) => {
    const found = cases.map((one) => ({ one, ended: everyTime(figures, one) }))
    return [{
      measure: "B11",
      asked: "it ends, with the answer of its own",
      found: found.map(({ ended, one }) => `${one}: ${ended ? "ended" : "did not"}`).join(", "),
      passed: found.every(({ ended }) => ended)
    }]
  }
}
