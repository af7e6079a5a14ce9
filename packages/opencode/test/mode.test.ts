import { assert, describe, it } from "@effect/vitest"
import { isForItsSessions, isRun } from "../src/Mode.ts"

const argv = (words: string) => ["bun", "/$bunfs/root/src/index.js", ...words.split(" ").filter((word) => word !== "")]

describe("what OpenCode was started as", () => {
  it("is `run` and `acp` with options before the command, too", () => {
    for (
      const words of [
        "run hello",
        "--print-logs run hello",
        "--log-level DEBUG run hello",
        "--log-level=DEBUG --pure run",
        "-m a/b run hello"
      ]
    ) {
      assert.isTrue(isRun(argv(words)), words)
      assert.isTrue(isForItsSessions(argv(words)), words)
    }
    assert.isTrue(isForItsSessions(argv("--print-logs acp")))
  })

  it("is nothing of that where these are no command", () => {
    for (
      const words of ["", "serve", "attach run", "/work run", "--prompt run", "--log-level run serve", "--agent acp"]
    ) {
      assert.isFalse(isRun(argv(words)), words)
      assert.isFalse(isForItsSessions(argv(words)), words)
    }
    assert.isFalse(isRun(argv("acp")))
  })
})
