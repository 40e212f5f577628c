// A request through services with the agents of two worlds, each reporting to its own back end and the gateway to both:
// what either back end holds is one chain. Browser and front send what their kind sends.
import { skywalkingSpanId } from '../../src/trace/identity.ts'
import { startReceiver } from '../receiver.ts'
import { run, type Teardown } from '../running.ts'
import { until } from '../until.ts'
import { startProcess } from './agents.ts'
import { brokenRefs, brokenSpans, type Spanned } from './chain-judge.ts'
import { type Segment, startBackend } from './oap.ts'

/** As SkyWalking's browser SDK makes ids: UUIDs with dashes. */
const browser = {
  trace: 'b6e7a3d4-3f1c-4d6e-9a2b-5c8d7e6f1a2b',
  segment: '0c9d8e7f-1a2b-4c3d-8e4f-5a6b7c8d9e0f',
  service: 'web',
  peer: 'gateway.example.com'
}

function browserHeader(): string {
  const [trace, segment, service, instance, endpoint, peer] = [
    browser.trace,
    browser.segment,
    browser.service,
    'v1.0',
    '/index.html',
    browser.peer
  ].map(text => Buffer.from(text).toString('base64'))
  return `1-${trace}-${segment}-0-${service}-${instance}-${endpoint}-${peer}`
}

/** Agents report when they think fit, and later on a busy machine. */
const reportMs = 60_000

/** Every complaint, none where all is whole. */
export async function callChains(t: Teardown): Promise<readonly string[]> {
  const skywalking = await startBackend(t)
  const collector = await startReceiver()
  t.teardown(collector.close)
  const old = await startProcess(t, 'skywalking-service', [skywalking.grpc])
  const modern = await startProcess(t, 'opentelemetry-service', [collector.url])
  const front = await startProcess(t, 'opentelemetry-service', [collector.url])
  const gateway = await run(
    t,
    `
service: { name: gateway }
accept: [w3c, sw8]
export:
  - otlp: { url: "${collector.url}" }
  - skywalking: { url: "${skywalking.url}" }
upstreams:
  old: { targets: [{ url: "${old}" }], emit: [sw8] }
  modern: { targets: [{ url: "${modern}" }], emit: [w3c] }
routes:
  - { match: { path: /keep }, upstream: old }
  - { match: { path: /modern }, upstream: modern }
`
  )
  const onward = `${gateway.url}/keep?to=${encodeURIComponent(`${gateway.url}/modern`)}`

  // browser → gateway → old → gateway → modern
  await called(onward, { sw8: browserHeader() })
  const ours = () => skywalking.segments().filter(({ traceid }) => traceid === browser.trace)
  await until(
    () => ours().length === 3 && collector.spans().length === 5,
    'the browser’s chain is told',
    reportMs
  )
  const first = ours()
  const spans = collector.spans()
  const complaints = [
    ...brokenRefs(first, `${browser.segment} 0`).map(each => `browser, SkyWalking: ${each}`),
    ...addressed(first),
    ...brokenSpans(
      [...spans.map(spanned), ...asCollected(first, 'old-service')],
      [skywalkingSpanId(browser.segment, 0)]
    ).map(each => `browser, OpenTelemetry: ${each}`)
  ]

  // front → gateway → old → gateway → modern
  const before = new Set([...spans.map(span => span.traceId)])
  await called(`${front}/keep?to=${encodeURIComponent(onward)}`)
  const later = () => collector.spans().filter(span => !before.has(span.traceId))
  const theirs = () => skywalking.segments().filter(({ traceid }) => traceid === later()[0]?.traceId)
  await until(() => theirs().length === 3 && later().length === 7, 'the front’s chain is told', reportMs)
  complaints.push(
    ...brokenRefs(theirs(), undefined).map(each => `front, SkyWalking: ${each}`),
    ...addressed(theirs()),
    ...brokenSpans([...later().map(spanned), ...asCollected(theirs(), 'old-service')], ['']).map(
      each => `front, OpenTelemetry: ${each}`
    )
  )
  await until(() => skywalking.living().has('gateway'), 'SkyWalking hears that the gateway lives')
  return complaints
}

async function called(url: string, headers: Record<string, string> = {}): Promise<void> {
  const answer = await fetch(url, { headers })
  const text = await answer.text()
  if (text !== '"here"') throw new Error(`the end of a chain said ${text}`)
}

/** Whom the old service names as its caller is who the gateway says it is, by the address that it was called at. */
function addressed(segments: readonly Segment[]): readonly string[] {
  const exits = new Map(
    segments.flatMap(({ tracesegmentid, spansList }) =>
      spansList.map(span => [`${tracesegmentid} ${span.spanid}`, span] as const)
    )
  )
  return segments
    .flatMap(({ spansList }) => spansList.flatMap(({ refsList }) => refsList))
    .flatMap(ref => {
      const exit = exits.get(`${ref.parenttracesegmentid} ${ref.parentspanid}`)
      if (exit === undefined || exit.peer === ref.networkaddressusedatpeer) return []
      return [`called at ${ref.networkaddressusedatpeer}, reported as ${exit.peer}`]
    })
}

function spanned(span: { readonly spanId: string; readonly parentSpanId: string }): Spanned {
  return { id: span.spanId, parentId: span.parentSpanId }
}

/** Spans of a service as the OpenTelemetry Collector's receiver for SkyWalking hands them on. */
function asCollected(segments: readonly Segment[], of: string): readonly Spanned[] {
  return segments
    .filter(({ service }) => service === of)
    .flatMap(({ tracesegmentid, spansList }) =>
      spansList.map(({ spanid, parentspanid, refsList: [ref] }) => ({
        id: skywalkingSpanId(tracesegmentid, spanid),
        parentId:
          ref === undefined
            ? skywalkingSpanId(tracesegmentid, parentspanid)
            : skywalkingSpanId(ref.parenttracesegmentid, ref.parentspanid)
      }))
    )
}
