/**
 * C15: the ids of a session's tasks survive its compaction.
 */
import { assert, describe, it } from "@effect/vitest"
import { tasksToKeep } from "../src/text/compaction.ts"
import { completed, pending, running, t0, withFields } from "./fixtures.ts"

const id = (n: number) => `bg_${n.toString(16).padStart(8, "0")}`

describe("C15 what a summary keeps", () => {
  it("names the tasks that are out before those that are over, one line each", () => {
    const text = tasksToKeep(
      [completed, withFields(running, { id: id(1) }), withFields(pending, { id: id(2) })],
      new Set(),
      t0 + 60_000
    )
    assert.strictEqual(
      text,
      [
        "Background tasks of this session. Keep the ids: they can be read with background_output(task_id=\"...\").",
        "- `bg_00000001`: Explore: 查找认证实现 (explore, running, 1m 0s, session `ses_xyz789`)",
        "- `bg_00000002`: Explore: 查找认证实现 (explore, pending, session (not started))",
        "- `bg_abc12345`: Explore: 查找认证实现 (explore, completed, 5m 32s, session `ses_xyz789`)"
      ].join("\n")
    )
  })

  it("names the ends that the session was not told of before older ones that it knows, and says so", () => {
    const [known, unread] = [
      withFields(completed, { id: id(3), endedAt: t0 + 9 }),
      withFields(completed, { id: id(4) })
    ]
    const lines = tasksToKeep([known, unread], new Set([unread.id]), t0)?.split("\n") ?? []
    assert.match(lines[1] ?? "", /bg_00000004.*not read yet\)$/)
    assert.match(lines[2] ?? "", /bg_00000003.*`\)$/)
  })

  it("is bounded: twenty tasks, and how many more there are", () => {
    const many = Array.from({ length: 25 }, (_, n) => withFields(completed, { id: id(n), endedAt: t0 + n }))
    const lines = tasksToKeep(many, new Set(), t0)?.split("\n") ?? []
    assert.strictEqual(lines.length, 22)
    assert.include(lines[1], id(24))
    assert.strictEqual(lines.at(-1), "- and 5 older tasks")
  })

  it("says nothing where there is nothing to keep", () => {
    assert.isUndefined(tasksToKeep([], new Set(), t0))
  })
})
