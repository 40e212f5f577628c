// Holds what a dialect writes against the vectors of how its contexts are written.

import type { Test } from 'tap'
import type { Dialect } from '../../src/dialects/dialect.ts'
import type { TraceContext } from '../../src/trace/context.ts'
import { hop } from '../call.ts'
import { type Encoding, pairsOf, vectors } from '../vectors/vectors.ts'

function written(dialect: Dialect, { context }: Encoding): [string, string][] {
  const set: string[] = []
  if (context.traceId === null) dialect.injectDecision?.(context.sampled, set)
  else {
    const whole: TraceContext = {
      traceId: context.traceId,
      spanId: context.spanId,
      parentId: context.parentSpanId,
      sampling: context.sampled,
      bits: context.traceIdBits ?? 128,
      random: context.random ?? false,
      tracestate: '',
      residue: undefined
    }
    dialect.inject(whole, set, hop)
  }
  return pairsOf(set)
}

/** Every `encode` vector that is written in this format. */
export function encodings(t: Test, dialect: Dialect, format: string): void {
  const cases = vectors<Encoding>('encode').filter(vector => vector.expect.to === format)
  t.ok(cases.length > 0, `there are encode vectors to ${format}`)
  for (const vector of cases) {
    t.test(`writes ${vector.name}`, async t => {
      t.strictSame(written(dialect, vector), vector.expect.headers)
    })
  }
}
