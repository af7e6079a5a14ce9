/**
 * Where the results, the page and the pictures are kept, and whether they all say the same.
 */
import { Effect } from "effect"
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import * as Path from "node:path"
import { fileURLToPath } from "node:url"
import { BenchError } from "../Measure.ts"
import * as page from "./page.ts"
import * as readme from "./readme.ts"
import * as Results from "./Results.ts"

const root = fileURLToPath(new URL("../../../../", import.meta.url))
const at = (...names: ReadonlyArray<string>) => Path.join(root, ...names)

const results = at("docs", "benchmarks", "results.json")

const attempt = <A>(what: string, run: () => A) =>
  Effect.try({ try: run, catch: (cause) => new BenchError({ what, cause }) })

export const load = (path: string = results): Effect.Effect<Results.Results, BenchError> =>
  existsSync(path)
    ? Effect.flatMap(attempt(path, () => readFileSync(path, "utf8")), Results.parse)
    : path === results
    ? Effect.succeed({ measures: [] })
    : Effect.fail(new BenchError({ what: `There is no file ${path}` }))

const languages = { "README.md": "en", "README.zh-CN.md": "zh" } as const

/** Every file that is made from results, and what it is to hold. */
const files = Effect.fnUntraced(function*(all: Results.Results) {
  const { pictures, text } = yield* page.make(all)
  const own = yield* Effect.forEach(Object.entries(languages), ([name, language]) =>
    Effect.gen(function*() {
      const before = yield* attempt(name, () => readFileSync(at(name), "utf8"))
      if (!readme.isMarked(before)) return yield* new BenchError({ what: `${name} has no place for its figures` })
      return [at(name), readme.written(before, all, language)] as const
    }))
  return [
    [at("docs", "benchmarks.md"), text] as const,
    ...own,
    ...Array.from(pictures, ([name, svg]) => [at("docs", "benchmarks", name), svg] as const)
  ]
})

/** Writes everything, and takes away pictures that nothing is made into any more. */
export const write = (all: Results.Results): Effect.Effect<void, BenchError> =>
  Effect.flatMap(files(all), (made) =>
    attempt("the report", () => {
      const folder = at("docs", "benchmarks")
      mkdirSync(folder, { recursive: true })
      for (const name of readdirSync(folder)) if (name.endsWith(".svg")) rmSync(Path.join(folder, name))
      writeFileSync(results, Results.print(all))
      for (const [path, text] of made) writeFileSync(path, text)
    }))

/** The formatter pads tables and breaks lines: that is no difference. */
const plain = (text: string): string => text.replace(/(?<=\| )-+(?= \|)/g, "-").replace(/\s+/g, " ")

/** The files that say something else than the results, and the pictures that nothing is made into. */
export const stale: Effect.Effect<ReadonlyArray<string>, BenchError> = Effect.gen(function*() {
  const made = yield* files(yield* load())
  const folder = at("docs", "benchmarks")
  const pictures = yield* attempt(folder, () => existsSync(folder) ? readdirSync(folder) : [])
  const left = pictures.map((name) => Path.join(folder, name))
    .filter((path) => path.endsWith(".svg") && !made.some(([other]) => other === path))
  const other = made.filter(([path, text]) => !existsSync(path) || plain(readFileSync(path, "utf8")) !== plain(text))
  return [...other.map(([path]) => path), ...left].map((path) => Path.relative(root, path))
})
