// Host. https://www.rfc-editor.org/rfc/rfc9112#section-3.2
import { lines, type Row, refused, seen } from './row.ts'

function get(...hosts: readonly string[]): string {
  return lines('GET /x HTTP/1.1', ...hosts.map(host => `Host: ${host}`))
}

function taken(host: string): Row {
  return {
    name: `Host: ${host}`,
    sent: get(host),
    status: [200],
    upstream: [seen('GET /x HTTP/1.1', [], { host })],
    after: 'open'
  }
}

export const hosts: readonly Row[] = [
  ...['shop.example', 'SHOP.example:8080', '127.0.0.1:80', '[::1]', '[2001:db8::1]:80', 'a_b', 'a:'].map(
    taken
  ),
  ...['xn--caf-dma.example', '%41', 'a..b', '-'].map(taken),
  refused('no Host', lines('GET /x HTTP/1.1')),
  refused('two Hosts', get('a', 'b')),
  refused('the same Host twice', get('a', 'a')),
  refused('two Hosts, one of them written otherwise', lines('GET /x HTTP/1.1', 'Host: a', 'hOST: a')),
  refused('an empty Host', get('')),
  refused('an empty Host in HTTP/1.0', lines('GET /x HTTP/1.0', 'Host:')),
  ...[
    ...[
      'a,b',
      'a, b',
      'a/b',
      'a@b',
      'user:pw@a',
      'a?b',
      'a#b',
      'a\\b',
      'a b',
      'http://a',
      'a:80:80',
      'a:port'
    ],
    ...[
      'a:-1',
      ':80',
      '[::1',
      '::1',
      '[a]',
      '[::1]x',
      'caf\xe9',
      'a"b',
      'a<b>',
      'a%zz',
      '169.254.169.254/latest'
    ]
  ].map(host => refused(`Host: ${host}`, get(host)))
]
