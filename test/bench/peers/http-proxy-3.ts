// A process of the bench: http-proxy-3 doing plain proxying, on kept-alive connections.
import { Agent, createServer } from 'node:http'
import { createProxyServer } from 'http-proxy-3'
import { listen } from '../listen.ts'

const proxy = createProxyServer({
  target: `http://127.0.0.1:${process.argv[2]}`,
  // Without an agent it opens a connection for each request, which nobody would run.
  agent: new Agent({ keepAlive: true, maxSockets: 256 })
})
proxy.on('error', (_error, _request, response) => response.destroy())

process.send?.({ port: await listen(createServer((request, response) => proxy.web(request, response))) })
process.on('disconnect', () => process.exit())
