/**
 * Sends traces and metrics to a collector, by OTLP over HTTP (JSON), with Effect's own exporter.
 *
 * What OpenTelemetry's environment variables say of headers, intervals, compression and the resource holds here too. A
 * collector that is not there, does not answer or answers with an error costs its data: each request has a time limit, few
 * are under way at once, what cannot be sent is thrown away, and after a failure there is a pause of a minute. The log has
 * one line about it.
 */
import { type Journal, type Limits, type Notices, Telemetry } from "@errand/core"
import { Cause, ConfigProvider, Effect, Latch, Layer, Metric } from "effect"
import { FetchHttpClient, HttpClient } from "effect/http"
import { OtlpMetrics, OtlpSerialization, OtlpTracer } from "effect/observability"
import { Client } from "../host/Client.ts"
import type { Environment } from "./Otlp.ts"

/** How long a collector may take for one answer. */
const answerWithin = "5 seconds"

/** How many requests may be under way. One more is a sign that nobody answers: what it would send is thrown away. */
const requestsAtOnce = 4

/** How long the end may be held up by what is still to be sent (ms). */
const shutdownMs = 1_000

/** `isSet`: whether the endpoint is a setting of Errand's; then what the environment says of endpoints does not count. */
export const layer = (
  endpoint: string,
  isSet: boolean,
  env: Environment
): Layer.Layer<never, never, Client | Journal.Journal | Limits.Limits | Notices.Notices> =>
  Telemetry.layer.pipe(
    Layer.provide(exporters(endpoint, configOf(endpoint, isSet, env))),
    // Its own: what else is measured in this process is not ours to send.
    Layer.provide(Layer.sync(Metric.MetricRegistry, () => new Map()))
  )

/** What is told to this layer's tracer and metrics is sent. */
export const exporters = (endpoint: string, config: Environment): Layer.Layer<never, never, Client> =>
  Layer.unwrap(Effect.sync(() => {
    const resource = { serviceName: config["OTEL_SERVICE_NAME"] ?? "opencode-errand" }
    const isOver = Latch.makeUnsafe()
    return Layer.effectDiscard(Effect.addFinalizer(() => isOver.open)).pipe(
      Layer.provideMerge(
        Layer.merge(OtlpTracer.layerFromConfig({ resource }), OtlpMetrics.layerFromConfig({ resource }))
      ),
      Layer.provide(OtlpSerialization.layerJson),
      Layer.provide(patientWithNobody(endpoint, isOver)),
      Layer.provide(Layer.succeed(ConfigProvider.ConfigProvider, ConfigProvider.fromEnvRecord(config))),
      Layer.catchCause((cause) => unusable(Cause.pretty(cause)))
    )
  }))

/** The environment as Effect's exporter is to see it. */
export const configOf = (endpoint: string, isSet: boolean, env: Environment): Environment => ({
  // OpenTelemetry says that `otlp` is what there is without a word.
  OTEL_TRACES_EXPORTER: "otlp",
  OTEL_METRICS_EXPORTER: "otlp",
  ...env,
  ...isSet
    ? {
      OTEL_TRACES_EXPORTER: "otlp",
      OTEL_METRICS_EXPORTER: "otlp",
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: undefined,
      OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: undefined
    }
    : {},
  OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
  // For the exporter this is how long the end may take.
  OTEL_EXPORTER_OTLP_TRACES_TIMEOUT: String(shutdownMs),
  OTEL_EXPORTER_OTLP_METRICS_TIMEOUT: String(shutdownMs)
})

/** A client for requests that nobody waits for. When everything is over, nothing is tried again. */
const patientWithNobody = (endpoint: string, over: Latch.Latch): Layer.Layer<HttpClient.HttpClient, never, Client> =>
  Layer.effect(
    HttpClient.HttpClient,
    Effect.gen(function*() {
      const client = yield* HttpClient.HttpClient
      const { log } = yield* Client
      let underWay = 0
      let isTold = false

      const tell = (why: string) =>
        Effect.suspend(() => {
          if (isTold) return Effect.void
          isTold = true
          const message =
            `traces and metrics are not sent: ${endpoint} ${why}. Tasks go on as always. Start a collector `
            + "there (OTLP over HTTP), or set \"otlp\" to \"off\"."
          return Effect.timeoutOption(Effect.ignore(log("warn", message)), "1 second")
        })

      return HttpClient.transform(client, (response) =>
        Effect.suspend(() => {
          if (underWay >= requestsAtOnce) return givenUp
          underWay++
          return response.pipe(
            // Whole: a body may never come to its end.
            Effect.tap(({ arrayBuffer }) => arrayBuffer),
            Effect.tap(({ status }) => status < 400 ? Effect.void : tell(`answered ${status}`)),
            Effect.tapError(() => tell("cannot be reached")),
            Effect.timeoutOrElse({
              duration: answerWithin,
              orElse: () => Effect.andThen(tell(`did not answer within ${answerWithin}`), givenUp)
            }),
            Effect.ensuring(Effect.sync(() => underWay--)),
            (sent) =>
              over.isOpen()
                ? Effect.catch(Effect.filterOrElse(sent, ({ status }) => status < 400, () => givenUp), () => givenUp)
                : sent
          )
        }))
    })
  ).pipe(Layer.provide(FetchHttpClient.layer))

/** A defect: what fails is tried again. */
const givenUp = Effect.die(new Error("the collector is given up for now"))

/** What the environment says cannot be used. */
const unusable = (why: string): Layer.Layer<never, never, Client> =>
  Layer.effectDiscard(Effect.flatMap(Client, ({ log }) => {
    const message =
      `traces and metrics are not sent: a variable of the environment that begins with OTEL_ cannot be used (${
        why.split("\n")[0]
      })`
    return Effect.forkScoped(Effect.ignore(log("warn", message)))
  }))
