// Every dialect into every other and back: one gateway turns X into Y, a second one turns Y into X. What comes out is
// what went in, as far as both wires carry it. The expectation is made from `carries` alone, not from what was sent.
import t, { type Test } from 'tap'
import { Pool } from 'undici'
import type { Dialect } from '../../src/dialects/dialect.ts'
import { byRank } from '../../src/dialects/find.ts'
import type { Received, Sampling, TraceContext } from '../../src/trace/context.ts'
import { hop } from '../call.ts'
import { leftOf, type Mode, member, sent, told } from '../left.ts'
import type { Message } from '../message.ts'
import { startOrigin } from '../origin.ts'
import { type Running, run } from '../running.ts'
import { until } from '../until.ts'
import { readerOf } from '../vectors/vectors.ts'

type Row = {
  readonly from: Dialect
  readonly to: Dialect
  readonly wish: Sampling
  readonly bits: 64 | 128
  readonly path: string
  readonly name: string
  readonly headers: string[]
  /** What the caller really said: its wire has limits of its own. */
  readonly said: Received
}

const wishes: readonly Sampling[] = ['keep', 'drop', 'defer', 'debug']
const widths = [128, 64] as const

/** Each row has a trace of its own, told apart by the low half of its id. */
function contextOf(number: number, wish: Sampling, bits: 64 | 128): TraceContext {
  const low = `c${number.toString(16).padStart(15, '0')}`
  return {
    traceId: (bits === 64 ? '0'.repeat(16) : '5f3a2b1c9d8e7f60') + low,
    spanId: `a${number.toString(16).padStart(15, '0')}`,
    parentId: '05e3ac9a4f6e3b90',
    sampling: wish,
    bits,
    random: true,
    tracestate: member,
    residue: undefined
  }
}

const rows: readonly Row[] = byRank
  .flatMap(from =>
    byRank.flatMap(to => widths.flatMap(bits => wishes.map(wish => ({ from, to, bits, wish }))))
  )
  .map((row, number) => {
    const { from, to, wish, bits } = row
    const headers: string[] = []
    from.inject(contextOf(number + 1, wish, bits), headers, hop)
    const name = `${from.name} to ${to.name} and back, ${wish}, ${bits} bits`
    return { ...row, path: `/${from.name}/${to.name}/${number}`, name, headers, said: heard(from, headers) }
  })

function heard(dialect: Dialect, flat: readonly string[]): Received {
  const pairs: [string, string][] = []
  for (let i = 0; i + 1 < flat.length; i += 2) pairs.push([flat[i] ?? '', flat[i + 1] ?? ''])
  return dialect.extract(readerOf(pairs))
}

function rulesOf(url: string, mode: Mode, end: 'near' | 'far'): string {
  const routes = byRank.flatMap(from =>
    byRank.map(to => {
      const emit = end === 'near' ? to : from
      return `  - { match: { path: /${from.name}/${to.name}/** }, upstream: next, emit: [${emit.name}] }`
    })
  )
  return `
export: [{ console: {} }]
spans: ${mode}
# On a busy machine a request takes its second, and what is slow would be kept though it was dropped.
sampling: { rate: 100%, keep: none }
upstreams: { next: { targets: [{ url: "${url}" }] } }
routes:
${routes.join('\n')}
`
}

type Sent = {
  readonly near: Running
  readonly far: Running
  /** What reached the origin, by path. */
  readonly arrived: ReadonlyMap<string, Message>
}

/** Sends every row through two gateways. */
async function sendAll(t: Test, mode: Mode): Promise<Sent> {
  const origin = await startOrigin(t)
  const far = await run(t, rulesOf(origin.url, mode, 'far'))
  const near = await run(t, rulesOf(far.url, mode, 'near'))
  const pool = new Pool(near.url, { connections: 4 })
  t.teardown(() => pool.close())
  const queue = [...rows]
  const caller = async () => {
    for (let row = queue.pop(); row !== undefined; row = queue.pop()) {
      const { body } = await pool.request({ method: 'GET', path: row.path, headers: row.headers })
      await body.dump()
    }
  }
  await Promise.all([caller(), caller(), caller(), caller()])
  const arrived = new Map(origin.requests.map(each => [each.start.split(' ')[1] ?? '', each] as const))
  return { near, far, arrived }
}

