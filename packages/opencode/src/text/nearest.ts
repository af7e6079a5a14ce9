/**
 * Which of the names there are somebody may have meant.
 */

/** The name that differs least from what was written, if it is near enough to be a slip. Case does not count. */
export const nearest = (written: string, names: Iterable<string>): string | undefined => {
  // Cost grows with the product of the lengths, and nobody mistypes a name of that length.
  if (written.length > 100) return undefined
  let best: { readonly name: string; readonly distance: number } | undefined
  for (const name of names) {
    if (name.length > 100) continue
    const distance = editDistance(written.toLowerCase(), name.toLowerCase())
    if (distance <= allowance(name) && (best === undefined || distance < best.distance)) best = { name, distance }
  }
  return best?.name
}

const allowance = (name: string): number => Math.max(1, Math.floor(name.length / 3))

/** How many letters have to be added, dropped or changed to make one of the other. */
const editDistance = (a: string, b: string): number => {
  let above = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row++) {
    const line = [row]
    for (let column = 1; column <= b.length; column++) {
      const change = (above[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1)
      line.push(Math.min(change, (above[column] ?? 0) + 1, (line[column - 1] ?? 0) + 1))
    }
    above = line
  }
  return above[b.length] ?? 0
}
