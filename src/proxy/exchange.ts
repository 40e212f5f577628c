// The life of one request: route, mediate, send on, stream back, tell. It knows neither header grammar nor dialects.
import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { attempt, type Mediation, mediate, type Attempt as Sent } from '../mediate/mediate.ts'
import type { SamplingPlan } from '../mediate/policy.ts'
import type { Evidence } from '../report/evidence.ts'
import { isGrpc } from '../report/grpc.ts'
import type { AttemptOutcome, Outcome, Upgraded } from '../report/outcome.ts'
import type { Route, Tags } from '../rules/rules.ts'
import type { Asked } from './asked.ts'
import { Attempt, type Audience } from './attempt.ts'
import { callOf } from './call.ts'
import { type Choice, choose } from './choice.ts'
import { askedMethod, type CorsRequest, corsRequest, preflightFields } from './cors.ts'
import type { Door } from './door.ts'
import { isEndless } from './endless.ts'
import { type Failure, failures } from './failure.ts'
import { fieldOf, named, type RawFields, removeFields } from './fields.ts'
import { countHop, isAmbiguous, refusalOf } from './front.ts'
import type { Gateway, Live } from './gateway.ts'
import { deadlineOf, patienceFor, statusOf, tellWhatIsLeft } from './grpc-deadline.ts'
import { resetCodeOf } from './h2-call.ts'
import { fieldsOfFailure, handshakeFailure } from './handshake.ts'
import { sendHints, waits } from './hints.ts'
import { withinBody } from './limits.ts'
import { outgoing } from './outgoing.ts'
import { linger } from './parting.ts'
import type { Again, Line } from './pools.ts'
import type { Control } from './recipient.ts'
import { Reply } from './reply.ts'
import { answered, complete, phraseOf } from './respond.ts'
import type { Answer, Question } from './sides.ts'
import { memberFor } from './split.ts'
import { createStall, type Look, type Patience, type Stalled } from './stall.ts'
import { type Standing, standingOf } from './standing.ts'
import { setIssued } from './sticky-cookie.ts'
import { type Looked, unseated } from './sweep.ts'
import { hasBody, plainAddress, type RequestTarget, targetOf } from './target.ts'
import { trailersOf, wantsTrailers } from './trailers.ts'
import { Tries } from './tries.ts'
import type { TunnelEnd } from './tunnel.ts'
import { errors } from './undici.ts'
import { upgrade } from './upgrade.ts'
import { asksGateway, plainTarget } from './validity.ts'
import { witness } from './witness.ts'

const untagged: Tags = new Map()
const none: [string, string][] = []

/** What each kind of stall ends in, with the cause that logs and spans give. */
const tooLate: Readonly<Record<Stalled, { readonly failure: Failure; readonly cause?: string }>> = {
  request: { failure: failures.requestTimeout },
  'first-byte': { failure: failures.upstreamTimeout, cause: new errors.HeadersTimeoutError().code },
  idle: { failure: failures.upstreamIncomplete, cause: new errors.BodyTimeoutError().code },
  write: { failure: failures.callerStalled },
  deadline: { failure: failures.deadlineExceeded }
}

/** A resource: it lives from the request's header to the end of its answer. */
export class Exchange implements Audience, Outcome, Looked {
  readonly #gateway: Gateway
  readonly #live: Live
  readonly #door: Door
  readonly #request: Question
  readonly #response: Answer
  readonly #reply: Reply
  readonly #target: RequestTarget
  /** In origin-form. */
  readonly #url: string
  /** Whose socket it is; `client` is who that believes to speak for. */
  readonly #peer: string
  #current: Attempt | undefined
  #cors: CorsRequest | undefined
  #standing: Standing
  #over = false
  readonly #tries = new Tries()
  #line: Line | undefined
  #choice: Choice | undefined
  #sampling: SamplingPlan | undefined
  #stall: Look | undefined
  /** Silence is nothing unusual in it: events, calls that go on. */
  #endless = false
  /** Milliseconds that the caller gives a call; 0 for any time. */
  #deadline = 0
  #continued = false
  /** What the upstream ended its stream with. */
  #resetCode: number | undefined

  readonly #identities: readonly string[]
  seat = unseated
  /** It asks for WebSocket. */
  readonly #upgrading: boolean

