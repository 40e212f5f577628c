// The life of one request: route, mediate, send on, stream back, tell. It knows neither header grammar nor dialects.
import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http'
import type { Dispatcher } from 'undici'
import { attempt, type Mediation, mediate, type Attempt as Sent } from '../mediate/mediate.ts'
import type { SamplingPlan, Trust } from '../mediate/policy.ts'
import type { Evidence } from '../report/evidence.ts'
import type { AttemptOutcome, Outcome } from '../report/outcome.ts'
import type { Route, Tags } from '../rules/rules.ts'
import { Attempt, type Audience } from './attempt.ts'
import { callOf } from './call.ts'
import { askedMethod, type CorsRequest, corsRequest, preflightFields } from './cors.ts'
import type { Door } from './door.ts'
import { type Failure, failures } from './failure.ts'
import type { Gateway, Live } from './gateway.ts'
import { outgoing } from './outgoing.ts'
import type { Line } from './pools.ts'
import { answered, complete, phraseOf } from './respond.ts'
import { hasBody, isPlain, plainAddress, type RequestTarget, targetOf } from './target.ts'
import { witness } from './witness.ts'

const untagged: Tags = new Map()

/** A resource: it lives from the request's header to the end of its answer. */
export class Exchange implements Audience, Outcome {
  readonly #gateway: Gateway
  readonly #live: Live
  readonly #request: IncomingMessage
  readonly #response: ServerResponse
  readonly #target: RequestTarget
  #current: Attempt | undefined
  #cors: CorsRequest | undefined
  #trust: Trust = 'ignore'
  #forwarding = false
  #over = false

  readonly #identities: readonly string[]

  readonly scheme: 'http' | 'https'
  readonly client: string
  readonly userAgent: string | undefined
  readonly attempts: AttemptOutcome[] = []
  readonly start: number
  route: Route | undefined
  template = ''
  mediation: Mediation | undefined
  status = 499
  failure: string | undefined
  evidence: Evidence | undefined
  bytes = 0
  end = 0

