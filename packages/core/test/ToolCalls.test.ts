import { assert, describe, it } from "@effect/vitest"
import { HashMap, Option } from "effect"
import type { HostEvent } from "../src/AgentHost.ts"
import * as Settings from "../src/Settings.ts"
import * as ToolCalls from "../src/ToolCalls.ts"
import { sessionId } from "./support/arbitraries.ts"

type Told = Omit<Extract<HostEvent, { readonly _tag: "Tool" }>, "_tag" | "session">

const hear = (all: ReadonlyArray<Told>): ToolCalls.ToolCalls =>
  all.reduce(
    (calls, told) => ToolCalls.hear(calls, { _tag: "Tool", session: sessionId("ses_child"), ...told }),
    ToolCalls.none
  )

/** A call from beginning to end, as OpenCode tells it: first without its input, then with it, again and again. */
const call = (id: string, name: string, input: unknown): ReadonlyArray<Told> => [
  { call: id, name, state: "running" },
  { call: id, name, state: "running", input },
  { call: id, name, state: "running", input },
  { call: id, name, state: "done" }
]

const read = (id: string, filePath: string) => call(id, "read", { filePath })

const times = ({ latest }: ToolCalls.ToolCalls): number =>
  Option.match(latest, { onNone: () => 0, onSome: ({ times }) => times })

/** Why it is to end, where it is. */
const end = (all: ReadonlyArray<Told>, settings: Partial<Settings.Settings>): string | undefined =>
  Option.match(ToolCalls.excess(hear(all), { ...Settings.defaults, ...settings }), {
    onNone: () => undefined,
    onSome: (outcome) => outcome._tag === "Cancelled" ? `${outcome.reason}: ${outcome.message}` : outcome._tag
  })

describe("tool calls", () => {
  it("are counted once each, however often they are told (F4)", () => {
    const calls = hear([...read("1", "a"), ...read("2", "b"), ...call("3", "bash", { command: "ls" })])
    assert.strictEqual(calls.count, 3)
    assert.deepStrictEqual(calls.lastTool, Option.some("bash"))
    assert.isTrue(HashMap.isEmpty(calls.running))
  })

  it("that are the same follow each other, whatever the order of what they were called with (F4)", () => {
    const calls = hear([
      ...call("1", "grep", { pattern: "auth", path: "src", flags: ["i", "n"] }),
      ...call("2", "grep", { flags: ["i", "n"], path: "src", pattern: "auth" })
    ])
    assert.strictEqual(times(calls), 2)
  })

  const breaks: Record<string, ReadonlyArray<Told>> = {
    "with another input": read("x", "b"),
    "of another tool": call("x", "write", { filePath: "a" }),
    "whose input is not known": [
      { call: "x", name: "read", state: "running" },
      { call: "x", name: "read", state: "done" }
    ]
  }
  for (const [what, other] of Object.entries(breaks)) {
    it(`begin anew after one ${what} (F4)`, () => {
      assert.strictEqual(times(hear([...read("1", "a"), ...read("2", "a"), ...other])), what.includes("known") ? 0 : 1)
      assert.strictEqual(times(hear([...read("1", "a"), ...read("2", "a"), ...other, ...read("3", "a")])), 1)
    })
  }

  it("that run at the same time are compared in the order in which their inputs are known (F4)", () => {
    // Each is told again while the others are.
    const mixed = (all: ReadonlyArray<ReadonlyArray<Told>>) =>
      hear([0, 1, 2, 3].flatMap((nth) => all.flatMap((told) => told.slice(nth, nth + 1))))
    assert.strictEqual(times(mixed([read("1", "a"), read("2", "a"), read("3", "a")])), 3)
    assert.strictEqual(times(mixed([read("1", "a"), read("2", "b"), read("3", "a")])), 1)
  })

  it("begin anew when the session is told something new (F4)", () => {
    assert.strictEqual(times(ToolCalls.anew(hear([...read("1", "a"), ...read("2", "a")]))), 0)
  })

  it("are too many when the same one was made more often in a row than it may be, and not a call before (F4)", () => {
    const calls = (n: number) => Array.from({ length: n }, (_, nth) => read(String(nth), "a")).flat()
    assert.isUndefined(end(calls(20), {}))
    assert.strictEqual(
      end(calls(21), {}),
      "loop-limit: it called read 21 times in a row with the same input; the limit is maxRepeatedCalls = 20"
    )
    assert.isUndefined(end(calls(1), { maxRepeatedCalls: 1 }))
    assert.isDefined(end(calls(2), { maxRepeatedCalls: 1 }))
    assert.isUndefined(end(calls(500), { maxRepeatedCalls: 0 }))
  })

  it("are too many in all whatever they are, also where they may repeat themselves (F4)", () => {
    const different = Array.from({ length: 30 }, (_, nth) => read(String(nth), `file ${nth}`)).flat()
    assert.isUndefined(end(different, {}))
    assert.strictEqual(
      end(different, { maxToolCalls: 29 }),
      "call-limit: it made 30 tool calls; the limit is maxToolCalls = 29"
    )
    assert.isUndefined(end(different, { maxToolCalls: 30 }))
    assert.isUndefined(end(different, { maxToolCalls: 0 }))
    const same = Array.from({ length: 30 }, (_, nth) => read(String(nth), "a")).flat()
    assert.isDefined(end(same, { maxRepeatedCalls: 0, maxToolCalls: 29 }))
    assert.strictEqual(Settings.defaults.maxToolCalls, 4_000)
  })
})
