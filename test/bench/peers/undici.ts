// A process of the bench: the least a proxy on undici can do, node:http to its `Pool.dispatch`.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type Dispatcher, Pool } from 'undici'
import { listen } from '../listen.ts'

const pool = new Pool(`http://127.0.0.1:${process.argv[2]}`, {
  connections: 256,
  pipelining: 1,
  allowH2: false
})

const server = createServer((request, response) => {
  const { method = 'GET', url = '/', rawHeaders } = request
  const headers: string[] = []
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] ?? ''
    // undici refuses the fields of a connection.
    if (name.length !== 10 || name.toLowerCase() !== 'connection') headers.push(name, rawHeaders[i + 1] ?? '')
  }
  const body = method === 'GET' || method === 'HEAD' ? null : request
  // Any method that node:http accepts, undici sends.
  pool.dispatch(
    { path: url, method: method as Dispatcher.HttpMethod, headers, body },
    handler(request, response)
  )
})

function handler(_: IncomingMessage, response: ServerResponse): Dispatcher.DispatchHandler {
  return {
    onRequestStart() {},
    onResponseStart(controller, status) {
      const raw = controller.rawHeaders
      const headers: string[] = []
      if (Array.isArray(raw)) for (const part of raw) headers.push(part.toString('latin1'))
      response.writeHead(status, headers)
    },
    onResponseData(controller, chunk) {
      if (response.write(chunk)) return
      controller.pause()
      response.once('drain', () => controller.resume())
    },
    onResponseEnd() {
      response.end()
    },
    onResponseError() {
      response.destroy()
    }
  }
}

process.send?.({ port: await listen(server) })
process.on('disconnect', () => process.exit())
