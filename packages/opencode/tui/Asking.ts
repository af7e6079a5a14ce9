/**
 * The families in which a task asks for something, whatever session is on the screen: who is told of it there has to be
 * able to answer it there.
 */
import { type Accessor, createSignal } from "solid-js"

export interface Asking {
  /** The root sessions of these families. */
  readonly roots: Accessor<ReadonlyArray<string>>
  /** Notes whether a task asks in the family of a root session. */
  readonly note: (root: string, asks: boolean) => void
}

/** Call it where a Solid owner is. */
export const makeAsking = (): Asking => {
  const [roots, setRoots] = createSignal<ReadonlyArray<string>>([])
  return {
    roots,
    note: (root, asks) =>
      setRoots((all) => all.includes(root) === asks ? all : asks ? [...all, root] : all.filter((one) => one !== root))
  }
}
