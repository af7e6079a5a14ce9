/**
 * The timeline as picture, page, trace, JSON and text: what they say, and that no text of others breaks them.
 */
import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { type DefaultTreeAdapterTypes, parse } from "parse5"
import { SaxesParser } from "saxes"
import { oneLine, widthOf } from "../src/format.ts"
import { assemble } from "../src/timeline/assemble.ts"
import { Trace } from "../src/timeline/chrome.ts"
import { allUsed } from "../src/timeline/counts.ts"
import * as Timeline from "../src/timeline/index.ts"
import { Json, render } from "../src/timeline/render.ts"
import { svgOf } from "../src/timeline/svg.ts"
import { plain, rowsOf } from "../src/timeline/text.ts"
import { journals } from "./support/draws.ts"

const thorough = { timeout: 120_000, arbitrary: { runs: 150, size: 60 } }

const lanesOf = ({ pools }: Timeline.Timeline) => pools.flatMap(({ lanes }) => lanes)

const timelineOf = (events: Parameters<typeof Timeline.ofHistory>[0]["events"]) =>
  Timeline.ofHistory({ events }, (events.at(-1)?.at ?? 0) + 5_000)

interface Element {
  readonly name: string
  readonly attributes: ReadonlyMap<string, string>
}

/** The elements and the texts of an XML document; anything that is not well-formed is an error. */
const xml = (source: string) => {
  const elements: Array<Element> = []
  const texts: Array<string> = []
  const parser = new SaxesParser()
  parser.on("error", (error) => assert.fail(error.message))
  parser.on(
    "opentag",
    ({ attributes, name }) => elements.push({ name, attributes: new Map(Object.entries(attributes)) })
  )
  parser.on("text", (text) => texts.push(text))
  parser.write(source).close()
  return { elements, texts }
}

/** The same of a page, as a browser reads it; whatever a browser would have to mend is an error. */
const page = (source: string) => {
  const elements: Array<Element> = []
  const texts: Array<string> = []
  const walk = (node: DefaultTreeAdapterTypes.ChildNode | DefaultTreeAdapterTypes.Document): void => {
    if ("value" in node) texts.push(node.value)
    if ("tagName" in node) {
      elements.push({ name: node.tagName, attributes: new Map(node.attrs.map(({ name, value }) => [name, value])) })
    }
    if ("childNodes" in node) node.childNodes.forEach(walk)
  }
  walk(parse(source, { onParseError: ({ code }) => assert.fail(code) }))
  return { elements, texts }
}

const drawn = "svg style rect text tspan g title path line".split(" ")
const written = "html head meta body h1 h2 p div table thead tbody tr th td br code span".split(" ")

/** Only elements that are ours, with numbers that can be drawn. */
const checkElements = (elements: ReadonlyArray<Element>, known: ReadonlyArray<string>) => {
  const names = new Set(known)
  for (const { attributes, name } of elements) {
    assert.isTrue(names.has(name), `an element <${name}>`)
    for (const [attribute, value] of attributes) {
      assert.notMatch(attribute, /^on/)
      assert.notMatch(value, /NaN|Infinity|undefined|javascript:/, `${name} ${attribute}`)
      if (/^(x|y|x1|x2|y1|y2|dx|width|height|rx)$/.test(attribute)) assert.match(value, /^-?\d+(\.\d+)?$/)
      if (attribute === "width" || attribute === "height") assert.isAtLeast(Number(value), 0)
    }
  }
}

const minute = 60_000
const span = (kind: Timeline.Kind, from: number, to: number, what?: string): Timeline.Span => ({
  kind,
  from: from * minute,
  to: to * minute,
  pools: ["provider:anthropic"],
  ...(what === undefined ? {} : { what })
})
const lane = (
  id: string,
  description: string,
  spans: ReadonlyArray<Timeline.Span>,
  ends: ReadonlyArray<Timeline.End> = []
): Timeline.Lane => ({ id, agent: "explore", description, depth: 1, spans, ends })

/** Two slots, three tasks, and a long night before a fourth. */
const example = assemble({
  sizes: new Map([["provider:anthropic", 2]]),
  lanes: [
    lane("bg_1", "Find the auth code", [span("running", 0, 20)], [{ at: 20 * minute, status: "completed" }]),
    lane("bg_2", "Run the tests", [
      span("running", 0, 6),
      span("ask", 6, 10, "bash npm test"),
      span("running", 10, 30)
    ], [{ at: 30 * minute, status: "error", why: "overloaded" }]),
    lane("bg_3", "Review it", [
      span("waiting", 2, 20),
      span("running", 20, 32),
      span("retry", 32, 34, "overloaded"),
      span("running", 34, 40)
    ], [{ at: 40 * minute, status: "completed" }]),
    lane("bg_4", "Next day", [span("running", 640, 650), span("lent", 650, 656), span("running", 656, 660)], [])
  ]
}, 0)

