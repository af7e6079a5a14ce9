// What the titles of the tests claim: which invariants each of them proves.
import { spawnSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { relative } from "node:path"

/** Every test of every project as `{ file, line, name }`. The files are loaded for that, and nothing in them is run. */
export const list = (root) => {
  const args = ["list", "--config", "vitest.workspace.ts", "--json", "--no-static-parse", "--includeTaskLocation"]
  // One process for many files: a second or two instead of a quarter of a minute.
  const { error, status, stderr, stdout } = spawnSync("vitest", [...args, "--no-isolate", "--maxWorkers=2"], {
    cwd: root,
    encoding: "utf8",
    maxBuffer: 1e8
  })
  if (status !== 0) {
    console.error(`The tests cannot be listed: ${error ?? stdout + stderr}`)
    process.exit(1)
  }
  return JSON.parse(stdout).map(({ file, location, name }) => ({
    file: relative(root, file),
    line: location.line,
    name
  }))
}

const span = /(?<![\w-])([A-Z])(\d{1,2})-\1?(\d{1,2})(?![\w-])/g
const single = /(?<![\w-])[A-G]\d{1,2}(?![\w-])/g
const whole = /(?<![\w-])([A-G])-([A-G])(?![\w-])/

/** The ids in a title: `A1 ...`, `... (B5, D4)`, `C1-C4`. */
export const idsOf = (name) => {
  const spans = [...name.matchAll(span)].flatMap(([, letter, from, to]) =>
    Array.from({ length: to - from + 1 }, (_, i) => `${letter}${Number(from) + i}`)
  )
  return [...new Set([...spans, ...(name.replace(span, "").match(single) ?? [])])]
}

/** The sections that a title names as a whole: `(A-F)`. */
export const sectionsOf = (name) => {
  const [, from, to] = whole.exec(name) ?? []
  return from === undefined ? [] : [..."ABCDEFG"].filter((letter) => letter >= from && letter <= to)
}

/**
 * Tests that differ only in a case, as `{ file, name, ids, sections, cases }`: those that stand on one line whose title is
 * a template. In the name `…` stands for what differs.
 */
export const grouped = (root, tests) => {
  const sources = new Map()
  const isTemplate = ({ file, line }) => {
    if (!sources.has(file)) sources.set(file, readFileSync(`${root}/${file}`, "utf8").split("\n"))
    return /`|\.each\(/.test(sources.get(file).slice(line - 1, line + 1).join("\n"))
  }
  const groups = new Map()
  for (const test of tests) {
    const ids = idsOf(test.name)
    const key = JSON.stringify([test.file, isTemplate(test) ? test.line : test.name, ids])
    const group = groups.get(key) ?? { file: test.file, ids, sections: sectionsOf(test.name), names: [] }
    groups.set(key, group)
    group.names.push(test.name)
  }
  return [...groups.values()].sort((a, b) => a.file < b.file ? -1 : a.file > b.file ? 1 : 0).map(
    ({ file, ids, names, sections }) => ({ file, ids, sections, name: common(names), cases: names.length })
  )
}

/** What the names have in common at both ends, in whole words, with `…` between. */
const common = (names) => {
  if (names.length === 1) return names[0]
  const [first, ...rest] = names.map((name) => name.split(" "))
  const isShared = (at) => rest.every((words) => words.at(at) === first.at(at))
  const shortest = Math.min(first.length, ...rest.map((words) => words.length))
  let start = 0
  while (start < shortest && isShared(start)) start++
  let end = 0
  while (end < shortest - start && isShared(-1 - end)) end++
  return [...first.slice(0, start), "…", ...(end === 0 ? [] : first.slice(-end))].join(" ")
}
