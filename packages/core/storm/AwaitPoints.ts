/**
 * A scheduler that counts the moments in which a fiber goes on after it has waited for something, and does something in
 * the nth of them: before the fiber takes its next step, while every other fiber is where it waits. Going through all n
 * is going through all await points of everybody. The fiber that tells the story does not count: it only lets time pass.
 */
import type { Fiber } from "effect"
import type { Scheduler } from "effect"

export class AwaitPoints implements Scheduler.Scheduler {
  readonly executionMode: "sync" | "async"
  readonly #inner: Scheduler.Scheduler
  readonly #nth: number
  readonly #act: () => void
  #count = 0
  #teller: number | undefined

  constructor(inner: Scheduler.Scheduler, nth: number, act: () => void) {
    this.executionMode = inner.executionMode
    this.#inner = inner
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

  shouldYield(fiber: Fiber.Fiber<unknown, unknown>): boolean {
    // The runtime counts a fiber's steps from 1 whenever it goes on.
    const goesOn = this.#teller !== undefined && fiber.id !== this.#teller && fiber.currentOpCount === 1
    if (goesOn && ++this.#count === this.#nth) this.#act()
    return this.#inner.shouldYield(fiber)
  }

  makeDispatcher(): Scheduler.SchedulerDispatcher {
    return this.#inner.makeDispatcher()
  }
}