describe("the picture", () => {
  it.prop("is well-formed and holds nothing but what we draw, whatever others have written", [journals], ([events]) => {
    const timeline = timelineOf(events)
    for (const mode of ["auto", "dark"] as const) {
      const { elements, texts } = xml(svgOf(timeline, { mode, width: 700 }))
      checkElements(elements, drawn)
      const all = texts.join("\n")
      for (const { description, spans } of lanesOf(timeline)) {
        if (spans.length > 0) assert.include(all, oneLine(description).replace(/[\ufffe\uffff]/g, ""))
      }
    }
  }, thorough)

  it("says that the limit held and what it cost, has a bar for each span, and the limit as a line", () => {
    const svg = svgOf(example)
    const { elements, texts } = xml(svg)
    const all = texts.join("\n")
    assert.include(all, "2 slots, never more than 2 in use · 18m00s in line (longest 18m00s)")
    assert.include(all, "needs you 4m00s, from 6m00s to 10m00s\nbash npm test")
    assert.include(all, "10h00m in which nothing went on")
    assert.include(all, "✗ 30m00s")
    const styled = (name: string, style: string) =>
      elements.filter((each) => each.name === name && each.attributes.get("class") === `tl-${style}`).length
    assert.strictEqual(styled("line", "limit"), 1)
    assert.strictEqual(styled("rect", "fold"), 1)
    // One more of each in the legend.
    assert.strictEqual(styled("rect", "ask"), 2)
    assert.strictEqual(styled("rect", "error"), 3)
    assert.strictEqual(styled("rect", "lent"), 2)
    assert.strictEqual(styled("rect", "running"), 6)
  })

  it("draws the limit as it was, where it was changed", () => {
    const changed = assemble({
      sizes: new Map([["provider:anthropic", 1]]),
      changes: new Map([["provider:anthropic", [{ at: 0, size: 3 }, { at: 30 * minute, size: 1 }]]]),
      lanes: example.pools.flatMap(({ lanes }) => lanes).slice(0, 3)
    }, 0)
    const { elements, texts } = xml(svgOf(changed))
    assert.include(texts.join("\n"), "its limit was changed: 3, then 1; up to 2 in use")
    const limits = elements.filter(({ attributes }) => attributes.get("class") === "tl-limit")
    const [before, after] = limits.map(({ attributes }) => attributes)
    assert.lengthOf(limits, 2)
    assert.strictEqual(before?.get("x2"), after?.get("x1"))
    assert.isBelow(Number(before?.get("y1")), Number(after?.get("y1")))
    // One in use is full at the end, and was not before.
    const used = rowsOf(changed, { width: 80 }).find(({ kind }) => kind === "used")
    assert.deepStrictEqual(used?.cells.map(({ tone }) => tone).slice(1), ["used", "full"])
  })

  it("is light, dark, or what its reader has set", () => {
    const [auto, light, dark] = (["auto", "light", "dark"] as const).map((mode) => svgOf(example, { mode }))
    assert.include(auto, "prefers-color-scheme: dark")
    assert.notInclude(light, "prefers-color-scheme")
    assert.notInclude(dark, "prefers-color-scheme")
    assert.include(light, ".tl-background{fill:#ffffff}")
    assert.include(dark, ".tl-background{fill:#14181d}")
  })

  it("of nothing says so", () => {
    const nothing = assemble({ lanes: [], sizes: new Map() }, 5)
    assert.include(xml(svgOf(nothing)).texts.join(), "no task has been out yet")
    assert.include(page(render(nothing, "html")).texts.join(), "No task has been out yet.")
    assert.strictEqual(render(nothing, "text"), "No task has been out yet.\n")
  })
})

