// The life of one request: decide, send on, stream back, tell. It knows neither header grammar nor dialects.
import type { Socket } from 'node:net'
import { attempt, type Attempt as Sent } from '../mediate/mediate.ts'
import type { Route } from '../rules/rules.ts'
import { Account } from './account.ts'
import { Attempt, type Audience } from './attempt.ts'
import { callOf } from './call.ts'
import { Caller } from './caller.ts'
import { preflightFields } from './cors.ts'
import { Decision } from './decision.ts'
import type { Door } from './door.ts'
import { isEndless } from './endless.ts'
import { type Failure, failures } from './failure.ts'
import { fieldOf, type RawFields } from './fields.ts'
import { forwardedOf } from './forwarded.ts'
import { countHop } from './front.ts'
import type { Gateway, Live } from './gateway.ts'
import { tellWhatIsLeft } from './grpc-deadline.ts'
import { resetCodeOf } from './h2-call.ts'
import { patienceOf, tooLate } from './lateness.ts'
import { withinBody } from './limits.ts'
import { outgoing } from './outgoing.ts'
import type { Again, Line } from './pools.ts'
import type { Control } from './recipient.ts'
import { answered, complete, failed, switching } from './respond.ts'
import type { Answer, Question } from './sides.ts'
import { createStall, type Look } from './stall.ts'
import { type Looked, unseated } from './sweep.ts'
import { hasBody } from './target.ts'
import { wantsTrailers } from './trailers.ts'
import { Tries } from './tries.ts'
import type { TunnelEnd } from './tunnel.ts'
import { upgrade } from './upgrade.ts'
import { witness } from './witness.ts'