const everyField = new Set(byRank.flatMap(({ fields }) => fields.map(field => field.toLowerCase())))

/** Fields of dialects that the far upstream was not to get. */
function strangers({ fields }: Message, { fields: own }: Dialect): readonly string[] {
  const known = own.map(field => field.toLowerCase())
  return fields
    .map(([name]) => name.toLowerCase())
    .filter(name => everyField.has(name) && !known.includes(name))
}

t.test('through two gateways that do not show, what comes out is what went in', async t => {
  const { arrived } = await sendAll(t, 'none')
  for (const { from, to, said, path, name } of rows) {
    const expected = sent(sent(leftOf(said), to, 'none'), from, 'none')
    const message = arrivedAt(arrived, path)
    const found = leftOf(from.extract(readerOf(message.fields)))
    t.equal(told(found, expected), told(expected, expected), name)
    t.strictSame(strangers(message, from), [], `${name}: nothing else`)
  }
})

type Reported = {
  readonly trace_id: string
  readonly span_id: string
  readonly parent_id: string | null
  readonly kind: 'server' | 'client'
  readonly attributes: Readonly<Record<string, unknown>>
}

/** Spans of one gateway by the path of their request: what it was asked, and what it asked. */
function reportedBy({ printed }: Running): ReadonlyMap<string, { server?: Reported; client?: Reported }> {
  const pairs = new Map<string, { server?: Reported; client?: Reported }>()
  for (const line of printed.join('').split('\n')) {
    if (line === '') continue
    const span: Reported = JSON.parse(line)
    const { 'url.path': path, 'url.full': url } = span.attributes
    const key = typeof path === 'string' ? path : new URL(String(url)).pathname
    pairs.set(key, { ...pairs.get(key), [span.kind]: span })
  }
  return pairs
}

t.test('through two gateways that report, every span hangs on the one before it', async t => {
  const { near, far, arrived } = await sendAll(t, 'report')
  const plans = rows.map(row => {
    const between = sent(leftOf(row.said), row.to, 'report')
    return { ...row, between, expected: sent(between, row.from, 'report') }
  })
  // The near gateway reports what it keeps, whatever it can say of it on the wire.
  const keptNear = plans.filter(({ said }) => leftOf(said).sampling !== 'drop')
  const keptFar = plans.filter(({ between }) => between.sampling !== 'drop')
  await until(() => reportedBy(near).size === keptNear.length, 'every span of the near gateway')
  await until(() => reportedBy(far).size === keptFar.length, 'every span of the far gateway')
  const nearSpans = reportedBy(near)
  const farSpans = reportedBy(far)
  for (const { from, to, said, between, expected, path, name } of plans) {
    const received = from.extract(readerOf(arrivedAt(arrived, path).fields))
    const found = leftOf(received)
    t.equal(told(found, expected), told(expected, expected), name)
    const first = nearSpans.get(path)
    const second = farSpans.get(path)
    if (first !== undefined && said.kind === 'context') {
      t.equal(first.server?.parent_id, said.context.spanId, `${name}: the near gateway under the caller`)
      t.equal(first.client?.parent_id, first.server?.span_id, name)
    }
    if (second === undefined) continue
    t.equal(second.client?.parent_id, second.server?.span_id, name)
    if (first !== undefined && between.kind === 'context' && to.carries.spanId === 'always') {
      t.equal(second.server?.parent_id, first.client?.span_id, `${name}: the far gateway under the near one`)
    }
    if (expected.kind === 'context' && from.carries.spanId === 'always') {
      t.equal(found.spanId, second.client?.span_id, `${name}: the upstream under the far gateway`)
    }
  }
})

function arrivedAt(arrived: ReadonlyMap<string, Message>, path: string): Message {
  const message = arrived.get(path)
  if (message === undefined) throw new Error(`nothing arrived of ${path}`)
  return message
}
