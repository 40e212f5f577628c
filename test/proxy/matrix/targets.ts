// The request line. https://www.rfc-editor.org/rfc/rfc9112#section-3
import { lines, passes, type Row, refused, request, seen } from './row.ts'

const nothing = { status: [204], upstream: [], after: 'open' } as const

export const targets: readonly Row[] = [
  passes('a path', '/x'),
  passes('two slashes in front are no authority', '//evil.example/x'),
  passes('a query is not looked into', '/x?a=/../b//c&d=%2f%00;#'.replace('#', '')),
  passes('an empty query', '/?'),
  passes('a target with all the rest of ASCII', '/!$&\'()*+,=:@-._~|{}^`"<>'),
  passes('the target of this very gateway, in full', 'http://a/x?y', '/x?y'),
  passes('the scheme may be written large, and the host', 'HTTP://A/x', '/x'),
  passes('https in full', 'https://a/x', '/x'),
  passes('in full, without a path', 'http://a', '/'),
  passes('in full, a query without a path', 'http://a?x=/y', '/?x=/y'),
  passes('in full, two slashes', 'http://a//evil.example/', '//evil.example/'),
  refused('another host, in full', request('GET http://evil.example/x HTTP/1.1')),
  refused(
    'the address of cloud metadata, in full',
    request('GET http://169.254.169.254/latest/meta-data/ HTTP/1.1')
  ),
  refused('this host at another port, in full', request('GET http://a:81/x HTTP/1.1')),
  refused('this host with a user, in full', request('GET http://evil@a/x HTTP/1.1')),
  refused('this host as the user of another', request('GET http://a@evil.example/x HTTP/1.1')),
  refused('in full, with no host', request('GET http:///x HTTP/1.1')),
  refused('in full, with no Host', lines('GET http://a/x HTTP/1.0')),
  refused('another scheme', request('GET ftp://a/x HTTP/1.1')),
  refused('a file', request('GET file:///etc/passwd HTTP/1.1')),
  refused('a fragment', request('GET /x#y HTTP/1.1')),
  refused('a fragment in full', request('GET http://a/x#y HTTP/1.1')),
  refused('a backslash in front', request('GET \\x HTTP/1.1')),
  refused('no slash in front', request('GET x HTTP/1.1')),
  refused('a host and a port', request('GET a:80 HTTP/1.1')),
  refused('a query alone', request('GET ?x HTTP/1.1')),
  refused('an asterisk for GET', request('GET * HTTP/1.1')),
  refused('an asterisk with a path', request('OPTIONS */x HTTP/1.1')),
  refused('nothing', request('GET  HTTP/1.1')),
  {
    name: 'two blanks are one to the upstream',
    sent: request('GET  /x HTTP/1.1'),
    status: [200],
    upstream: [seen('GET /x HTTP/1.1')],
    after: 'open'
  },
  refused('a blank in the target', request('GET /x y HTTP/1.1')),
  refused('a tab in the target', request('GET /x\ty HTTP/1.1')),
  refused('a line feed in the target', request('GET /x\ny HTTP/1.1')),
  refused('a NUL in the target', request('GET /x\0y HTTP/1.1')),
  refused('a byte beyond ASCII in the target', request('GET /caf\xe9 HTTP/1.1')),
  refused('DEL in the target', request('GET /\x7f HTTP/1.1')),
  refused('no version', request('GET /x'), 505),
  refused('HTTP/0.9 with its name', request('GET /x HTTP/0.9'), 505),
  refused('HTTP/2.0 in lines', request('GET /x HTTP/2.0'), 505),
  refused('HTTP/1.2', request('GET /x HTTP/1.2')),
  refused('HTTP/3.0', request('GET /x HTTP/3.0')),
  refused('a small http', request('GET /x http/1.1')),
  refused('a version of many digits', request('GET /x HTTP/01.1')),
  refused('another protocol', request('GET /x ICY/1.1')),
  refused('a method in small letters', request('get /x HTTP/1.1')),
  refused('a method that nobody knows', request('BREW /x HTTP/1.1')),
  refused('a method with a field in it', request('GET:x /x HTTP/1.1')),
  refused('a blank ahead', ` ${request('GET /x HTTP/1.1')}`),
  refused('a line that ends in a line feed alone', 'GET /x HTTP/1.1\nHost: a\n\n'),
  refused('a TLS handshake', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'),
  { name: 'the gateway itself is asked for its options', sent: request('OPTIONS * HTTP/1.1'), ...nothing },
  { name: 'the same in full', sent: request('OPTIONS http://a HTTP/1.1'), ...nothing },
  {
    name: 'the options of a path are the upstream’s to tell',
    sent: request('OPTIONS /x HTTP/1.1'),
    status: [200],
    upstream: [seen('OPTIONS /x HTTP/1.1')],
    after: 'open'
  },
  {
    name: 'no hop left is for the gateway to answer',
    sent: request('OPTIONS /x HTTP/1.1', ['Max-Forwards: 0']),
    ...nothing
  },
  {
    name: 'one hop is taken off',
    sent: request('OPTIONS /x HTTP/1.1', ['Max-Forwards: 10']),
    status: [200],
    upstream: [seen('OPTIONS /x HTTP/1.1', ['Max-Forwards: 9'])],
    after: 'open'
  },
  {
    name: 'hops of other methods mean nothing',
    sent: request('GET /x HTTP/1.1', ['Max-Forwards: 0']),
    status: [200],
    upstream: [seen('GET /x HTTP/1.1', ['Max-Forwards: 0'])],
    after: 'open'
  },
  refused('hops that are no number', request('OPTIONS /x HTTP/1.1', ['Max-Forwards: -1'])),
  refused('hops said twice', request('OPTIONS /x HTTP/1.1', ['Max-Forwards: 1', 'Max-Forwards: 0'])),
  { name: 'TRACE', sent: request('TRACE /x HTTP/1.1'), status: [405], upstream: [], after: 'open' },
  {
    name: 'TRACE with a body',
    sent: request('TRACE /x HTTP/1.1', ['Content-Length: 2'], 'ab'),
    status: [405],
    upstream: [],
    after: 'closed'
  },
  refused('CONNECT', lines('CONNECT evil.example:443 HTTP/1.1', 'Host: evil.example:443'), 405),
  refused('CONNECT without a port', lines('CONNECT evil.example HTTP/1.1', 'Host: evil.example'), 405),
  {
    name: 'CONNECT behind a request that is under way waits for its answer, and gets none',
    sent: request('GET /x HTTP/1.1') + lines('CONNECT evil.example:443 HTTP/1.1', 'Host: evil.example:443'),
    status: [200],
    upstream: [seen('GET /x HTTP/1.1')],
    after: 'closed'
  },
  {
    name: 'HTTP/1.0',
    sent: lines('GET /x HTTP/1.0', 'Host: a'),
    status: [200],
    upstream: [seen('GET /x HTTP/1.1', [], { version: '1.0' })],
    after: 'closed'
  }
]
