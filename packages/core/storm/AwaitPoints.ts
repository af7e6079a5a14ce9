/**
 * Counts the moments in which a fiber goes on after it has waited for something, and does something in the nth of them:
 * before the fiber takes its next step, while every other fiber is where it waits. Going through all n is going through
 * all await points of everybody. The fiber that tells the story does not count: it only lets time pass.
 */
import type { Fiber } from "effect"

export class AwaitPoints {
  readonly #nth: number
  readonly #act: () => void
  #count = 0
  #teller: number | undefined

  constructor(nth: number, act: () => void) {
    this.#nth = nth
    this.#act = act
  }

  /** Whether the nth moment came. */
  get passed(): boolean {
    return this.#count >= this.#nth
  }

  /** From now on it is counted. */
  start(teller: Fiber.Fiber<unknown, unknown>): void {
    this.#teller = teller.id
  }

  /** From now on nothing is counted. */
  stop(): void {
    this.#teller = undefined
  }

  /** A fiber is about to take a step. */
  see(fiber: Fiber.Fiber<unknown, unknown>): void {
    // The runtime counts a fiber's steps from 1 whenever it goes on.
    const goesOn = this.#teller !== undefined && fiber.id !== this.#teller && fiber.currentOpCount === 1
    if (goesOn && ++this.#count === this.#nth) this.#act()
  }
}
