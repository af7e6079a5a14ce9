/**
 * A story that was told to its end, or as far as it got.
 */
import type * as Story from "./Story.ts"

export interface Told {
  readonly story: Story.Story
  /** Whether it came to its end within the time limit. */
  readonly isOver: boolean
  /** Epoch ms. */
  readonly endedAt: number
}
