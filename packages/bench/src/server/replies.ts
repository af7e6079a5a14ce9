/**
 * Answers in the forms of OpenCode 1.18.33, its errors included.
 */

export interface Reply {
  readonly status: number
  /** JSON; none where there is nothing to say. */
  readonly body: string
}

export const json = (value: unknown, status = 200): Reply => ({ status, body: JSON.stringify(value) })

/** A list or an object that is JSON already. */
export const raw = (body: string): Reply => ({ status: 200, body })

export const yes: Reply = raw("true")
export const empty: Reply = { status: 204, body: "" }

const notFound = (message: string): Reply => json({ name: "NotFoundError", data: { message } }, 404)

export const noSession = (id: string): Reply => notFound(`Session not found: ${id}`)
export const noMessage = (id: string): Reply => notFound(`Message not found: ${id}`)
export const noPermission = (id: string): Reply =>
  json({ _tag: "PermissionNotFoundError", requestID: id, message: `Permission request not found: ${id}` }, 404)
export const noQuestion = (id: string): Reply =>
  json({ _tag: "QuestionNotFoundError", requestID: id, message: `Question request not found: ${id}` }, 404)

/** A path that OpenCode does not have, or that this one does not: it answers nothing of use to either. */
export const nowhere: Reply = json({ name: "NotFoundError", data: { message: "Not found" } }, 404)

export const badRequest = (message: string): Reply =>
  json({ name: "BadRequest", data: { message, kind: "Payload" } }, 400)

export const serverError: Reply = json(
  {
    name: "UnknownError",
    data: { message: "Unexpected server error. Check server logs for details.", ref: "err_00000000" }
  },
  500
)