  readonly scheme: 'http' | 'https'
  readonly userAgent: string | undefined
  readonly attempts: AttemptOutcome[] = []
  readonly start: number
  route: Route | undefined
  template = ''
  mediation: Mediation | undefined
  status = 499
  failure: string | undefined
  evidence: Evidence | undefined
  meant: string | undefined
  upgraded: Upgraded | undefined
  end = 0

  constructor(
    gateway: Gateway,
    live: Live,
    door: Door,
    request: Question,
    response: Answer,
    upgrading = false
  ) {
    this.#gateway = gateway
    this.#live = live
    this.#door = door
    this.#request = request
    this.#response = response
    this.#reply = new Reply(response, request.method ?? '')
    this.#upgrading = upgrading
    this.scheme = door.scheme
    this.#identities = door.identitiesOf(request.socket)
    this.start = gateway.now()
    this.#peer = plainAddress(request.socket.remoteAddress ?? '')
    this.#standing = { trust: 'ignore', forwarding: false, client: this.#peer }
    gateway.reader.load(request.rawHeaders)
    const { read } = gateway.reader
    this.#url = plainTarget(request.method ?? '', request.url ?? '', read('host'))
    this.#target = targetOf(request.method ?? '', this.#url, read)
    this.userAgent = read('user-agent')
  }

  get method(): string {
    return this.#target.method
  }
  get host(): string {
    return this.#target.authority
  }
  get path(): string {
    return this.#target.path
  }
  get query(): string {
    return this.#target.query
  }
  get bytes(): number {
    return this.#reply.bytes
  }
  get client(): string {
    return this.#standing.client
  }
  get identity(): string | undefined {
    return this.#identities[0]
  }
  get httpVersion(): string {
    return this.#request.httpVersion
  }

