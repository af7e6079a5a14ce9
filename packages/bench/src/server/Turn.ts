/**
 * A turn of an agent as a generator that says how long to wait: the cheapest thing that can be stopped anywhere.
 */

/** Calls back when it is time, and gives what stops that. */
export type Park = (wake: () => void) => () => void

/** Ms, or until something happens. */
export type Wait = number | Park

/** A play gives what it came to; between its waits nothing else happens. */
export type Play<A = void> = Generator<Wait, A, void>

export interface Turn {
  /** Ends it where it is. */
  readonly cancel: () => void
}

/** Never. */
export const forEver: Park = () => () => undefined

/** Plays from the next turn of the event loop on, until the end or until it is stopped; `done` is called at the end. */
export const run = (play: Play, done: () => void): Turn => {
  let stop: () => void = () => undefined
  let over = false
  const sleep = (ms: number) => {
    const timer = setTimeout(advance, ms)
    stop = () => clearTimeout(timer)
  }
  const advance = () => {
    while (!over) {
      const step = play.next()
      if (step.done === true) {
        over = true
        return done()
      }
      const wait = step.value
      if (typeof wait === "function") {
        stop = wait(advance)
        return
      }
      if (wait > 0) return sleep(wait)
    }
  }
  const soon = setImmediate(advance)
  stop = () => clearImmediate(soon)
  return {
    cancel: () => {
      over = true
      stop()
    }
  }
}
