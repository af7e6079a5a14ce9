// The page docs/invariants.md: each statement with the tests that prove it.

const head = `# What always holds

What Errand promises, statement by statement, with the tests that prove it. This page is made from the titles of the tests
by \`node scripts/invariants.mjs\`; the statements are in [scripts/invariants/statements.md](../scripts/invariants/statements.md).
A test that proves a statement names it, so \`vitest run --config vitest.workspace.ts -t A4\` runs what proves A4.`

export const page = (sections, tests) => {
  const statements = sections.flatMap(({ statements }) => statements)
  const whole = statements.filter((statement) => openOf(statement) === undefined)
  const part = statements.filter(({ partly }) => partly !== undefined)
  const none = statements.filter((statement) => statement["not yet"] !== undefined)
  return [
    head,
    `Of ${statements.length} statements ${whole.length} are promised, ${part.length} are promised in part, and ` +
    `${none.length} are not promised yet.`,
    "## Not promised yet",
    none.map(gap).join("\n"),
    "Promised in part; this is missing:",
    part.map(gap).join("\n"),
    ...sections.flatMap(({ letter, statements, title }) => [
      `## ${letter} ${title}`,
      ...further(letter, tests),
      ...statements.flatMap((statement) => [
        `### ${statement.id}`,
        statement.text,
        ...(statement["not yet"] === undefined ? [proofs(tests.filter(({ ids }) => ids.includes(statement.id)))] : []),
        ...(openOf(statement) === undefined ? [] : [open(statement)])
      ])
    ])
  ].join("\n\n") + "\n"
}

const openOf = (statement) => statement.partly ?? statement["not yet"]

const linkTo = (id) => `[${id}](#${id.toLowerCase()})`

const gap = (statement) => `- ${linkTo(statement.id)}: ${openOf(statement)} Instead: ${statement.instead}`

const open = (statement) =>
  `**${statement.partly === undefined ? "Not promised yet" : "Promised in part"}:** ${openOf(statement)} ` +
  `Instead: ${statement.instead}`

/** The random programs that play a whole section, beside the tests of each statement. */
const further = (letter, tests) => {
  const found = tests.filter(({ sections }) => sections.includes(letter))
  return found.length === 0 ? [] : ["All of this section at once, in random programs:", proofs(found)]
}

const proofs = (tests) =>
  [...Map.groupBy(tests, ({ file }) => file)].map(([file, tests]) =>
    [
      `- [${file.replace(/^packages\//, "")}](../${file})`,
      ...tests.map(({ cases, name }) => `  - ${plain(name)}${cases === 1 ? "" : ` (${cases} cases)`}`)
    ].join("\n")
  ).join("\n")

/** A title as text: nothing in it is markup but its backticks. */
const plain = (name) => name.replace(/[\\*_<[\]]/g, "\\$&")
