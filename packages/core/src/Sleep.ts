/**
 * Whether the computer slept between two looks at its clock. Pure.
 */

/** How much later a look may come before that is taken for sleep (ms). A fiber that was kept for so long saw nothing either. */
const late = 5_000

/** How long it slept (ms) between two looks (epoch ms) of which the second comes after `atMost` (ms); 0 where it did not. */
export const between = (before: number, now: number, atMost: number): number => {
  const over = now - before - atMost
  return over > late ? over : 0
}
