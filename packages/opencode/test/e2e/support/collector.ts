/**
 * A collector for traces and metrics, in the test's own process: it takes OTLP over HTTP as JSON, and keeps what it gets.
 */
import { Effect, Option, Schema } from "effect"
import { createServer } from "node:http"

const Value = Schema.Struct({
  stringValue: Schema.optionalKey(Schema.String),
  intValue: Schema.optionalKey(Schema.Union([Schema.Finite, Schema.String])),
  doubleValue: Schema.optionalKey(Schema.Finite),
  boolValue: Schema.optionalKey(Schema.Boolean)
})

const Attributes = Schema.Array(Schema.Struct({ key: Schema.String, value: Value }))

const Span = Schema.Struct({
  traceId: Schema.String,
  spanId: Schema.String,
  parentSpanId: Schema.optionalKey(Schema.String),
  name: Schema.String,
  startTimeUnixNano: Schema.String,
  endTimeUnixNano: Schema.String,
  attributes: Attributes,
  status: Schema.Struct({ code: Schema.Int, message: Schema.optionalKey(Schema.String) }),
  links: Schema.Array(Schema.Struct({ traceId: Schema.String, spanId: Schema.String }))
})

const Traces = Schema.fromJsonString(Schema.Struct({
  resourceSpans: Schema.Array(Schema.Struct({
    resource: Schema.Struct({ attributes: Attributes }),
    scopeSpans: Schema.Array(Schema.Struct({ spans: Schema.Array(Span) }))
  }))
}))

const Points = Schema.Struct({
  dataPoints: Schema.Array(Schema.Struct({
    attributes: Attributes,
    asDouble: Schema.optionalKey(Schema.Finite),
    asInt: Schema.optionalKey(Schema.Union([Schema.Finite, Schema.String])),
    count: Schema.optionalKey(Schema.Finite),
    sum: Schema.optionalKey(Schema.Finite)
  }))
})

const Metrics = Schema.fromJsonString(Schema.Struct({
  resourceMetrics: Schema.Array(Schema.Struct({
    scopeMetrics: Schema.Array(Schema.Struct({
      metrics: Schema.Array(Schema.Struct({
        name: Schema.String,
        unit: Schema.optionalKey(Schema.String),
        sum: Schema.optionalKey(Points),
        gauge: Schema.optionalKey(Points),
        histogram: Schema.optionalKey(Points)
      }))
    }))
  }))
}))

const plain = (attributes: typeof Attributes.Type): Readonly<Record<string, string | number | boolean | undefined>> =>
  Object.fromEntries(attributes.map(({ key, value }) => [
    key,
    value.stringValue ?? value.boolValue ?? value.doubleValue
      ?? (value.intValue === undefined ? undefined : Number(value.intValue))
  ]))

/** A span as the tests look at it. */
export interface Seen {
  readonly traceId: string
  readonly spanId: string
  readonly parent: string | undefined
  readonly name: string
  /** Milliseconds. */
  readonly took: number
  /** 0 unset, 1 ok, 2 error. */
  readonly status: number
  readonly message: string | undefined
  readonly attributes: ReturnType<typeof plain>
  readonly links: ReadonlyArray<string>
}

/** Errand's own: where the environment names a collector, OpenCode sends it its spans, too. */
const spansIn = (body: string): ReadonlyArray<Seen> =>
  Option.match(Schema.decodeOption(Traces)(body), {
    onNone: () => [],
    onSome: ({ resourceSpans }) =>
      resourceSpans.flatMap(({ resource, scopeSpans }) =>
        plain(resource.attributes)["service.name"] === "opencode-errand" ? scopeSpans.flatMap(({ spans }) => spans) : []
      ).map((span) => ({
        traceId: span.traceId,
        spanId: span.spanId,
        parent: span.parentSpanId,
        name: span.name,
        took: Number(BigInt(span.endTimeUnixNano) - BigInt(span.startTimeUnixNano)) / 1_000_000,
        status: span.status.code,
        message: span.status.message,
        attributes: plain(span.attributes),
        links: span.links.map(({ spanId }) => spanId)
      }))
  })

/** `name pool outcome value`, of the latest that came. */
const metricsIn = (body: string): ReadonlyArray<readonly [string, number]> =>
  Option.match(Schema.decodeOption(Metrics)(body), {
    onNone: () => [],
    onSome: ({ resourceMetrics }) =>
      resourceMetrics.flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics }) => metrics)).flatMap((metric) =>
        [metric.sum, metric.gauge, metric.histogram].flatMap((points) =>
          (points?.dataPoints ?? []).map((point) => {
            const { "errand.outcome": outcome = "", "errand.pool": pool = "" } = plain(point.attributes)
            return [
              `${metric.name} ${pool} ${outcome}`.trim(),
              Number(point.count ?? point.asDouble ?? point.asInt)
            ] as const
          })
        )
      )
  })

/** `silent`: takes every request and never answers. */
export type Manner = "good" | "silent" | 500

/** Ends with the scope. */
export const make = (manner: Manner = "good") =>
  Effect.map(
    Effect.acquireRelease(
      Effect.callback<{ readonly url: string; readonly bodies: Array<readonly [string, string]>; close: () => void }>(
        (resume) => {
          const bodies: Array<readonly [string, string]> = []
          const server = createServer((request, response) => {
            const chunks: Array<string> = []
            request.setEncoding("utf8")
            request.on("data", (chunk: string) => chunks.push(chunk))
            request.on("end", () => {
              bodies.push([request.url ?? "", chunks.join("")])
              if (manner === "silent") return
              response.writeHead(manner === "good" ? 200 : manner, { "content-type": "application/json" })
              response.end("{}")
            })
          })
          server.listen(0, "127.0.0.1", () => {
            const address = server.address()
            const port = typeof address === "object" ? address?.port : undefined
            const close = () => {
              server.close()
              server.closeAllConnections()
            }
            resume(Effect.succeed({ url: `http://127.0.0.1:${port}`, bodies, close }))
          })
        }
      ),
      ({ close }) => Effect.sync(close)
    ),
    ({ bodies, url }) => {
      const of = (path: string) => bodies.flatMap(([at, body]) => at === path ? [body] : [])
      return {
        url,
        spans: Effect.sync(() => of("/v1/traces").flatMap(spansIn)),
        metrics: Effect.sync(() => new Map(of("/v1/metrics").flatMap(metricsIn))),
        texts: Effect.sync(() => bodies.map(([, body]) => body).join("\n"))
      }
    }
  )
