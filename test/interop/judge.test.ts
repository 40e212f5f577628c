// The judge of the interop run needs no agent: that it would complain is shown here.
import t from 'tap'
import { run } from '../running.ts'
import { agents } from './agents.ts'
import { brought, judgeLosses } from './brought.ts'
import { type Call, judge, type Place, type Reported, type Seen, type Spans, type Wish } from './judge.ts'

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
const near = '00f067aa0ba902b7'
const server = '1111111111111111'
const client = '2222222222222222'
const reported: readonly Reported[] = [
  { traceId, spanId: server, parentId: near, kind: 'server' },
  { traceId, spanId: client, parentId: server, kind: 'client' }
]

function agentNamed(name: string) {
  const found = agents.find(agent => agent.name === name)
  if (found === undefined) throw new Error(`no agent ${name}`)
  return found
}

type Case = {
  readonly from?: string
  readonly to?: string
  readonly wish?: Wish
  readonly spans?: Spans
  readonly context?: Place | null
  readonly answer: Seen | null
}

function complaintOf(
  { from = 'otel-w3c', to = 'otel-b3', wish = 'keep', spans = 'report', ...rest }: Case,
  spansOfGateway = reported
): string | undefined {
  const { context = { traceId, spanId: near }, answer } = rest
  const call: Call = { near: agentNamed(from), far: agentNamed(to), wish, spans, told: { context, answer } }
  return judge(call, spansOfGateway)
}

t.test('a far agent below the gateway’s client span continues the trace', async t => {
  t.equal(complaintOf({ answer: { traceId, parentId: client, sampled: true } }), undefined)
})

t.test('another trace, parent or decision, and nothing at all, are complained of', async t => {
  const otherId = traceId.replace('4', '5')
  t.match(complaintOf({ answer: null }), /nothing was continued/)
  t.match(complaintOf({ answer: { traceId: otherId, parentId: client, sampled: true } }), /^trace /)
  t.match(complaintOf({ answer: { traceId, parentId: client, sampled: false } }), /keep became drop/)
  t.match(complaintOf({ answer: { traceId, parentId: near, sampled: true } }), /not in the trace/)
  t.match(complaintOf({ answer: { traceId, parentId: server, sampled: true } }), /no span of the gateway/)
})

t.test('a call that failed is complained of with the reason', async t => {
  const [agent] = agents
  if (agent === undefined) throw new Error('no agents')
  const call = { near: agent, far: agent, wish: 'keep', spans: 'report', told: { error: 'refused' } } as const
  t.equal(judge(call, reported), 'refused')
})

t.test('a gateway that hangs elsewhere is complained of', async t => {
  const adrift = reported.map(span => ({ ...span, parentId: span.spanId === server ? null : span.parentId }))
  t.match(complaintOf({ answer: { traceId, parentId: client, sampled: true } }, adrift), /hangs on null/)
})

t.test('behind a transparent hop the parent is the near agent’s span', async t => {
  t.equal(complaintOf({ spans: 'none', answer: { traceId, parentId: near, sampled: true } }), undefined)
  t.match(complaintOf({ spans: 'none', answer: { traceId, parentId: client, sampled: true } }), /^parent /)
})

t.test('trimmed zeros are the same id, another width is not', async t => {
  const context = { traceId: '1a2b', spanId: '4d5e' }
  const parentId = '4d5e'.padStart(16, '0')
  const wide = { traceId: '1a2b'.padStart(32, '0'), parentId, sampled: true }
  const short = { from: 'jaeger-short', spans: 'none', context } as const
  t.equal(complaintOf({ ...short, to: 'otel-b3', answer: wide }), undefined)
  t.match(complaintOf({ ...short, to: 'zipkin', answer: wide }), /another width/)
  const narrow = { ...wide, traceId: '1a2b'.padStart(16, '0') }
  t.equal(complaintOf({ ...short, to: 'zipkin', answer: narrow }), undefined)
})

t.test('SkyWalking is told nothing of a dropped trace', async t => {
  const dropped = { to: 'skywalking', wish: 'drop' } as const
  t.equal(complaintOf({ ...dropped, answer: null }), undefined)
  t.match(complaintOf({ ...dropped, answer: { traceId, parentId: client, sampled: true } }), /was continued/)
})

t.test('of what comes over a narrow wire the second half is compared, and that alone', async t => {
  const parentId = client
  const half = traceId.slice(16).padStart(32, '0')
  t.equal(complaintOf({ to: 'brought-ot', answer: { traceId: half, parentId, sampled: true } }), undefined)
  t.match(
    complaintOf({ to: 'brought-instana', answer: { traceId: half, parentId, sampled: true } }),
    /^trace /
  )
  const other = half.replace('a', 'b')
  t.match(complaintOf({ to: 'brought-ot', answer: { traceId: other, parentId, sampled: true } }), /^trace /)
})

t.test('a check that keeps silent about losses is complained of', async t => {
  const { file } = await run(
    t,
    'upstreams: { demo: { echo: true } }\nroutes: [{ match: {}, upstream: demo }]'
  )
  const complaints = judgeLosses(file)
  for (const { name, loses } of brought) {
    t.equal(complaints.filter(each => each.startsWith(`${name}: check does not say`)).length, loses.length)
  }
})
