/**
 * The same random numbers for every test, whatever ran before it: whether a planted fault is noticed must not depend on
 * luck. It is the generator `mulberry32`, begun anew before each test.
 */
import { beforeEach } from "vitest"

let state = 1

beforeEach(() => {
  state = 1
})

Math.random = () => {
  state = (state + 0x6d2b79f5) | 0
  let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000
}
