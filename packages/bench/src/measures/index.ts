/**
 * Every measure, in order.
 */
import type { Measure } from "../Measure.ts"
import { B1 } from "./B1.ts"
import { B10 } from "./B10.ts"
import { B11 } from "./B11.ts"
import { B12 } from "./B12.ts"
import { B13 } from "./B13.ts"
import { B14 } from "./B14.ts"
import { B2 } from "./B2.ts"
import { B3 } from "./B3.ts"
import { B4 } from "./B4.ts"
import { B5 } from "./B5.ts"
import { B6 } from "./B6.ts"
import { B7 } from "./B7.ts"
import { B8 } from "./B8.ts"
import { B9 } from "./B9.ts"

export const measures: ReadonlyArray<Measure> = [B1, B2, B3, B4, B5, B6, B7, B8, B9, B10, B11, B12, B13, B14]
