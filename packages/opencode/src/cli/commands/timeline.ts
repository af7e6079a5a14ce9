/**
 * `timeline`: when each task waited and ran, drawn from the journal.
 */
import { Timeline, TimelineRender, TimelineText } from "@errand/view"
import { Clock, Effect, FileSystem, Option } from "effect"
import { Command, Flag } from "effect/cli"
import { dirname, extname, resolve } from "node:path"
import { Failed } from "../Failed.ts"
import { Here } from "../Here.ts"
import { journal, read, session } from "../journal.ts"
import type { Style } from "../Style.ts"

/** Where nobody says how wide it may be. */
const width = 100

const form = (name: TimelineRender.Format, description: string) =>
  Flag.Boolean(name).pipe(Flag.withDescription(description), Flag.withoutNegation, Flag.withDefault(false))

export const timeline = Command.make(
  "timeline",
  {
    html: form("html", "A page with the picture, for a browser; dark and light"),
    svg: form("svg", "The picture alone"),
    json: form("json", "The timeline as data"),
    trace: form("trace", "Chrome trace JSON: open it at https://ui.perfetto.dev"),
    out: Flag.String("out").pipe(
      Flag.withAlias("o"),
      Flag.withMetavar("file"),
      Flag.withDescription("Write it into this file; where no form is given, the file's ending says which"),
      Flag.optional
    ),
    last: Flag.Boolean("last").pipe(
      Flag.withDescription("Only the tasks of the root session that sent one out last"),
      Flag.withoutNegation,
      Flag.withDefault(false)
    ),
    session,
    journal
  },
  Effect.fn("cli.timeline")(function*(options) {
    const { directory, mention, own, say, style } = yield* Here
    const format = yield* formatOf(options)
    const { history } = yield* read(options.journal)
    if (options.last && Option.isSome(options.session)) {
      return yield* new Failed({ message: "--last and --session both say which session. Give one of them." })
    }
    const id = options.last ? Timeline.lastSession(history.events) : Option.getOrUndefined(options.session)
    const drawn = Timeline.ofHistory(history, yield* Clock.currentTimeMillis, { session: id })
    if (Option.isSome(options.session) && drawn.pools.length === 0) {
      return yield* new Failed({
        message:
          `No task was sent out by session ${options.session.value}. Without --session all are drawn; \`${own.command} tasks --json\` tells their sessions.`
      })
    }
    if (Option.isSome(options.out)) {
      const file = resolve(directory, options.out.value)
      yield* write(file, TimelineRender.render(drawn, format, { width }))
      return yield* mention(`Wrote ${file}${next[format]}`)
    }
    const text = format === "text"
      ? TimelineText.rowsOf(drawn, { width: style.width ?? width }).map((row) => painted(row, style)).join("\n")
      : TimelineRender.render(drawn, format).trimEnd()
    yield* say(text)
  })
).pipe(
  Command.withShortDescription("When each task waited, ran and ended, and that the limits held"),
  Command.withDescription(
    "Draws the tasks of this directory over time, pool by pool: in line, running, waiting for a person or the provider, and "
      + "how many slots were in use. One look shows that a limit held, and what it cost. It reads the journal and changes "
      + "nothing."
  ),
  Command.withExamples([
    { command: "npx opencode-errand timeline --last", description: "The last session, in the terminal" },
    {
      command: "npx opencode-errand timeline --out timeline.html",
      description: "A page to open in a browser, or to send on"
    },
    {
      command: "npx opencode-errand timeline --trace --out trace.json",
      description: "Then open trace.json at https://ui.perfetto.dev"
    }
  ])
)

interface Forms {
  readonly html: boolean
  readonly svg: boolean
  readonly json: boolean
  readonly trace: boolean
  readonly out: Option.Option<string>
}

const endings: Readonly<Record<string, TimelineRender.Format>> = {
  ".html": "html",
  ".svg": "svg",
  ".json": "json",
  ".txt": "text",
  "": "text"
}

const formatOf = (forms: Forms): Effect.Effect<TimelineRender.Format, Failed> => {
  const named = (["html", "svg", "json", "trace"] as const).filter((name) => forms[name])
  const [first, ...more] = named
  if (more.length > 0) {
    return Effect.fail(
      new Failed({
        message: `${named.map((name) => `--${name}`).join(" and ")} are different forms. Give one of them.`
      })
    )
  }
  const ending = Option.match(forms.out, { onNone: () => "", onSome: extname })
  const format = first ?? (Object.hasOwn(endings, ending) ? endings[ending] : undefined)
  return format === undefined
    ? Effect.fail(
      new Failed({
        message:
          `No form is written into a file that ends in ${ending}. End it in .html, .svg, .json or .txt, or say which form with --html, --svg, --json or --trace.`
      })
    )
    : Effect.succeed(format)
}

/** What can be done with the file. */
const next: Readonly<Record<TimelineRender.Format, string>> = {
  text: ".",
  html: ": open it in a browser.",
  svg: ": open it in a browser, or put it into a page.",
  json: ".",
  trace: ": open it at https://ui.perfetto.dev."
}

const write = Effect.fnUntraced(function*(file: string, text: string) {
  const fs = yield* FileSystem.FileSystem
  yield* fs.makeDirectory(dirname(file), { recursive: true }).pipe(
    Effect.andThen(fs.writeFileString(file, text)),
    Effect.mapError(({ message }) =>
      new Failed({ message: `${file} cannot be written (${message}). Give another --out.` })
    )
  )
})

const painted = ({ cells }: TimelineText.Row, style: Style): string =>
  cells.map(({ text, tone }) => paint(tone, style)(text)).join("")

const paint = (tone: TimelineText.Tone, style: Style) => {
  switch (tone) {
    case "heading":
      return style.bold
    case "running":
      return style.cyan
    case "completed":
      return style.green
    case "ask":
    case "retry":
    case "full":
      return style.yellow
    case "error":
    case "cut-off":
      return style.red
    case "waiting":
    case "lent":
    case "cancelled":
    case "muted":
      return style.dim
    case "text":
    case "used":
      return (text: string) => text
  }
}
