// Which requests ask for WebSocket, which may, and which 101 grants it.

import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import fc from 'fast-check'
import t from 'tap'
import { failures } from '../../src/proxy/failure.ts'
import { fieldOf } from '../../src/proxy/fields.ts'
import { asksForWebSocket, grants, handshakeFailure } from '../../src/proxy/handshake.ts'

function requestOf(upgrade: string, httpVersion = '1.1'): IncomingMessage {
  const request = new IncomingMessage(new Socket())
  request.httpVersion = httpVersion
  request.rawHeaders = ['Upgrade', upgrade]
  return request
}

t.test('WebSocket is asked for by its name alone, in a list or not, in any case', async t => {
  for (const upgrade of ['websocket', 'WebSocket', 'h2c, websocket', 'websocket ,h2c', '\twebsocket']) {
    t.equal(asksForWebSocket(requestOf(upgrade)), true, upgrade)
    t.equal(asksForWebSocket(requestOf(upgrade, '1.0')), false, `${upgrade} from HTTP/1.0`)
  }
  for (const upgrade of [
    '',
    'h2c',
    'websockets',
    'websocket/13',
    'web socket',
    'x-websocket',
    'websocket;a'
  ]) {
    t.equal(asksForWebSocket(requestOf(upgrade)), false, upgrade)
  }
})

// https://www.rfc-editor.org/rfc/rfc6455#section-1.3
const key = 'dGhlIHNhbXBsZSBub25jZQ=='
const accept = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo='

t.test('only a handshake of version 13 with a key of sixteen bytes and no body is one', async t => {
  const failureOf = (method: string, ...fields: string[]) =>
    handshakeFailure(method, name => fieldOf(fields, name))
  const well = ['Sec-WebSocket-Version', '13', 'Sec-WebSocket-Key', key]
  t.equal(failureOf('GET', ...well), undefined)
  t.equal(failureOf('POST', ...well), failures.badRequest)
  t.equal(failureOf('GET', ...well, 'Content-Length', '0'), failures.badRequest)
  t.equal(failureOf('GET', ...well, 'Transfer-Encoding', 'chunked'), failures.badRequest)
  t.equal(failureOf('GET', 'Sec-WebSocket-Key', key), failures.upgradeVersion)
  t.equal(failureOf('GET', 'Sec-WebSocket-Version', '13'), failures.badRequest)
  fc.assert(
    fc.property(fc.string({ maxLength: 40 }), text => {
      const sixteen = /^[A-Za-z0-9+/]{22}==$/.test(text)
      return (
        (failureOf('GET', 'Sec-WebSocket-Version', '13', 'Sec-WebSocket-Key', text) === undefined) === sixteen
      )
    })
  )
})

t.test('a 101 is for the key that was sent', async t => {
  t.equal(grants(['Upgrade', 'WebSocket', 'Sec-WebSocket-Accept', accept], key), true)
  t.equal(grants(['Upgrade', 'websocket', 'Sec-WebSocket-Accept', accept.toLowerCase()], key), false)
  t.equal(grants(['Upgrade', 'websocket', 'Sec-WebSocket-Accept', `${accept},${accept}`], key), false)
  t.equal(grants(['Upgrade', 'websocket'], key), false)
  t.equal(grants(['Upgrade', 'h2c', 'Sec-WebSocket-Accept', accept], key), false)
  t.equal(grants(['Sec-WebSocket-Accept', accept], key), false)
})
