/**
 * The time, to compare between processes of one machine: ms since 1970 with fractions, which never goes back.
 */
export const stamp = (): number => performance.timeOrigin + performance.now()
