/**
 * What `doctor --fix` writes into `tui.json` beside a server half that is there by its path is loaded by the real terminal.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { place } from "../e2e/support/b.ts"
import { call } from "../e2e/support/cli.ts"
import { open } from "./support/stage.ts"

describe("doctor --fix", () => {
  it.live("makes the terminal show the tasks of a plugin that is loaded by a path", () =>
    Effect.gen(function*() {
      const here = yield* place()
      const fixed = yield* call(here.sandbox, ["doctor", "--fix", "--no-live"], here.sandbox.env)
      assert.match(
        fixed.stdout,
        /^✎ fixed \S+\/project\/tui\.json: added "file:\/\/\S+\/packages\/opencode" to `plugin`$/m
      )
      const { delegate, parent, show, sidebar } = yield* open(here, {})
      const session = yield* parent
      yield* show(session)
      yield* delegate(session, [{ description: "Find the auth code", steps: [{ hang: true }] }])
      yield* sidebar(/▼ Errands +1 out/, /Find the auth code/)
    }), 180_000)
})
