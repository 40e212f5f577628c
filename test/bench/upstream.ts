// A process of the bench: the upstream of every contender, and the collector of their spans.
import { createServer } from 'node:http'
import { listen } from './listen.ts'

// 100 bytes.
const body = JSON.stringify({ id: 1, name: 'a small answer', text: 'x'.repeat(58) })

const upstream = createServer((_, response) => {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length })
  response.end(body)
})
// A connection that the upstream ends between rounds would be a failure of nobody measured here.
upstream.keepAliveTimeout = 60_000

const collector = createServer((request, response) => {
  request.resume()
  request.on('end', () => {
    response.writeHead(200, { 'content-type': 'application/x-protobuf', 'content-length': 0 })
    response.end()
  })
})

process.send?.({ upstream: await listen(upstream), collector: await listen(collector) })
process.on('disconnect', () => process.exit())
