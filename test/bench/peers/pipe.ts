// A process of the bench: the least a proxy on the gateway's engine can do, node:http to its connections to upstreams
// and its way of answering. It knows no routes, no traces and no limits; what the gateway costs beyond it is its own.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { plainDial } from '../../../src/proxy/dial.ts'
import { ConnectionPool } from '../../../src/proxy/h1-pool.ts'
import type { Recipient } from '../../../src/proxy/recipient.ts'
import { Reply } from '../../../src/proxy/reply.ts'
import { createSweep } from '../../../src/proxy/sweep.ts'
import { listen } from '../listen.ts'

const port = Number(process.argv[2])
const origin = `http://127.0.0.1:${port}`
const target = { origin, host: '127.0.0.1', port }
const pool = new ConnectionPool(origin, {
  dial: plainDial(target, 5000, undefined),
  connections: 256,
  connectionAgeMs: 300_000,
  keepAlive: 4000,
  keepAliveMax: 30_000,
  maxHeaderSize: 65_536,
  sweep: createSweep()
})
const strip = { fields: new Set<string>(), prefixes: [] }

const server = createServer((request, response) => {
  const { method = 'GET', url = '/', rawHeaders } = request
  const body = method === 'GET' || method === 'HEAD' ? null : request
  const sent = { method, path: url, fields: ownOf(rawHeaders), body, strip }
  pool.dispatch(sent, recipient(request, response))
})

/** Less those of the connection. */
function ownOf(fields: readonly string[]): string[] {
  const own: string[] = []
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] ?? ''
    const ends =
      (name.length === 10 && name.toLowerCase() === 'connection') ||
      (name.length === 17 && name.toLowerCase() === 'transfer-encoding')
    if (!ends) own.push(name, fields[i + 1] ?? '')
  }
  return own
}

function recipient({ method = 'GET' }: IncomingMessage, response: ServerResponse): Recipient {
  const reply = new Reply(response, method)
  return {
    carrier: undefined,
    onRequestStart() {},
    onResponseStarted() {},
    onResponseStart(_, status, fields, phrase) {
      reply.begin(status, phrase, ownOf(fields))
    },
    onResponseData(control, chunk) {
      reply.data(chunk, control)
    },
    onResponseEnd() {
      reply.finish([])
    },
    onResponseError() {
      response.destroy()
    }
  }
}

process.send?.({ port: await listen(server) })
process.on('disconnect', () => process.exit())
