/**
 * Ids in OpenCode's form: a prefix, twelve hex digits of time and count, fourteen more of chance. Those of sessions sort
 * the newest first, all others the oldest first.
 */
const letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
const range = 2 ** 48

let lastTime = 0
let count = 0

const moment = (): number => {
  const now = Date.now()
  count = now === lastTime ? count + 1 : 1
  lastTime = now
  return (now * 0x1000 + count) % range
}

const chance = (): string => {
  let text = ""
  for (let n = 0; n < 14; n++) text += letters.charAt(Math.floor(Math.random() * letters.length))
  return text
}

const id = (prefix: string, n: number): string => `${prefix}_${n.toString(16).padStart(12, "0")}${chance()}`

export const session = (): string => id("ses", range - 1 - moment())
export const message = (): string => id("msg", moment())
export const part = (): string => id("prt", moment())
export const event = (): string => id("evt", moment())
export const call = (): string => id("call", moment())
export const permission = (): string => id("per", moment())
export const question = (): string => id("que", moment())
