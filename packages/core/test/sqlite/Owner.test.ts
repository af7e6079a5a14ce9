import { assert, describe, it } from "@effect/vitest"
import { judge, lease, nobody, type Observer, type Owner } from "../../src/sqlite/Owner.ts"

const owner: Owner = { id: "1-a", pid: 1, host: "here", seen: 100_000 }
const observer: Observer = { host: "here", now: 100_000, since: 0, isAlive: () => true }

describe("an owner", () => {
  it("is alive as long as its lease lasts", () => {
    assert.strictEqual(judge(owner, { ...observer, now: 100_000 + lease }), "alive")
  })

  it("is gone when it has said good-bye, whatever its process does", () => {
    assert.strictEqual(judge({ ...owner, pid: nobody }, observer), "gone")
  })

  it("is gone at once when its process is, on this host", () => {
    const dead: Observer = { ...observer, isAlive: () => false }
    assert.strictEqual(judge(owner, dead), "gone")
    assert.strictEqual(judge({ ...owner, host: "elsewhere" }, dead), "alive", "that pid is nobody's of this host")
  })

  it("is gone when its lease has run out, for somebody who was awake for as long as that", () => {
    const late: Observer = { ...observer, now: 100_001 + lease }
    assert.strictEqual(judge(owner, { ...late, since: 0 }), "gone")
    // After a computer woke up all leases have run out, and those who hold them need a moment.
    assert.strictEqual(judge(owner, { ...late, since: late.now - lease }), "unclear")
  })
})