  constructor(gateway: Gateway, live: Live, door: Door, request: IncomingMessage, response: ServerResponse) {
    this.#gateway = gateway
    this.#live = live
    this.#request = request
    this.#response = response
    this.scheme = door.scheme
    this.#identities = door.identitiesOf(request.socket)
    this.start = gateway.now()
    this.client = plainAddress(request.socket.remoteAddress ?? '')
    gateway.reader.load(request.rawHeaders)
    const { read } = gateway.reader
    this.#target = targetOf(request.method ?? '', request.url ?? '', read)
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
  get identity(): string | undefined {
    return this.#identities[0]
  }
  get httpVersion(): string {
    return this.#request.httpVersion
  }

  /** From request to upstream, or to the failure that ends it here. */
  run(): void {
    if (!isPlain(this.#target, this.httpVersion)) return this.fail(failures.badRequest)
    if (this.method === 'TRACE') return this.fail(failures.methodNotAllowed)
    const route = this.#find()
    const { read, each } = this.#gateway.reader
    const { context, forwarding } = this.#live.rules.trust({
      address: this.client,
      read,
      identities: this.#identities,
      method: this.method,
      target: this.#request.url ?? '',
      now: Date.now
    })
    this.#trust = context
    this.#forwarding = forwarding
    if (route === undefined) {
      // A request that nobody takes is still found by its trace.
      const { policy, sampling } = this.#live.rules.unrouted
      const plan = this.#plan(sampling, '', untagged)
      this.mediation = mediate(read, policy, plan, this.#trust, this.#gateway.ids, each)
      return this.fail(failures.routeNotFound)
    }
    this.route = route
    if (route.cors !== undefined) {
      this.#cors = corsRequest(route.cors, this.method, read)
      // A preflight is the browser's own question: it is in no trace and begins none.
      if (this.#cors?.preflight === true) return this.#preflight(route, this.#cors)
    }
    if (route.capture !== undefined) this.evidence = witness(route.capture, this.#request)
    // Who will serve is known before it is decided whether to keep the trace: rules may ask for the target's tags.
    const line = this.#live.pools.next(route.upstream)
    const plan = this.#plan(route.sampling, route.name, line?.target.tags ?? untagged)
    this.mediation = mediate(read, route.policy, plan, this.#trust, this.#gateway.ids, each)
    this.#attempt(route, line, this.mediation, plan)
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
    const line = this.#live.pools.next(route.upstream)
    if (line === undefined) return this.fail(failures.upstreamUnreachable)
    this.#send(route, line, undefined)
  }

  #attempt(route: Route, line: Line | undefined, mediation: Mediation, plan: SamplingPlan): void {
    const { rules } = this.#live
    if (line === undefined) return this.fail(failures.upstreamUnreachable)
    const call = callOf(rules.service, route, this.method, line.target, this.attempts.length + 1)
    this.#send(route, line, attempt(mediation, route.policy, plan, this.#gateway.ids, call))
  }

  /** `sent` is what the trace comes to; undefined for a preflight, which is in none. */
  #send(route: Route, line: Line, sent: Sent | undefined): void {
    const one = new Attempt(this, line, sent)
    this.#current = one
    if (one.outcome !== undefined) this.attempts.push(one.outcome)
    const { url = '', method = '', rawHeaders, socket } = this.#request
    const caller = {
      address: this.client,
      port: socket.localPort ?? 0,
      scheme: this.scheme,
      host: this.host === '' ? undefined : this.host,
      httpVersion: this.httpVersion,
      believed: this.#forwarding,
      withheld: this.#trust === 'continue' ? undefined : this.#live.rules.forceHeader
    } as const
    line.pool.dispatch(
      {
        path: url,
        method: method as Dispatcher.HttpMethod,
        headers: outgoing(rawHeaders, route.policy.strip[this.#trust], sent?.set ?? [], caller),
        body: hasBody(this.#request) ? this.#request : null,
        headersTimeout: route.timeouts.firstByte,
        bodyTimeout: route.timeouts.idle,
        // undici ends the connection after each HEAD unless told that the answer has no body.
        reset: false
      },
      one
    )
  }

  now(): number {
    return this.#gateway.now()
  }

  over(): boolean {
    return this.#over
  }

  answered(): boolean {
    return this.#response.headersSent
  }

  begin(status: number, raw: unknown, message: string | undefined): void {
    const fields = answered(raw)
    this.#complete(fields)
    this.status = status
    this.#endConnection()
    if (this.evidence !== undefined) this.evidence.answered = fields
    this.#response.writeHead(status, phraseOf(message), fields)
    // A body that is here already goes with its header in one write; one that is not must not hold it back.
    process.nextTick(flush, this)
  }

  /** Sends the header, unless some of the body has taken it along. */
  flush(): void {
    if (this.bytes === 0 && !this.#response.writableEnded && !this.#over) this.#response.flushHeaders()
  }

  data(chunk: Buffer, controller: Dispatcher.DispatchController): void {
    this.bytes += chunk.length
    this.evidence?.answer?.take(chunk)
    if (this.#response.write(chunk)) return
    controller.pause()
    this.#response.once('drain', () => controller.resume())
  }

  finish(): void {
    this.#response.end()
  }

  broke(failure: Failure, error: Error): void {
    if (failure === failures.internal) this.#gateway.log.error('an exchange failed', { stack: error.stack })
    this.fail(failure)
  }

  /** CORS and trace fields of the answer. */
  #complete(fields: string[]): void {
    if (this.route === undefined) return
    this.#gateway.reader.load(this.#request.rawHeaders)
    const { read } = this.#gateway.reader
    complete(this.route, this.mediation, this.#trust, this.#cors, read, fields)
  }

  /** Ends the request with a failure of the table, or cuts the connection where an answer has begun. */
  fail(failure: Failure): void {
    this.failure = failure.code
    // Where nobody was there to send the body to, what has arrived of it is still unread.
    if (this.evidence?.question !== undefined) this.#request.read()
    if (this.#response.headersSent) return this.#cut()
    // Who sent this will hardly send something better behind it.
    if (failure.closes) this.#response.shouldKeepAlive = false
    const fields = ['Content-Type', 'application/json']
    this.#complete(fields)
    this.#answer(
      failure.status,
      fields,
      `${JSON.stringify({ error: failure.code, message: failure.message })}\n`
    )
  }

  /** Ends an answer so that nobody takes it for whole. */
  #cut(): void {
    // To HTTP/1.0 an answer may end with its connection: only a reset tells a broken one from a whole one. By TLS it is
    // the lack of its closing alert, and Node resets none: https://www.rfc-editor.org/rfc/rfc9112#section-9.8
    if (this.httpVersion === '1.0' && this.scheme === 'http') this.#response.socket?.resetAndDestroy()
    this.#response.destroy()
  }

  /** The rest of a body that nobody waited for would be taken for the next request. */
  #endConnection(): void {
    const unread = !this.#request.complete && hasBody(this.#request)
    if (unread || this.#gateway.draining()) this.#response.shouldKeepAlive = false
  }

  /** Answers from here. */
  #answer(status: number, fields: string[], body: string): void {
    this.status = status
    if (body !== '') fields.push('Content-Length', String(Buffer.byteLength(body)))
    this.#endConnection()
    if (this.evidence !== undefined) this.evidence.answered = fields
    this.#response.writeHead(status, STATUS_CODES[status] ?? '', fields)
    this.bytes = this.method === 'HEAD' ? 0 : body.length
    this.#response.end(this.method === 'HEAD' ? '' : body)
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
    if (!this.#response.writableFinished) {
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

function flush(exchange: Exchange): void {
  exchange.flush()
}
