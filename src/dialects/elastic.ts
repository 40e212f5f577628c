// Elastic's header from before W3C was a standard: elastic-apm-traceparent, in the syntax of traceparent.
// Its agents speak W3C beside it; their tracestate member `es` is W3C's to carry, and is not read here.
import { absent, type Received } from '../trace/context.ts'
import type { Dialect, Read } from './dialect.ts'
import { w3c } from './w3c.ts'

const field = 'elastic-apm-traceparent'

function extract(read: Read): Received {
  const value = read(field)
  if (value === undefined) return absent
  // https://github.com/elastic/apm/blob/main/specs/agents/tracing-distributed-tracing.md
  return w3c.extract(name => (name === 'traceparent' ? value : undefined))
}

export const elastic: Dialect = {
  name: 'elastic',
  rank: 120,
  // Released with 2.0.0 of the agent for Node.js, November 2018:
  // https://github.com/elastic/apm-agent-nodejs/commit/afd8bac827554d7cf11412036ef50a3e4d1eb891
  born: 2018,
  fields: [field],
  supersedes: [],
  carries: { ...w3c.carries, tracestate: false },
  segments: false,
  member: undefined,
  extract,
  inject(context, set, hop) {
    const written: string[] = []
    w3c.inject(context.tracestate === '' ? context : { ...context, tracestate: '' }, written, hop)
    const [, value = ''] = written
    set.push(field, value)
  },
  injectDecision: undefined,
  traceIdText: w3c.traceIdText
}
