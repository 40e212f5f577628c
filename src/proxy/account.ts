// What will be told of a request, as it comes to be known: spans, metrics and logs read it once the request is over. It
// must not do anything.
import type { Mediation } from '../mediate/mediate.ts'
import type { Evidence } from '../report/evidence.ts'
import type { AttemptOutcome, Outcome, Upgraded } from '../report/outcome.ts'
import type { Route } from '../rules/rules.ts'
import type { Caller } from './caller.ts'
import type { Decision } from './decision.ts'

/** Of one request. */
export class Account implements Outcome {
  readonly #caller: Caller
  readonly #decision: Decision
  readonly start: number
  readonly attempts: AttemptOutcome[] = []
  template = ''
  status = 499
  failure: string | undefined
  evidence: Evidence | undefined
  meant: string | undefined
  upgraded: Upgraded | undefined
  end = 0

  constructor(start: number, caller: Caller, decision: Decision) {
    this.start = start
    this.#caller = caller
    this.#decision = decision
  }

  get method(): string {
    return this.#caller.target.method
  }
  get scheme(): 'http' | 'https' {
    return this.#caller.scheme
  }
  get host(): string {
    return this.#caller.target.authority
  }
  get path(): string {
    return this.#caller.target.path
  }
  get query(): string {
    return this.#caller.target.query
  }
  get httpVersion(): string {
    return this.#caller.httpVersion
  }
  get client(): string {
    return this.#decision.standing.client
  }
  get identity(): string | undefined {
    return this.#caller.identities[0]
  }
  get userAgent(): string | undefined {
    return this.#caller.userAgent
  }
  get route(): Route | undefined {
    return this.#decision.route
  }
  get mediation(): Mediation | undefined {
    return this.#decision.mediation
  }
  get bytes(): number {
    return this.#caller.bytes
  }
}
