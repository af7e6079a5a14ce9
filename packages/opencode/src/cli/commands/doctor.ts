/**
 * `doctor`: whether Errand is installed as it should be, and what to do where it is not.
 */
import { Effect, Schema } from "effect"
import { Command, Flag } from "effect/cli"
import { examine } from "../doctor/examine.ts"
import { line, repairLine, Report, summary } from "../doctor/Report.ts"
import { Failed } from "../Failed.ts"
import { Here } from "../Here.ts"

const encode = Schema.encodeEffect(Schema.fromJsonString(Report))

export const doctor = Command.make(
  "doctor",
  {
    json: Flag.Boolean("json").pipe(
      Flag.withDescription("One JSON value instead of lines: { v, version, directory, ok, repairs, findings }"),
      Flag.withDefault(false)
    ),
    fix: Flag.Boolean("fix").pipe(
      Flag.withDescription(
        "Write missing entries into opencode.json and tui.json. Comments are kept; a file that does not parse is left alone"
      ),
      Flag.withDefault(false)
    ),
    live: Flag.Boolean("live").pipe(
      Flag.withDescription("Start an OpenCode here for a moment, to see that it has the tools. --no-live: do not"),
      Flag.withDefault(true)
    ),
    opencode: Flag.String("opencode").pipe(
      Flag.withMetavar("path"),
      Flag.withDescription("The OpenCode to look at, where it is not the one on PATH"),
      Flag.optional
    )
  },
  Effect.fn("cli.doctor")(function*({ fix, json, live, opencode }) {
    const { directory, env, home, mention, own, say, style } = yield* Here
    const people = (line: string) => json ? Effect.void : say(line)
    const report = yield* examine({
      own,
      surroundings: { directory, env, home },
      openCode: opencode,
      fix,
      live,
      onFindings: (findings) => Effect.forEach(findings, (finding) => people(line(finding, style)), { discard: true }),
      onRepair: (repair) => people(repairLine(repair, style)),
      onWait: mention
    })
    if (json) yield* say(yield* Effect.orDie(encode(report)))
    else yield* Effect.forEach(["", ...summary(report.findings, { fix, own, style })], people, { discard: true })
    if (!report.ok) return yield* new Failed({ message: "" })
  })
).pipe(
  Command.withShortDescription("Is Errand installed as it should be? What to do where it is not"),
  Command.withDescription(
    "Looks at OpenCode, at both entries of the plugin, at what is installed and at every setting, and starts an OpenCode "
      + "in this directory for a moment to see that the tools are there. Each line says what was found and, after ->, "
      + "what to do. ✓ fine, ! works but may surprise, ✗ does not work, - not looked at. The exit code is 1 if there is a ✗."
  ),
  Command.withExamples([
    { command: "npx opencode-errand doctor", description: "Run it where you start OpenCode" },
    {
      command: "npx opencode-errand doctor --fix",
      description: "Mend the entries in opencode.json and tui.json, then look"
    },
    { command: "npx opencode-errand doctor --json", description: "For scripts, and to attach to an issue" }
  ])
)
