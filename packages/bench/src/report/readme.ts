/**
 * What of it stands in the README: the few things that somebody would feel who lives with it. Pure.
 */
import { type Figure, median } from "../Figure.ts"
import type { Results } from "./Results.ts"
import * as table from "./table.ts"

/** The words of one row in both languages, and where its figures are. */
interface Row {
  readonly measure: string
  /** How the heading of the table begins. */
  readonly what: string
  readonly at?: number
  readonly words: Readonly<Record<Language, string>>
}

export type Language = "en" | "zh"

/** The columns. */
const peers = ["Errand", "oh-my-opencode 3.1.3", "oh-my-opencode 4.19.4"]

const rows: ReadonlyArray<Row> = [
  {
    measure: "B3",
    what: "normal, p50",
    words: { en: "An agent has finished: its parent is told after", zh: "子代理完成后,多久通知父会话" }
  },
  {
    measure: "B3",
    what: "lost event, p50",
    words: { en: "The same, where OpenCode's event is lost", zh: "同上,但 OpenCode 的事件丢失" }
  },
  {
    measure: "B1",
    what: "requests per minute, agents that are silent",
    at: 50,
    words: { en: "Requests a minute while 50 agents think", zh: "50 个子代理思考时,每分钟的请求数" }
  },
  {
    measure: "B2",
    what: "kB fetched",
    at: 1_000,
    words: { en: "Fetched for a task with 1,000 messages", zh: "为一个有 1,000 条消息的任务读取" }
  },
  {
    measure: "B5",
    what: "eighty of 6 s: from",
    words: { en: "80 tasks of 6 s under limits, until all are told of", zh: "有限制时,80 个 6 秒的任务全部通知完" }
  },
  {
    measure: "B5",
    what: "a thousand of 5 ms: from",
    words: { en: "1,000 short tasks under limits, until all are told of", zh: "有限制时,1,000 个短任务全部通知完" }
  },
  {
    measure: "B11",
    what: "of 1 task that waits for its own (by asking",
    words: { en: "Limit of one, a task waits for a task of its own: ends", zh: "限制为 1,任务等待自己的任务:能结束" }
  },
  {
    measure: "B12",
    what: "stuck tasks",
    words: { en: "Tasks stuck in a storm of faults", zh: "故障风暴中卡住的任务" }
  },
  {
    measure: "B12",
    what: "lost notices",
    words: {
      en: "Tasks that ended in it, and whose parent was never told",
      zh: "其中已结束、但父会话从未收到通知的任务"
    }
  }
]

const figuresOf = ({ measures }: Results, { at, measure, what }: Row): ReadonlyArray<Figure> =>
  measures.find(({ id }) => id === measure)?.figures.filter((figure) =>
    figure.what.startsWith(what) && figure.at === at
  ) ?? []

/** Rows without a figure though their measure is there: the words of one of both were changed. */
export const unfound = (results: Results): ReadonlyArray<string> =>
  rows.filter((row) => results.measures.some(({ id }) => id === row.measure) && figuresOf(results, row).length === 0)
    .map(({ measure, what }) => `${measure}, ${what}`)

const counted: Readonly<Record<string, string>> = { kB: " kB", "%": " %", bytes: " bytes" }

/** Something that happens or does not is a 1 or a 0, where more is better. In words of what it did in all runs. */
const happened = (values: ReadonlyArray<number>): string => {
  const often = values.filter((one) => one >= 1).length
  return often === values.length ? "✓" : often === 0 ? "✗" : `✗ (${often}/${values.length} ✓)`
}

const cell = (figure: Figure | undefined): string => {
  if (figure === undefined) return "–"
  const { better, note, unit, values } = figure
  if (values.length === 0) return note ?? "–"
  if (unit === "count") return better === "more" ? happened(values) : table.cell(figure)
  const n = median(values)
  const text = unit === "ms"
    ? n >= 1_000 ? `${table.shown(n / 1_000)} s` : `${table.shown(n)} ms`
    : `${table.shown(n)}${counted[unit] ?? ""}`
  return note === undefined ? text : `${text}; ${note}`
}

/** Rows whose measure is not there are left out. */
const comparison = (results: Results, language: Language): string => {
  const body = rows.flatMap((row) => {
    const found = figuresOf(results, row)
    if (found.length === 0) return []
    const winners = table.best(found)
    const cells = peers.map((peer) => {
      const figure = found.find((one) => one.peer === peer)
      return figure !== undefined && winners.includes(figure) ? `**${cell(figure)}**` : cell(figure)
    })
    return [[row.words[language], ...cells]]
  })
  return table.grid([["", ...peers], ...body])
}

const words: Readonly<Record<Language, (results: Results) => string>> = {
  en: ({ measures }) => {
    const lines = measures.flatMap(({ lines }) => lines)
    return `Measured in the same way, on the same machine, as plugins of the same OpenCode, which is simulated and passes the contract
suite of the real one (medians; bold where the runs of the best and of the others do not overlap; all figures, how they were
measured, and where others are better: [docs/benchmarks.md](docs/benchmarks.md)). Errand passes ${
      lines.filter(({ passed }) => passed).length
    } of the ${lines.length} lines that it was asked to pass.
Where time is measured, Errand runs by one or two at once and the others, which wait longer, by six: of small differences some are the
machine's.`
  },
  zh: ({ measures }) => {
    const lines = measures.flatMap(({ lines }) => lines)
    return `同一台机器、同一个(模拟的,和真实的 OpenCode 通过同一套检查)OpenCode、都作为插件,用同样的方法测量(中位数;最好者的各次结果与其他的不重叠时才加粗;全部数据、测量方法,以及别人更好的地方见
[docs/benchmarks.md](docs/benchmarks.md))。要求 Errand 达到的 ${lines.length} 条线,它达到了 ${
      lines.filter(({ passed }) => passed).length
    } 条。
测量时间时,Errand 每次运行一个或两个,其他系统等待更久,每次六个:小的差异里有一部分来自机器。`
  }
}

const block = /<!-- bench -->\n[\s\S]*?<!-- \/bench -->/

/** Whether a text has the two marks: without them there is nothing to keep up to date, and nobody would notice. */
export const isMarked = (text: string): boolean => block.test(text)

/** The text with what stands between the two marks made anew. */
export const written = (text: string, results: Results, language: Language): string =>
  text.replace(
    block,
    () => `<!-- bench -->\n\n${words[language](results)}\n\n${comparison(results, language)}\n\n<!-- /bench -->`
  )
