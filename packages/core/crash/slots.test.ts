/**
 * Limits over real processes, of which one is killed while it holds the only slot.
 */
import { assert, describe, it } from "@effect/vitest"
import { type ChildProcess, spawn } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { setTimeout as sleep } from "node:timers/promises"
import { afterAll, afterEach } from "vitest"

const folder = mkdtempSync(join(tmpdir(), "errand-slots-"))
const holders = new Set<ChildProcess>()

afterEach(() => {
  for (const child of holders) child.kill("SIGKILL")
  holders.clear()
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

const holder = (file: string, claim: string) => {
  const child = spawn(process.execPath, [join(import.meta.dirname, "slotHolder.ts"), file, claim], {
    stdio: ["pipe", "pipe", "inherit"]
  })
  holders.add(child)
  const entered = Promise.withResolvers<number>()
  createInterface({ input: child.stdout }).on("line", (line) => {
    if (line === `in ${claim}`) entered.resolve(performance.now())
  })
  const closed = Promise.withResolvers<void>()
  child.on("close", () => closed.resolve())
  return {
    entered: entered.promise,
    closed: closed.promise,
    /** Whether it has got in within so many milliseconds. */
    isInWithin: (ms: number) => Promise.race([entered.promise.then(() => true), sleep(ms, false)]),
    end: () => child.stdin.end(),
    kill: () => child.kill("SIGKILL")
  }
}

describe("limits over real processes", () => {
  it(
    "A1 A4 one that is killed while it holds the only slot gives it to the one that waits, and so does one that ends",
    async () => {
      const file = join(folder, "slots.sqlite")
      const first = holder(file, "first")
      await first.entered
      const second = holder(file, "second")
      // Time to start, and to ask a few times.
      assert.isFalse(await second.isInWithin(3_000))
      first.kill()
      await first.closed
      const killed = performance.now()
      assert.isBelow((await second.entered) - killed, 5_000)
      const third = holder(file, "third")
      assert.isFalse(await third.isInWithin(2_000))
      second.end()
      await third.entered
      third.end()
      await Promise.all([second.closed, third.closed])
    },
    60_000
  )

  it("A1 A2 A4 in a crowd of processes never two hold the only slot, and everybody has it once", async () => {
    const file = join(folder, "crowd.sqlite")
    const crowd = [1, 2, 3].map(() => {
      const child = spawn(process.execPath, [join(import.meta.dirname, "slotCrowd.ts"), file, "6"], {
        stdio: ["ignore", "ignore", "pipe"]
      })
      holders.add(child)
      let errors = ""
      child.stderr.on("data", (data) => errors += String(data))
      const ended = Promise.withResolvers<string>()
      child.on("close", (code) => ended.resolve(code === 0 ? errors : `ended with ${code}: ${errors}`))
      return ended.promise
    })
    assert.deepStrictEqual(await Promise.all(crowd), ["", "", ""])
  }, 60_000)
})