/** A resource: it lives from the request's header to the end of its answer. */
export class Exchange implements Audience, Looked {
  readonly #gateway: Gateway
  readonly #live: Live
  readonly #door: Door
  readonly #caller: Caller
  readonly #decision: Decision
  readonly #account: Account
  readonly #tries = new Tries()
  #current: Attempt | undefined
  #line: Line | undefined
  #stall: Look | undefined
  #over = false
  /** Silence is nothing unusual in it: events, calls that go on. */
  #endless = false
  /** What the upstream ended its stream with. */
  #resetCode: number | undefined
  seat = unseated

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
    const start = gateway.now()
    this.#caller = new Caller(gateway, door, request, response, upgrading)
    this.#decision = new Decision(gateway, live, this.#caller)
    this.#account = new Account(start, this.#caller, this.#decision)
  }

  /** From request to upstream, or to the failure that ends it here. */
  run(): void {
    const way = this.#decision.make()
    if (way === 'here') return this.#answer(204, [], '')
    if (way === 'preflight') return this.#preflight()
    if (way !== 'upstream') return this.fail(way)
    const { capture, maxBody } = this.#decision.route ?? {}
    if (capture !== undefined) this.#account.evidence = witness(capture, this.#caller.request)
    if (maxBody !== undefined && !this.#within(maxBody)) return this.fail(failures.bodyTooLarge)
    this.#attempt(this.#decision.choice?.line)
  }

  #within(most: number): boolean {
    return withinBody(this.#caller.request, most, () => this.#give(failures.bodyTooLarge))
  }

  #preflight(): void {
    const { route, cors } = this.#decision
    if (route === undefined || cors === undefined) return
    if (route.cors?.mode === 'answer')
      return this.#answer(204, preflightFields(route.cors, cors, this.#gateway.reader.read), '')
    const { pools } = this.#live
    const line = pools.next(route.upstream, pools.wish(route.upstream, undefined))
    if (line === undefined) return this.fail(failures.upstreamUnreachable)
    this.#send(route, line, undefined)
  }

  /** Sends it on in its trace, with ids of its own. */
  #attempt(line: Line | undefined): void {
    const { route, mediation, sampling, choice } = this.#decision
    if (route === undefined || mediation === undefined || sampling === undefined) return
    if (this.#caller.upgrading && !route.upgrade.includes('websocket'))
      return this.fail(failures.upgradeRefused)
    if (line === undefined) return this.fail(failures.upstreamUnreachable)
    const { service } = this.#live.rules
    const { method } = this.#caller.target
    const call = callOf(service, route, method, line.target, this.#account.attempts.length + 1)
    const sent = attempt(mediation, route.policy, sampling, this.#gateway.ids, call)
    const header = route.upstream.split.carry?.header
    if (header !== undefined && choice?.colour !== undefined) sent.set.push(header, choice.colour)
    const meant = choice?.wish?.side
    this.#account.meant = meant === line.target.side ? undefined : meant
    if (this.#account.meant !== undefined) line.standsIn(this.#account.meant)
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
    if (one.outcome !== undefined) this.#account.attempts.push(one.outcome)
    const { request, url: path, upgrading } = this.#caller
    const { standing, deadline } = this.#decision
    const { method = '', rawHeaders, socket } = request
    const strip = route.policy.strip[standing.trust]
    const forwarded = forwardedOf(this.#caller, standing, this.#live.rules)
    const fields = outgoing(rawHeaders, strip, sent?.set ?? [], forwarded)
    if (deadline > 0 && this.#tries.sent > 1)
      tellWhatIsLeft(fields, deadline - this.now() + this.#account.start)
    if (upgrading) {
      const key = fieldOf(rawHeaders, 'sec-websocket-key') ?? ''
      return upgrade(socket, { line, path, headers: fields, key, timeouts: route.timeouts }, one)
    }
    if (route.upstream.protocol === 'h2' && wantsTrailers(rawHeaders)) fields.push('TE', 'trailers')
    this.#caller.continue()
    const body = hasBody(request) ? request : null
    one.waiting = line.pool.dispatch({ method, path, fields: countHop(method, fields), body, strip }, one)
  }

  now(): number {
    return this.#gateway.now()
  }

  over(): boolean {
    return this.#over
  }

  answered(): boolean {
    return this.#caller.answered
  }

  begin(status: number, raw: RawFields, phrase: string): void {
    const fields = answered(raw, status)
    this.#endless ||= isEndless(fieldOf(fields, 'content-type'))
    this.#complete(fields)
    this.#answers(status, fields)
    this.#caller.begin(status, phrase, fields)
  }

  data(chunk: Buffer, control: Control): void {
    this.#account.evidence?.answer?.take(chunk)
    this.#caller.data(chunk, control)
  }

  hint(links: string[]): void {
    this.#caller.hint(links)
  }

  finish(trailers: RawFields): void {
    this.#caller.finish(trailers)
  }

  switched(raw: RawFields): RawFields {
    const fields = switching(raw)
    this.#complete(fields)
    this.#answers(101, fields)
    return fields
  }

  joined(upstream: Socket): void {
    const at = this.now()
    const caller = this.#caller.detach()
    this.#account.upgraded = { at, received: 0, by: undefined, code: undefined }
    const idle = this.#decision.route?.timeouts.upgradeIdle ?? 0
    this.#gateway.tunnels.open({ caller, upstream, idle, over: end => this.#parted(at, end) })
  }

  /** An upgraded connection is over. */
  #parted(at: number, { by, broken, code, received, sent }: TunnelEnd): void {
    this.#account.upgraded = { at, received, by, code }
    this.#caller.bytes = sent
    const failure = broken && (by === 'upstream' ? failures.upstreamIncomplete : failures.callerGone)
    if (failure) this.#account.failure = failure.code
    this.#current?.ended(failure || undefined)
    this.#caller.gone()
  }

  broke(failure: Failure, error: Error, again: Again | undefined): void {
    if (failure === failures.internal) this.#gateway.log.error('an exchange failed', { stack: error.stack })
    this.#resetCode = resetCodeOf(error)
    // Not from within whoever is about to let go of the connection.
    const may =
      again !== undefined && this.#tries.may(again, this.#caller.request, this.#decision.route, this.#line)
    if (may) process.nextTick(resend, this, failure)
    else this.fail(failure)
  }

  /** Once more, elsewhere if there is an elsewhere. */
  resend(failure: Failure): void {
    const { route, choice, sampling } = this.#decision
    if (this.#over || this.#caller.answered || route === undefined) return
    const line = this.#live.pools.next(route.upstream, choice?.wish, this.#line)
    // Rules that were loaded meanwhile may have closed it.
    if (line === undefined || line.pool.closed || line.state() === 'full') return this.fail(failure)
    if (sampling === undefined) this.#send(route, line, undefined)
    else this.#attempt(line)
  }

  /** Called now and then, to end what does not go on; `time` in milliseconds. */
  look(time: number): void {
    // It has left HTTP, and has a timer of its own.
    if (this.#account.upgraded !== undefined) return
    const { route, deadline } = this.#decision
    this.#stall ??= createStall(patienceOf(route, this.#gateway.timeoutsOf(this.#door), deadline), time)
    const stalled = this.#stall(time, this.#caller.flow(this.#tries.sent))
    if (stalled === undefined || this.#over) return
    // Who takes nothing ends all the same, and who answers nothing.
    if (this.#endless && (stalled === 'idle' || stalled === 'request')) return
    this.#give(tooLate[stalled].failure, tooLate[stalled].cause)
  }

  /** Gives up, whatever is under way. */
  #give(failure: Failure, cause?: string): void {
    this.#current?.stop(failure, cause)
    this.fail(failure)
  }

  /** Ends the request with a failure of the table, or cuts an answer that has begun. */
  fail(failure: Failure): void {
    this.#account.failure = failure.code
    // Where nobody was there to send the body to, what has arrived of it is still unread.
    if (this.#account.evidence?.question !== undefined) this.#caller.request.read()
    if (this.#caller.answered) return this.#caller.cut(failure, this.#resetCode)
    // Who sent this will hardly send something better behind it.
    if (failure.closes) this.#caller.close()
    const { status, fields, body } = failed(failure)
    this.#complete(fields)
    this.#answer(status, fields, body)
  }

  /** Answers from here. */
  #answer(status: number, fields: string[], body: string): void {
    this.#answers(status, fields)
    this.#caller.answer(status, fields, body)
  }

  /** What will be told of the answer. */
  #answers(status: number, fields: string[]): void {
    this.#account.status = status
    if (this.#account.evidence !== undefined) this.#account.evidence.answered = fields
  }

  /** CORS and trace fields of the answer. */
  #complete(fields: string[]): void {
    const { reader } = this.#gateway
    reader.load(this.#caller.request.rawHeaders)
    complete(this.#decision, this.#caller.scheme, reader.read, fields)
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
    this.#account.end = this.now()
    if (this.#account.upgraded === undefined && !this.#caller.served) {
      this.#account.failure ??= failures.callerGone.code
      this.#current?.abandon()
    }
    this.#current?.ended(undefined)
    const { route } = this.#decision
    if (route !== undefined)
      this.#account.template = route.names?.(this.#caller.target.path, this.#account.status) ?? route.template
    this.#gateway.tell(this.#account)
  }
}

function resend(exchange: Exchange, failure: Failure): void {
  exchange.resend(failure)
}
