// What every agent is: a server that says what its library read of a request, and calls where it is told to call.
// It knows no dialect: that is each library's own affair.
import http from 'node:http'

/**
 * `call` begins a trace with the wish `keep` or `drop`, asks the URL, and gives `{ context, answer }`: the span that
 * was handed on, null when the library handed none on. `seen` gives what was continued, null when nothing was:
 * `{ traceId, parentId, sampled }`; ids as hexadecimal digits, in the library's own width.
 */
export function serve({ call, seen }) {
  const server = http.createServer(async (request, response) => {
    try {
      const { pathname, searchParams } = new URL(request.url, 'http://agent')
      const wish = pathname === '/keep' ? 'keep' : pathname === '/drop' ? 'drop' : undefined
      const told =
        wish === undefined ? seen(request, response) : await call(searchParams.get('to'), wish, request)
      response.end(JSON.stringify(told))
    } catch (error) {
      response.statusCode = 500
      response.end(String(error.stack))
    }
  })
  // The gateway that started this one is gone, however that came.
  process.on('disconnect', () => process.exit())
  server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }))
}

/** Asks another agent; `http.request` is looked up on each call, for some libraries replace it. */
export function ask(url, headers = {}) {
  return new Promise((resolve, reject) => {
    const request = http.request(url, { headers, agent: false }, response => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', chunk => {
        text += chunk
      })
      response.on('end', () => {
        if (response.statusCode === 200) resolve(JSON.parse(text))
        else reject(new Error(`answered with ${response.statusCode}: ${text}`))
      })
    })
    request.on('error', reject)
    request.end()
  })
}
