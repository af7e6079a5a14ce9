/**
 * What came of the planted faults, from the JSON that Stryker writes: a score for each file, and the faults that no test
 * noticed, each with the reason why that is right. Pure.
 */
import { Schema } from "effect"

const Position = Schema.Struct({ line: Schema.Int, column: Schema.Int })

/** As much of Stryker's report as is needed here. */
export const Report = Schema.Struct({
  files: Schema.Record(
    Schema.String,
    Schema.Struct({
      source: Schema.String,
      mutants: Schema.Array(Schema.Struct({
        status: Schema.String,
        replacement: Schema.optionalKey(Schema.String),
        location: Schema.Struct({ start: Position, end: Position })
      }))
    })
  )
})
export type Report = typeof Report.Type

/** A fault that no test notices, and why none has to. */
export const Survivor = Schema.Struct({
  file: Schema.String,
  /** The line in which it begins, without the indentation. */
  line: Schema.String,
  /** What was replaced, and by what. */
  from: Schema.String,
  to: Schema.String,
  reason: Schema.String
})
export type Survivor = typeof Survivor.Type

/** A fault that no test noticed. */
export type Unnoticed = Omit<Survivor, "reason"> & { readonly at: number }

export interface Score {
  readonly file: string
  readonly faults: number
  /** How many a test noticed, by failing or by not coming to an end. */
  readonly noticed: number
  /** Those of them that kept a test from coming to an end. */
  readonly endless: number
  /** In percent. */
  readonly score: number
  readonly unnoticed: ReadonlyArray<Unnoticed>
}

const isUnnoticed = (status: string): boolean => status === "Survived" || status === "NoCoverage"

export const scores = (report: Report): ReadonlyArray<Score> =>
  Object.entries(report.files).map(([path, { mutants, source }]): Score => {
    const file = path.split("/").at(-1) ?? path
    const lines = source.split("\n")
    const endless = mutants.filter(({ status }) => status === "Timeout").length
    const noticed = mutants.filter(({ status }) => status === "Killed").length + endless
    const unnoticed = mutants.filter(({ status }) => isUnnoticed(status)).map((mutant): Unnoticed => ({
      file,
      at: mutant.location.start.line,
      line: (lines[mutant.location.start.line - 1] ?? "").trim(),
      from: cut(lines, mutant.location),
      to: mutant.replacement ?? ""
    })).toSorted((a, b) => a.at - b.at)
    const faults = noticed + unnoticed.length
    return { file, faults, noticed, endless, score: faults === 0 ? 100 : (100 * noticed) / faults, unnoticed }
  })

type Location = Report["files"][string]["mutants"][number]["location"]

const cut = (lines: ReadonlyArray<string>, { end, start }: Location): string => {
  const part = lines.slice(start.line - 1, end.line)
  const last = part.length - 1
  return part
    .map((line, n) => line.slice(n === 0 ? start.column - 1 : 0, n === last ? end.column - 1 : undefined))
    .map((line) => line.trim())
    .join(" ")
}

/** Why a fault may go unnoticed; none where nobody has said. */
export const reasonOf = (fault: Unnoticed, known: ReadonlyArray<Survivor>): string | undefined =>
  known.find(({ file, from, line, to }) =>
    file === fault.file && line === fault.line && from === fault.from && to === fault.to
  )?.reason

/** The reasons that are of no use any more: their fault is noticed, or can no longer be planted. */
export const idle = (all: ReadonlyArray<Score>, known: ReadonlyArray<Survivor>): ReadonlyArray<Survivor> =>
  known.filter((one) =>
    all.some(({ file }) => file === one.file) &&
    !all.some(({ unnoticed }) => unnoticed.some((fault) => reasonOf(fault, [one]) !== undefined))
  )

/** The two tables of the page: scores, and survivors with their reasons. */
export const tables = (all: ReadonlyArray<Score>, known: ReadonlyArray<Survivor>): string =>
  [
    "| file | faults | noticed | of them endless | score |",
    "| --- | --- | --- | --- | --- |",
    ...all.map(({ endless, faults, file, noticed, score }) =>
      `| \`${file}\` | ${faults} | ${noticed} | ${endless} | ${score.toFixed(1)} % |`
    ),
    "",
    "## Not noticed",
    "",
    "| where | what is planted | why no test has to notice it |",
    "| --- | --- | --- |",
    ...all.flatMap(({ unnoticed }) =>
      unnoticed.map((fault) =>
        `| \`${fault.file}:${fault.at}\` | ${code(fault.from)} becomes ${code(fault.to)} | ${
          reasonOf(fault, known) ?? "**not explained yet**"
        } |`
      )
    )
  ].join("\n")

const code = (text: string): string => {
  const short = text.length > 70 ? `${text.slice(0, 67)}...` : text
  return short === "" ? "nothing" : `\`\` ${short.replaceAll("|", "\\|")} \`\``
}