describe("the page", () => {
  it.prop("needs no mending by a browser, and holds nothing but what we write", [journals], ([events]) => {
    const timeline = timelineOf(events)
    const { elements, texts } = page(render(timeline, "html"))
    checkElements(elements, [...drawn, ...written])
    const all = texts.join("\n")
    for (const { description } of lanesOf(timeline)) {
      assert.include(all, oneLine(description).replace(/[\ufffe\uffff]/g, ""))
    }
    assert.notInclude(all, "undefined")
  }, thorough)

  it("loads nothing, and has a row for each pool and for each run", () => {
    const html = render(example, "html")
    assert.notMatch(html, /\b(src|href)=|@import|url\(/)
    assert.include(html, "default-src 'none'")
    const rows = html.split("<tr>").slice(1).map((row) =>
      row.replace(/<h2>.*/s, "").replace(/<[^>]+>/g, " ").replace(/&#39;/g, "'").replace(/\s+/g, " ").trim()
    )
    assert.lengthOf(rows, 2 + 1 + 4)
    assert.strictEqual(rows[1], "provider anthropic 2 2 4 18m00s 18m00s 1h24m 4m00s 2m00s")
    assert.include(
      rows,
      "Run the tests explore bg_2 provider anthropic 0.0s – 30m00s needs you 4m00s ✗ failed overloaded"
    )
    assert.include(
      rows.at(-1),
      "Next day explore bg_4 provider anthropic 10h40m – 14m00s waits for its own tasks 6m00s running"
    )
  })
})

describe("the trace", () => {
  const decode = Schema.decodeUnknownSync(Schema.fromJsonString(Trace), { onExcessProperty: "error" })

  it.prop("is in Chrome's format: names, spans that do not overlap in a thread, and counters as the pools say", [
    journals
  ], ([events]) => {
    const timeline = timelineOf(events)
    const { traceEvents } = decode(render(timeline, "trace"))
    // Perfetto knows a thread by its number alone, and gives each process one of its own number.
    const threads = traceEvents.flatMap((event) => event.ph === "M" && event.name === "thread_name" ? [event] : [])
    const numbers = [...threads.map(({ tid }) => tid), ...timeline.pools.map((_, nth) => nth + 1)]
    assert.lengthOf(new Set(numbers), lanesOf(timeline).length + timeline.pools.length)
    assert.notInclude(numbers, 0)
    timeline.pools.forEach((pool, nth) => {
      const own = traceEvents.filter(({ pid }) => pid === nth + 1)
      const names = own.filter((event) => event.ph === "M" && event.name === "process_name")
      assert.lengthOf(names, 1)
      const counters = own.flatMap((event) => event.ph === "C" ? [[event.ts, event.args["used"]]] : [])
      assert.deepStrictEqual(
        counters,
        allUsed(pool).map(({ at, used }) => [(at - timeline.from) * 1_000, used])
      )
      const tids = threads.filter(({ pid }) => pid === nth + 1).map(({ tid }) => tid)
      pool.lanes.forEach((lane, nth) => {
        const spans = own.flatMap((event) => event.ph === "X" && event.tid === tids[nth] ? [event] : [])
        assert.deepStrictEqual(
          spans.map(({ cat, dur }) => [cat, dur]),
          lane.spans.map(({ from, kind, to }) => [kind, (to - from) * 1_000])
        )
        spans.forEach(({ ts }, nth) => {
          const before = spans[nth - 1]
          assert.isAtLeast(ts, before === undefined ? 0 : before.ts + before.dur)
        })
        assert.lengthOf(own.filter((event) => event.ph === "i" && event.tid === tids[nth]), lane.ends.length)
      })
    })
  }, thorough)
})

describe("the JSON", () => {
  it.prop("is the timeline", [journals], ([events]) => {
    const timeline = timelineOf(events)
    assert.deepStrictEqual(Schema.decodeSync(Json)(render(timeline, "json")), timeline)
  }, thorough)
})

describe("the text", () => {
  it.prop("fits every width, and holds nothing that a terminal would act on", [journals], ([events]) => {
    const timeline = timelineOf(events)
    for (const width of [10, 37, 90, 160]) {
      for (const row of rowsOf(timeline, { width })) {
        assert.isAtMost(widthOf(plain(row)), width, plain(row))
        assert.notMatch(plain(row), /[\p{Cc}\u202a-\u202e]|undefined|NaN/u)
      }
      const rows = rowsOf(timeline, { width }).flatMap(({ lane }) => lane === undefined ? [] : [lane])
      assert.deepStrictEqual(rows, lanesOf(timeline).map(({ id }) => id))
    }
  }, thorough)

  it("draws what each did and how it ended, folds the night, and counts the slots below", () => {
    assert.deepStrictEqual(render(example, "text", { width: 80 }).split("\n"), [
      "                          0s       10m00s   20m00s  30m00s   40m00s    10h50m",
      "provider anthropic  2 slots, never more than 2 in use",
      "  18m00s in line (longest 18m00s) · 1h24m with a slot",
      "  4m00s waiting for a person · 2m00s waiting for the provider",
      "  explore · Find the aut… █████████████████✓                 ┊",
      "  explore · Run the tests █████▒▒▒▒█████████████████✗        ┊",
      "  explore · Review it      ░░░░░░░░░░░░░░░░███████████▓▓█████✓",
      "  explore · Next day                                         ┊█████████▚▚▚▚▚▚███",
      "  slots in use, of 2      22222222222222222222222222211111111┊111111111     1111",
      "",
      "░ in line  █ running  ▒ needs you  ▓ provider retry  ▚ waits for its own tasks",
      "✓ completed  ✗ failed",
      ""
    ])
  })

  it("gives each cell a tone, and marks a pool that is full", () => {
    const rows = rowsOf(example, { width: 80 })
    const tonesOf = (nth: number) => rows[nth]?.cells.map(({ tone }) => tone).slice(1)
    assert.deepStrictEqual(tonesOf(5), ["running", "ask", "running", "error", "muted"])
    assert.deepStrictEqual(tonesOf(8), ["full", "used", "muted", "used", "muted", "used"])
  })
})
