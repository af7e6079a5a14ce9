// Reads statements.md: what must hold, by sections, and what of it is not promised yet.

const item = /^- ([A-Z]\d+) (.+)$/
const remark = /^ {2}- (partly|not yet|instead): (.+)$/

/**
 * The sections `{ letter, title, statements }`. A statement has `id` and `text`; one that is not promised, or not whole,
 * also has `partly` or `not yet`, and `instead`.
 */
export const parse = (text) => {
  const sections = []
  // What the line before belongs to, so that it can be continued.
  let current
  for (const line of text.split("\n")) {
    const section = /^## ([A-Z]) (.+)$/.exec(line)
    const statement = item.exec(line)
    const note = remark.exec(line)
    if (section) sections.push({ letter: section[1], title: section[2], statements: [] })
    else if (statement) {
      const entry = { id: statement[1], text: statement[2] }
      sections.at(-1).statements.push(entry)
      current = { entry, key: "text" }
    } else if (note) {
      current = { entry: current.entry, key: note[1] }
      current.entry[current.key] = note[2]
    } else if (current && line.startsWith("  ")) current.entry[current.key] += ` ${line.trim()}`
    else current = undefined
  }
  return sections
}
