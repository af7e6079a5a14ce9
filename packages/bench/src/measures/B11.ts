/**
 * B11: a limit of one, and a task that waits for a task of its own: who holds the only place while waiting for somebody who
 * needs it waits for ever. Whether the task that was launched by a person's session ends.
 */
import { Effect } from "effect"
import * as Arena from "../Arena.ts"
import { value } from "../Figure.ts"
import type { Measure } from "../Measure.ts"
import { errand } from "../peers/errand.ts"
import type { Peer } from "../peers/Peer.ts"
import type { Entry } from "../server/Reports.ts"
import { compare, NoPart } from "./compare.ts"
import { ask, begun, launch } from "./crowd.ts"
import { mark, told, until } from "./happened.ts"

type Case = "by asking for its result" | "by a launch that waits"

const cases: ReadonlyArray<Case> = ["by asking for its result", "by a launch that waits"]

const model = "a/one"

/** Longer than anybody needs who gets there at all: the slowest believe an end after ten seconds of quiet, once for each of the two. */
const patience = 28_000

const what = (one: Case) => `of 1 task that waits for its own (${one}), ended`

const sample = Effect.fnUntraced(function*(peer: Peer, one: Case) {
  const { output } = peer
  if (one === "by asking for its result" && output === undefined) return yield* new NoPart({ why: "cannot wait" })
  const arena = yield* Arena.open(peer, { limits: { modelConcurrency: { [model]: 1 } }, models: [model] })
  const { control, worker } = arena
  const root = yield* told(control.root())
  const since = yield* mark(control)
  // Its agent calls a tool: it goes on when the tool has answered.
  yield* launch(arena, [ask(root, 1, [{ do: "gate", name: "answered" }, { do: "say", text: "All done." }], model)])
  const outer = yield* begun(control, { count: 1, parents: [root], since, patience: 10_000 })
  const [session] = [...outer.begun]
  if (session === undefined) return yield* new NoPart({ why: "the task did not begin within 10 s" })
  const inner = ask(session, 2, [{ do: "wait", ms: 500 }, { do: "say", text: "Found it." }], model)
  const call = one === "by a launch that waits"
    ? Effect.asVoid(launch(arena, [{ ...inner, background: false }]))
    : Effect.flatMap(
      launch(arena, [inner]),
      ([launched]) =>
        Effect.asVoid(worker.output(session, { task: launched?.task ?? "", block: true, timeout: patience }))
    )
  yield* Effect.forkScoped(Effect.ignore(Effect.andThen(call, control.openGate("answered"))))
  const ended = yield* until(control, {
    since,
    kinds: ["idle"],
    from: false,
    step: (ended, entry: Entry) => ended || entry.session === session,
    enough: (ended) => ended,
    patience
  })
  return [{ what: what(one), unit: "count" as const, value: ended ? 1 : 0 }]
})

export const B11: Measure = {
  id: "B11",
  title: "A limit of one, and a task that waits for its own",
  run: (bench) =>
    compare<Case>(bench, {
      measure: "B11",
      cases,
      says: (one) => one,
      expected: (one) => [{ what: what(one), unit: "count" }],
      // They wait most of the time.
      atOnce: 12,
      sample
    }),
  lines: (figures) => {
    const found = cases.map((one) => ({ one, ended: value(figures, errand.title, what(one)) }))
    return [{
      measure: "B11",
      asked: "it ends",
      found: found.map(({ ended, one }) => `${one}: ${ended === 1 ? "ended" : "did not"}`).join(", "),
      passed: found.every(({ ended }) => ended === 1)
    }]
  }
}
