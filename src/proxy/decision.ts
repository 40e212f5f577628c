// What is made of a request before anything is sent: how far its caller is believed, which route it takes, its place in
// a trace, and who is to serve it. It must not send or answer anything.
import { type Mediation, mediate } from '../mediate/mediate.ts'
import type { SamplingPlan } from '../mediate/policy.ts'
import { isGrpc } from '../report/grpc.ts'
import type { Route, Tags } from '../rules/rules.ts'
import type { Asked } from './asked.ts'
import type { Caller } from './caller.ts'
import { type Choice, choose } from './choice.ts'
import { askedMethod, type CorsRequest, corsRequest } from './cors.ts'
import { type Failure, failures } from './failure.ts'
import { isAmbiguous, refusalOf } from './front.ts'
import type { Gateway, Live } from './gateway.ts'
import { deadlineOf } from './grpc-deadline.ts'
import { handshakeFailure } from './handshake.ts'
import { memberFor } from './split.ts'
import { type Standing, standingOf } from './standing.ts'
import { asksGateway } from './validity.ts'

/** Where a request goes: nowhere, for this reason; no further than here; or to its upstream, a browser's question too. */
export type Way = Failure | 'here' | 'preflight' | 'upstream'

const untagged: Tags = new Map()

/** Of one request. What is not reached before a failure stays undefined. */
export class Decision {
  readonly #gateway: Gateway
  readonly #live: Live
  readonly #caller: Caller
  standing: Standing
  route: Route | undefined
  cors: CorsRequest | undefined
  choice: Choice | undefined
  sampling: SamplingPlan | undefined
  mediation: Mediation | undefined
  /** Milliseconds that the caller gives a call; 0 for any time. */
  deadline = 0

  constructor(gateway: Gateway, live: Live, caller: Caller) {
    this.#gateway = gateway
    this.#live = live
    this.#caller = caller
    this.standing = { trust: 'ignore', forwarding: false, client: caller.address }
  }

  /** The gateway's reader speaks of this request meanwhile. */
  make(): Way {
    const { request, target, url, identities, address, upgrading } = this.#caller
    const { rules, pools } = this.#live
    const { reader, ids } = this.#gateway
    const { read, each } = reader
    const refusal = refusalOf(request, rules.front)
    if (refusal !== undefined) return refusal
    const misasked = upgrading ? handshakeFailure(target.method, read) : undefined
    if (misasked !== undefined) return misasked
    if (asksGateway(target.method, url, request.rawHeaders)) return 'here'
    const route = this.#find()
    const shown = { address, read, identities, method: target.method, target: request.url ?? '' }
    this.standing = standingOf(rules, shown)
    const { trust } = this.standing
    if (route === undefined) {
      // A request that nobody takes is still found by its trace.
      const { policy, sampling } = rules.unrouted
      this.mediation = mediate(read, policy, this.#plan(sampling, '', untagged), trust, ids, each)
      return failures.routeNotFound
    }
    this.route = route
    if (isAmbiguous(rules.front, route, target)) return failures.ambiguousRequest
    if (route.cors !== undefined) {
      this.cors = corsRequest(route.cors, target.method, read)
      // A preflight is the browser's own question: it is in no trace and begins none.
      if (this.cors?.preflight === true) return 'preflight'
    }
    if (request.httpVersion === '2' && isGrpc(read('content-type'))) this.deadline = deadlineOf(read)
    // Who will serve is known before it is decided whether to keep the trace: rules may ask for the target's tags.
    this.choice = choose(pools, route, ids, this)
    const { line, colour } = this.choice
    this.sampling = this.#plan(route.sampling, route.name, line?.target.tags ?? untagged)
    const { carry } = route.upstream.split
    const member = carry && memberFor(carry, colour)
    this.mediation = mediate(read, route.policy, this.sampling, trust, ids, each, member)
    return 'upstream'
  }

  /** What the request says of itself, for those who split. */
  asked(route: Route): Asked {
    const { read, each } = this.#gateway.reader
    return {
      fields: this.#caller.request.rawHeaders,
      read,
      each,
      query: this.#caller.target.query,
      believed: this.standing.trust === 'continue',
      policy: route.policy.baggage
    }
  }

  /** Who decides: the rules, unless an override for a while says otherwise. */
  #plan(sampling: Route['sampling'], route: string, tags: Tags): SamplingPlan {
    const { target } = this.#caller
    return this.#gateway.timed.over(sampling(target, tags), target, route, tags)
  }

  /** A preflight goes where the request would that it asks for: that route's pages, not those of OPTIONS. */
  #find(): Route | undefined {
    const { rules } = this.#live
    const { target } = this.#caller
    const method = askedMethod(target.method, this.#gateway.reader.read)
    const asked = method === undefined ? undefined : rules.find({ ...target, method })
    return asked?.cors === undefined ? rules.find(target) : asked
  }
}
