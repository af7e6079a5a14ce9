/**
 * The project that the agents look at: a small server with a login. Its faults are there on purpose.
 */

const login = `import { findUser } from "./users.ts"
import { signToken } from "./token.ts"

/** POST /login */
export async function login(email: string, password: string) {
  const user = await findUser(email)
  if (user === undefined || user.password !== password) throw new Error("wrong email or password")
  return { token: signToken(user.id) }
}
`

const register = `import { saveUser } from "./users.ts"

/** POST /register */
export async function register(email: string, password: string) {
  return saveUser({ email, password })
}
`

const token = `import { createHmac } from "node:crypto"

const secret = "change-me"

/** Tokens that never expire. */
export function signToken(userId: string) {
  return userId + "." + createHmac("sha256", secret).update(userId).digest("hex")
}
`

const users = `const users = new Map()

export async function findUser(email: string) {
  return users.get(email)
}

export async function saveUser(user: { email: string; password: string }) {
  users.set(user.email, { id: crypto.randomUUID(), ...user })
}
`

const server = `import { createServer } from "node:http"
import { login } from "./auth/login.ts"
import { register } from "./auth/register.ts"

const routes = { "/login": login, "/register": register }

createServer(async (request, response) => {
  const { email, password } = await new Response(request).json()
  response.end(JSON.stringify(await routes[request.url](email, password)))
}).listen(8080)
`

const guidelines = `# Authentication: what we agreed on

- Passwords are stored as argon2id hashes with a salt each, and compared in constant time.
- Tokens expire after 15 minutes and can be revoked.
- Secrets come from the environment, never from the source.
- Logins are limited per account and address.
`

const readme = `# tiny-server

A server with a login, in 40 lines. See docs/auth-guidelines.md for what it should become.
`

/** Path -> text. */
export const files: Readonly<Record<string, string>> = {
  "README.md": readme,
  "package.json": `${JSON.stringify({ name: "tiny-server", private: true, type: "module" }, null, 2)}\n`,
  "docs/auth-guidelines.md": guidelines,
  "src/server.ts": server,
  "src/auth/login.ts": login,
  "src/auth/register.ts": register,
  "src/auth/token.ts": token,
  "src/auth/users.ts": users
}