  /** From request to upstream, or to the failure that ends it here. */
  run(): void {
    const { front } = this.#live.rules
    const refusal = refusalOf(this.#request, front)
    if (refusal !== undefined) return this.fail(refusal)
    if (this.#upgrading) {
      const failure = handshakeFailure(this.method, this.#gateway.reader.read)
      if (failure !== undefined) return this.fail(failure)
    }
    if (asksGateway(this.method, this.#url, this.#request.rawHeaders)) return this.#answer(204, [], '')
    const route = this.#find()
    const { read, each } = this.#gateway.reader
    this.#standing = standingOf(this.#live.rules, {
      address: this.#peer,
      read,
      identities: this.#identities,
      method: this.method,
      target: this.#request.url ?? ''
    })
    const { trust } = this.#standing
    if (route === undefined) {
      // A request that nobody takes is still found by its trace.
      const { policy, sampling } = this.#live.rules.unrouted
      const plan = this.#plan(sampling, '', untagged)
      this.mediation = mediate(read, policy, plan, trust, this.#gateway.ids, each)
      return this.fail(failures.routeNotFound)
    }
    this.route = route
    if (isAmbiguous(front, route, this.#target)) return this.fail(failures.ambiguousRequest)
    if (route.cors !== undefined) {
      this.#cors = corsRequest(route.cors, this.method, read)
      // A preflight is the browser's own question: it is in no trace and begins none.
      if (this.#cors?.preflight === true) return this.#preflight(route, this.#cors)
    }
    if (this.httpVersion === '2' && isGrpc(read('content-type'))) this.#deadline = deadlineOf(read)
    if (route.capture !== undefined) this.evidence = witness(route.capture, this.#request)
    // Who will serve is known before it is decided whether to keep the trace: rules may ask for the target's tags.
    this.#choice = choose(this.#live.pools, route, this.#gateway.ids, this)
    const { line, colour } = this.#choice
    const plan = this.#plan(route.sampling, route.name, line?.target.tags ?? untagged)
    const { carry } = route.upstream.split
    const member = carry && memberFor(carry, colour)
    this.mediation = mediate(read, route.policy, plan, trust, this.#gateway.ids, each, member)
    if (route.maxBody !== undefined && !this.#within(route.maxBody)) return this.fail(failures.bodyTooLarge)
    this.#attempt(route, line, this.mediation, plan)
  }

  /** What it says of itself, for those who split. */
  asked(route: Route): Asked {
    const { read, each } = this.#gateway.reader
    return {
      fields: this.#request.rawHeaders,
      read,
      each,
      query: this.query,
      believed: this.#standing.trust === 'continue',
      policy: route.policy.baggage
    }
  }

  #within(most: number): boolean {
    return withinBody(this.#request, most, () => this.#give(failures.bodyTooLarge))
  }

  /** Who decides: the rules, unless an override for a while says otherwise. */
  #plan(sampling: Route['sampling'], route: string, tags: Tags): SamplingPlan {
    return this.#gateway.timed.over(sampling(this.#target, tags), this.#target, route, tags)
  }

  /** A preflight goes where the request would that it asks for: that route's pages, not those of OPTIONS. */
  #find(): Route | undefined {
    const { rules } = this.#live
    const method = askedMethod(this.method, this.#gateway.reader.read)
    const asked = method === undefined ? undefined : rules.find({ ...this.#target, method })
    return asked?.cors === undefined ? rules.find(this.#target) : asked
  }

  #preflight(route: Route, request: CorsRequest): void {
    if (route.cors?.mode === 'answer') {
      return this.#answer(204, preflightFields(route.cors, request, this.#gateway.reader.read), '')
    }
    const { pools } = this.#live
    const line = pools.next(route.upstream, pools.wish(route.upstream, undefined))
    if (line === undefined) return this.fail(failures.upstreamUnreachable)
    this.#send(route, line, undefined)
  }

  #attempt(route: Route, line: Line | undefined, mediation: Mediation, plan: SamplingPlan): void {
    const { rules } = this.#live
    if (this.#upgrading && !route.upgrade.includes('websocket')) return this.fail(failures.upgradeRefused)
    if (line === undefined) return this.fail(failures.upstreamUnreachable)
    this.#sampling = plan
    const call = callOf(rules.service, route, this.method, line.target, this.attempts.length + 1)
    const sent = attempt(mediation, route.policy, plan, this.#gateway.ids, call)
    const header = route.upstream.split.carry?.header
    const colour = this.#choice?.colour
    if (header !== undefined && colour !== undefined) sent.set.push(header, colour)
    const meant = this.#choice?.wish?.side
    this.meant = meant === line.target.side ? undefined : meant
    if (this.meant !== undefined) line.standsIn(this.meant)
    this.#send(route, line, sent)
  }

  /** `sent` is what the trace comes to; undefined for a preflight, which is in none. */
  #send(route: Route, line: Line, sent: Sent | undefined): void {
    if (line.state() === 'full') {
      line.refused()
      return this.fail(failures.upstreamOverloaded)
    }
    const one = new Attempt(this, line, sent)
    this.#line = line
    line.begin()
    this.#tries.sent++
    this.#current = one
    if (one.outcome !== undefined) this.attempts.push(one.outcome)
    const { method = '', rawHeaders, socket } = this.#request
    const { front, forceHeader } = this.#live.rules
    const { trust, forwarding } = this.#standing
    const caller = {
      address: this.#peer,
      port: socket.localPort ?? 0,
      scheme: this.scheme,
      host: this.host === '' ? undefined : this.host,
      httpVersion: this.httpVersion,
      believed: forwarding,
      withheld: trust === 'continue' ? undefined : forceHeader,
      underscores: front.underscores,
      pseudonym: front.pseudonym
    } as const
    const strip = route.policy.strip[trust]
    const fields = outgoing(rawHeaders, strip, sent?.set ?? [], caller)
    if (this.#deadline > 0 && this.#tries.sent > 1)
      tellWhatIsLeft(fields, this.#deadline - this.now() + this.start)
    if (this.#upgrading) {
      const key = fieldOf(rawHeaders, 'sec-websocket-key') ?? ''
      upgrade(socket, { line, path: this.#url, headers: fields, key, timeouts: route.timeouts }, one)
      return
    }
    if (route.upstream.protocol === 'h2' && wantsTrailers(rawHeaders)) fields.push('TE', 'trailers')
    this.#continue()
    const body = hasBody(this.#request) ? this.#request : null
    const asked = { method, path: this.#url, fields: countHop(method, fields), body, strip }
    one.waiting = line.pool.dispatch(asked, one)
  }

  /** It is answered here, now that somebody will read the body. */
  #continue(): void {
    if (this.#continued || !hasBody(this.#request)) return
    this.#continued = true
    const { rawHeaders, complete } = this.#request
    if (complete) return
    if (waits(this.httpVersion, fieldOf(rawHeaders, 'expect'))) this.#response.writeContinue()
  }

  now(): number {
    return this.#gateway.now()
  }

  /** Called now and then, to end what does not go on; `time` in milliseconds. */
  look(time: number): void {
    // It has left HTTP, and has a timer of its own.
    if (this.upgraded !== undefined) return
    this.#stall ??= createStall(this.#patience(), time)
    const stalled = this.#stall(time, {
      arrived: this.#request.complete,
      received: this.#request.received ?? this.#request.socket?.bytesRead,
      held: this.#request.readableLength > 0,
      attempts: this.#tries.sent,
      answered: this.#reply.begun,
      sent: this.bytes,
      ended: this.#response.writableEnded,
      full: this.#reply.full
    })
    if (stalled === undefined || this.#over) return
    // Who takes nothing ends all the same, and who answers nothing.
    if (this.#endless && (stalled === 'idle' || stalled === 'request')) return
    this.#give(tooLate[stalled].failure, tooLate[stalled].cause)
  }

  #patience(): Patience {
    const here = this.#gateway.timeoutsOf(this.#door)
    const { request = here?.request ?? 0, idle = 0, firstByte = 0 } = this.route?.timeouts ?? {}
    return { request, idle, firstByte, write: here?.write ?? 0, deadline: patienceFor(this.#deadline) }
  }

  /** Gives up, whatever is under way. */
  #give(failure: Failure, cause?: string): void {
    this.#current?.stop(failure, cause)
    this.fail(failure)
  }

  over(): boolean {
    return this.#over
  }

  answered(): boolean {
    return this.#reply.begun
  }

  begin(status: number, raw: RawFields, phrase: string): void {
    const fields = answered(raw, status)
    this.#endless ||= isEndless(fieldOf(fields, 'content-type'))
    this.#complete(fields)
    this.status = status
    this.#endConnection()
    if (this.evidence !== undefined) this.evidence.answered = fields
    this.#reply.begin(status, phraseOf(phrase), fields)
  }

  data(chunk: Buffer, control: Control): void {
    this.evidence?.answer?.take(chunk)
    this.#reply.data(chunk, control)
  }

  hint(links: string[]): void {
    if (this.httpVersion !== '1.0') sendHints(this.#response, links)
  }

  finish(trailers: RawFields): void {
    const wanted = trailers.length > 0 && wantsTrailers(this.#request.rawHeaders)
    this.#reply.finish(wanted ? trailersOf(trailers) : none)
  }

  switched(raw: RawFields): RawFields {
    const fields = answered(raw, 101)
    // https://www.rfc-editor.org/rfc/rfc9110#section-8.6: not in a 1xx
    removeFields(fields, name => named(name, 'content-length'))
    this.#complete(fields)
    fields.push('Connection', 'Upgrade', 'Upgrade', 'websocket')
    this.status = 101
    if (this.evidence !== undefined) this.evidence.answered = fields
    return fields
  }

  joined(upstream: Socket): void {
    const at = this.now()
    const { socket: caller } = this.#request
    // It speaks no HTTP any more, and ends on its own terms.
    this.#response.detachSocket?.(caller)
    this.upgraded = { at, received: 0, by: undefined, code: undefined }
    const idle = this.route?.timeouts.upgradeIdle ?? 0
    this.#gateway.tunnels.open({ caller, upstream, idle, over: end => this.#parted(at, end) })
  }

  /** An upgraded connection is over. */
  #parted(at: number, { by, broken, code, received, sent }: TunnelEnd): void {
    this.upgraded = { at, received, by, code }
    this.#reply.bytes = sent
    const failure = broken && (by === 'upstream' ? failures.upstreamIncomplete : failures.callerGone)
    if (failure) this.failure = failure.code
    this.#current?.ended(failure || undefined)
    this.#response.emit?.('close')
  }

  broke(failure: Failure, error: Error, again: Again | undefined): void {
    if (failure === failures.internal) this.#gateway.log.error('an exchange failed', { stack: error.stack })
    this.#resetCode = resetCodeOf(error)
    // Not from within whoever is about to let go of the connection.
    const may = again !== undefined && this.#tries.may(again, this.#request, this.route, this.#line)
    if (may) process.nextTick(resend, this, failure)
    else this.fail(failure)
  }

  /** Once more, elsewhere if there is an elsewhere: another attempt with ids of its own. */
  resend(failure: Failure): void {
    const { route, mediation } = this
    if (this.#over || this.#reply.begun || route === undefined) return
    const line = this.#live.pools.next(route.upstream, this.#choice?.wish, this.#line)
    // Rules that were loaded meanwhile may have closed it.
    if (line === undefined || line.pool.closed || line.state() === 'full') return this.fail(failure)
    if (mediation === undefined || this.#sampling === undefined) this.#send(route, line, undefined)
    else this.#attempt(route, line, mediation, this.#sampling)
  }

  /** CORS and trace fields of the answer. */
  #complete(fields: string[]): void {
    if (this.route === undefined) return
    this.#gateway.reader.load(this.#request.rawHeaders)
    const { read } = this.#gateway.reader
    const { trust, forwarding } = this.#standing
    complete(this.route, this.mediation, trust, this.#cors, read, fields)
    const issued = this.#choice?.issued
    if (issued === undefined) return
    const secure = this.scheme === 'https' || (forwarding && read('x-forwarded-proto') === 'https')
    setIssued(issued, this.route.upstream.split.sticky?.set, secure, fields)
  }

  /** Ends the request with a failure of the table, or cuts the connection where an answer has begun. */
  fail(failure: Failure): void {
    this.failure = failure.code
    // Where nobody was there to send the body to, what has arrived of it is still unread.
    if (this.evidence?.question !== undefined) this.#request.read()
    if (failure.grpc !== undefined) return this.#endCall(failure)
    if (this.#reply.begun) return this.#reply.cut(this.httpVersion, this.scheme, this.#resetCode)
    // Who sent this will hardly send something better behind it.
    if (failure.closes) this.#response.shouldKeepAlive = false
    const fields = ['Content-Type', 'application/json', ...fieldsOfFailure(failure)]
    if (failure.retryAfter !== undefined) fields.push('Retry-After', String(failure.retryAfter))
    this.#complete(fields)
    this.#answer(
      failure.status,
      fields,
      `${JSON.stringify({ error: failure.code, message: failure.message })}\n`
    )
  }

  /** Ends a call by gRPC in its own words: the header alone, or trailers behind what has begun. */
  #endCall(failure: Failure): void {
    const told = statusOf(failure)
    if (this.#reply.begun) return this.#reply.finish(told)
    const fields = ['Content-Type', 'application/grpc', ...told.flat()]
    this.#complete(fields)
    this.#answer(200, fields, '')
  }

  /** The rest of a body that nobody waited for would be taken for the next request. */
  #endConnection(): void {
    const unread = !this.#request.complete && hasBody(this.#request)
    if (unread || this.#gateway.draining()) this.#response.shouldKeepAlive = false
    if (unread && this.#response.reset === undefined) linger(this.#request)
  }

  /** Answers from here. */
  #answer(status: number, fields: string[], body: string): void {
    this.status = status
    if (body !== '') fields.push('Content-Length', String(Buffer.byteLength(body)))
    this.#endConnection()
    if (this.evidence !== undefined) this.evidence.answered = fields
    this.#reply.answer(status, STATUS_CODES[status] ?? '', fields, body)
  }

  /** Its body turned out to be no HTTP. */
  spoil(): void {
    this.#give(failures.badRequest)
  }

  /** An error of the gateway itself, in this request. */
  crashed(error: unknown): void {
    const stack = error instanceof Error ? error.stack : String(error)
    this.#gateway.log.error('an exchange failed', { stack })
    this.#current?.ended(failures.internal)
    this.fail(failures.internal)
  }

  /** The response is over: all of it was sent, or the connection is gone. */
  closed(): void {
    if (this.#over) return
    this.#over = true
    this.end = this.#gateway.now()
    if (this.upgraded === undefined && !this.#response.writableFinished) {
      this.failure ??= failures.callerGone.code
      this.#current?.abandon()
    }
    this.#current?.ended(undefined)
    if (this.route !== undefined) {
      this.template = this.route.names?.(this.path, this.status) ?? this.route.template
    }
    this.#gateway.tell(this)
  }
}

function resend(exchange: Exchange, failure: Failure): void {
  exchange.resend(failure)
}
