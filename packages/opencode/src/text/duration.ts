/**
 * Times as people and agents read them: `15s`, `2m 15s`, `1h 3m 5s`.
 */

/** A duration (ms) in words, rounded down to whole seconds. Negative and unknown times are `0s`. */
export const duration = (millis: number): string => {
  const seconds = Number.isFinite(millis) ? Math.max(0, Math.floor(millis / 1_000)) : 0
  const rest = `${seconds % 60}s`
  if (seconds < 60) return rest
  const minutes = `${Math.floor(seconds / 60) % 60}m ${rest}`
  return seconds < 3_600 ? minutes : `${Math.floor(seconds / 3_600)}h ${minutes}`
}
