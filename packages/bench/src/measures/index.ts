/**
 * Every measure, in order.
 */
import type { Measure } from "../Measure.ts"
import { B1 } from "./B1.ts"
import { B11 } from "./B11.ts"
import { B2 } from "./B2.ts"
import { B7 } from "./B7.ts"
import { B8 } from "./B8.ts"
import { B9 } from "./B9.ts"

export const measures: ReadonlyArray<Measure> = [B1, B2, B7, B8, B9, B11]
