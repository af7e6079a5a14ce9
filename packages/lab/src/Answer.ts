/**
 * Plays one step of a script onto an HTTP response, in the form of OpenAI's chat completions (streamed or whole).
 */
import { Effect } from "effect"
import type { ServerResponse } from "node:http"
import type { ChatRequest } from "./ChatRequest.ts"
import { disarm, type Step } from "./Script.ts"
import { fillJson, fillText } from "./Template.ts"

export interface Answer {
  /** Makes the ids in the answer differ from those of other answers. */
  readonly n: number
  readonly request: ChatRequest
  readonly step: Step
  readonly response: ServerResponse
  /** Whether `step.fail` or `step.drop` is to be played; counted by the caller. */
  readonly failing: boolean
  /** Called right before the last bytes are sent: the client cannot know of the end before. */
  readonly onEnd: () => void
}

/** Ends when the bytes are handed on. On a dead connection too: the caller watches for that. */
const write = (response: ServerResponse, text: string) =>
  Effect.callback<void>((resume) => {
    response.write(text, () => resume(Effect.void))
  })

const cutSocket = (response: ServerResponse) => Effect.sync(() => response.socket?.destroy())

const whole = (answer: Answer, status: number, body: string, headers: Readonly<Record<string, string>> = {}) =>
  Effect.sync(() => {
    answer.onEnd()
    answer.response.writeHead(status, { "content-type": "application/json", ...headers })
    answer.response.end(body)
  })

const failure = (answer: Answer, { body, headers, status }: NonNullable<Step["fail"]>) => {
  const shown = body ?? { error: { message: `scripted error ${status}`, type: "scripted_error", code: String(status) } }
  return whole(answer, status, typeof shown === "string" ? shown : JSON.stringify(shown), headers)
}

const textOf = ({ request, step }: Answer): string =>
  step.big === undefined
    ? disarm(fillText(step.say ?? "", request.messages))
    : (`${"x".repeat(79)}\n`).repeat(Math.ceil(step.big / 80)).slice(0, step.big)

const toolCallsOf = ({ n, request, step }: Answer) =>
  (step.toolCalls ?? []).map(({ args, name }, index) => {
    const filled = fillJson(args ?? {}, request.messages)
    return {
      index,
      id: `call_${n}_${index}`,
      type: "function",
      function: { name, arguments: typeof filled === "string" ? filled : JSON.stringify(filled) }
    }
  })

const usageOf = ({ request, step }: Answer, text: string) => {
  const { completion_tokens, prompt_tokens } = step.usage ?? {
    prompt_tokens: Math.ceil(JSON.stringify(request.messages).length / 4),
    completion_tokens: Math.ceil(text.length / 4) + 1
  }
  return { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens }
}

/** Large texts go out in pieces even if the script does not ask for it, as real ones do. */
const piecesOf = (text: string, { chunks }: Step): ReadonlyArray<string> => {
  const count = chunks ?? (text.length > 65_536 ? Math.ceil(text.length / 4096) : 1)
  const size = Math.max(1, Math.ceil(text.length / count))
  return Array.from({ length: Math.ceil(text.length / size) }, (_, i) => text.slice(i * size, (i + 1) * size))
}

/** Never ends for steps that `hang` or `stall`: interrupt it when the client goes away. */
export const play = Effect.fnUntraced(function*(answer: Answer) {
  const { failing, n, request, response, step } = answer
  if (step.delay !== undefined) yield* Effect.sleep(step.delay)
  if (step.drop !== undefined && step.drop !== false && failing) return yield* cutSocket(response)
  if (step.hang === true) return yield* Effect.never
  if (step.fail !== undefined && failing) return yield* failure(answer, step.fail)

  const text = textOf(answer)
  const calls = toolCallsOf(answer)
  const usage = usageOf(answer, text)
  const finish = step.finish ?? (calls.length > 0 ? "tool_calls" : "stop")
  const common = { id: `chatcmpl-${n}`, created: Math.floor(Date.now() / 1000), model: request.model }

  if (request.stream !== true) {
    const message = { role: "assistant", content: text, ...(calls.length > 0 ? { tool_calls: calls } : {}) }
    const choices = [{ index: 0, message, finish_reason: finish }]
    return yield* whole(answer, 200, JSON.stringify({ ...common, object: "chat.completion", choices, usage }))
  }

  const frame = (rest: object) => `data: ${JSON.stringify({ ...common, object: "chat.completion.chunk", ...rest })}\n\n`
  const delta = (delta: object, finish_reason: string | null = null) =>
    write(response, frame({ choices: [{ index: 0, delta, finish_reason }] }))

  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" })
  yield* delta({ role: "assistant", content: "" })
  if (step.stall === true || step.dropMid === true) {
    yield* delta({ content: "partial " })
    if (step.stall === true) return yield* Effect.never
    // Time for the bytes to arrive: a cut connection may take back what it has not delivered.
    yield* Effect.sleep(20)
    return yield* cutSocket(response)
  }
  if (step.reasoning !== undefined) {
    yield* delta({ reasoning_content: disarm(fillText(step.reasoning, request.messages)) })
  }
  for (const [index, piece] of piecesOf(text, step).entries()) {
    if (index > 0 && step.chunkDelay !== undefined) yield* Effect.sleep(step.chunkDelay)
    yield* delta({ content: piece })
  }
  for (const call of calls) yield* delta({ tool_calls: [call] })
  answer.onEnd()
  yield* delta({}, finish)
  yield* write(response, frame({ choices: [], usage }))
  response.end("data: [DONE]\n\n")
})
