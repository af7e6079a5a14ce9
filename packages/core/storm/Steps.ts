/**
 * The scheduler of a story. Nothing in a story waits for anything outside of it, so fibers go on without a turn of the
 * event loop; and it is known when nobody has anything to do before time passes.
 */
import { type Fiber, Scheduler } from "effect"

/** Called whenever a fiber is about to take a step. */
export type OnStep = (fiber: Fiber.Fiber<unknown, unknown>) => void

export class Steps implements Scheduler.Scheduler {
  readonly executionMode = "async"
  readonly #inner = new Scheduler.MixedScheduler("async", microtask)
  readonly #onStep: OnStep
  #pending = 0

  constructor(onStep: OnStep = () => {}) {
    this.#onStep = onStep
  }

  /** Whether nobody waits for their next step. */
  get isIdle(): boolean {
    return this.#pending === 0
  }

  shouldYield(fiber: Fiber.Fiber<unknown, unknown>): boolean {
    this.#onStep(fiber)
    return this.#inner.shouldYield(fiber)
  }

  makeDispatcher(): Scheduler.SchedulerDispatcher {
    const inner = this.#inner.makeDispatcher()
    return {
      scheduleTask: (task, priority) => {
        this.#pending++
        inner.scheduleTask(() => {
          this.#pending--
          task()
        }, priority)
      },
      flush: () => inner.flush()
    }
  }
}

const microtask = (f: () => void) => {
  let cancelled = false
  queueMicrotask(() => {
    if (!cancelled) f()
  })
  return () => {
    cancelled = true
  }
}
