/**
 * The page about it all, `docs/benchmarks.md`, and the pictures on it. Pure but for the drawing.
 */
import { Effect } from "effect"
import type { BenchError } from "../Measure.ts"
import { measures } from "../measures/index.ts"
import * as chart from "./chart.ts"
import type { Measured, Results } from "./Results.ts"
import * as summary from "./summary.ts"
import { grid, type Table, tables } from "./table.ts"

export interface Page {
  readonly text: string
  /** By file name. */
  readonly pictures: ReadonlyMap<string, string>
}

const opening = `# Benchmarks

Errand beside the systems that people would pick instead, measured in the same way, on the same machine.
This page is generated: \`npx -y pnpm@12.21.0 bench --report\` measures everything anew and writes it; \`bench B3\` measures one
and prints it.

- **Who.** \`oh-my-opencode\` 3.1.3 (the release that the tutorial teaches) and 4.19.4 (the newest), each installed from npm at
  bench time, with everything off that can be switched off and has nothing to do with background tasks: hooks, MCP servers,
  updates, telemetry. **Floor** is no system:
  a promise for each task, events only, no limits, nothing remembered. It shows what it costs in any case.
- **How.** Each competitor is loaded as what it is, an OpenCode plugin, in a fresh Bun process of its own, with the same SDK
  client and the same events. OpenCode is a process of its own as well: a fake that behaves like 1.18.33 (it passes the same
  contract suite as the real one), whose agents follow scripts, and which counts. Where the real OpenCode is measured, it says
  so.
- **Figures.** Everybody once, then everybody again, unless it says otherwise below a measure; the median of all runs, and the
  least and the most in brackets. **Bold** is the best of those who are compared, where none of its runs is as bad as a run of
  another. Nobody is compared with what stands there as a yardstick: the floor, a plugin that does nothing, no plugin at all.
  Counts are compared by their mean, because what is lost in one run of three is lost. Where somebody cannot take part, or
  could not in one of the runs, it says so in their place, and Errand passes no line by the other runs alone.
`

const fileOf = (id: string, nth: number): string => `${id.toLowerCase()}${nth === 0 ? "" : `-${nth + 1}`}.svg`

const list = (all: ReadonlyArray<string>): string => all.map((one) => `- ${one}`).join("\n")

const machineOf = ({ date, machine, runs, versions }: Measured): string =>
  `${date}, ${runs} ${
    runs === 1 ? "run" : "runs"
  }, ${machine.processor} (${machine.cores} cores, ${machine.memory} GB), ${machine.system}; ${
    Object.entries(versions).map(([name, version]) => `${name} ${version}`).join(", ")
  }.`

/** A table, and below it its picture, where there is one. */
const part = Effect.fnUntraced(function*({ figures, heading, rows }: Table) {
  const spec = heading === undefined ? undefined : chart.specOf(figures)
  return {
    text: heading === undefined ? grid(rows) : `${heading}:\n\n${grid(rows)}`,
    picture: spec === undefined ? undefined : { words: heading, svg: yield* chart.draw(spec) }
  }
})

const section = Effect.fnUntraced(function*(measured: Measured): Effect.fn.Return<Page, BenchError> {
  const parts = yield* Effect.forEach(tables(measured.figures, (text) => `**${text}**`), part)
  const pictures = new Map<string, string>()
  const shown = parts.flatMap(({ picture, text }) => {
    if (picture === undefined) return [text]
    const name = fileOf(measured.id, pictures.size)
    pictures.set(name, picture.svg)
    return [text, `![${picture.words}](benchmarks/${name})`]
  })
  const lines = measured.lines.map(({ asked, found, passed }) => `${passed ? "✓" : "✗"} ${asked}: ${found}`)
  const code = measures.find(({ id }) => id === measured.id)
  const hindrance = measured.lines.every(({ passed }) => passed)
    ? undefined
    : code?.hindrance
  return {
    text: [
      `## ${measured.id} ${measured.title}`,
      measured.about,
      ...shown,
      ...(lines.length === 0 ? [] : [list(lines)]),
      ...(hindrance === undefined ? [] : [`What keeps Errand from passing: ${hindrance}`]),
      ...(code?.known === undefined ? [] : [code.known.join(" ")]),
      ...(measured.absent ?? []),
      `_${machineOf(measured)}_`
    ].join("\n\n"),
    pictures
  }
})

/** Every line, and whether it is passed. */
const linesOf = ({ measures }: Results): string =>
  grid([
    ["", "asked", "found", ""],
    ...measures.flatMap(({ lines }) =>
      lines.map(({ asked, found, measure, passed }) => [measure, asked, found, passed ? "✓" : "✗"])
    )
  ])

export const make = Effect.fnUntraced(function*(results: Results): Effect.fn.Return<Page, BenchError> {
  const sections = yield* Effect.forEach(results.measures, section)
  const missed = summary.missed(results)
  const better = summary.betterWords(results)
  const passed = results.measures.flatMap(({ lines }) => lines).filter(({ passed }) => passed).length
  const verdict = [
    `## In short`,
    `Errand was asked to pass ${passed + missed.length} lines, and passes ${passed}.`,
    linesOf(results),
    better.length === 0
      ? "Nobody who is compared is better in anything that was measured."
      : `Where somebody else is better (theirs against Errand's, also where the runs overlap):\n\n${list(better)}`
  ]
  return {
    text: `${[opening.trimEnd(), ...verdict, ...sections.map(({ text }) => text)].join("\n\n")}\n`,
    pictures: new Map(sections.flatMap(({ pictures }) => Array.from(pictures)))
  }
})
