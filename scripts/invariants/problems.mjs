// Where statements and titles do not agree, one sentence each.

export const problems = (sections, tests) => {
  const statements = sections.flatMap(({ statements }) => statements)
  const known = new Set(statements.map(({ id }) => id))
  const letters = new Set(sections.map(({ letter }) => letter))
  const claims = (id) => tests.filter(({ ids }) => ids.includes(id))
  return [
    ...statements.filter(({ id }, i) => statements.findIndex((other) => other.id === id) < i)
      .map(({ id }) => `${id} is stated twice`),
    ...tests.flatMap(({ file, ids, name, sections }) => [
      ...ids.filter((id) => !known.has(id)).map((id) => `${file}: "${name}" names ${id}, which does not exist`),
      ...sections.filter((letter) => !letters.has(letter)).map((letter) =>
        `${file}: "${name}" names section ${letter}, which does not exist`
      )
    ]),
    ...statements.flatMap((statement) => {
      const { id } = statement
      const proofs = claims(id)
      const open = statement.partly ?? statement["not yet"]
      if (open !== undefined && statement.instead === undefined) return [`${id} does not say what happens instead`]
      if (statement["not yet"] !== undefined) {
        return proofs.map(({ file, name }) => `${id} is not promised yet, but ${file} claims it: "${name}"`)
      }
      return proofs.length > 0 ? [] : [`${id} is promised, but no test names it`]
    })
  ]
}
