// Paths that servers read in more than one way. /blockedz has a route of its own, to an upstream that answers 403; all
// others go to one that must never see what could be read as /blockedz. Below /raw all paths are taken.
import { passes, type Row, request } from './row.ts'

function ambiguous(target: string): Row {
  return { name: target, sent: request(`GET ${target} HTTP/1.1`), status: [400], upstream: [], after: 'open' }
}

/** It takes the route to the other upstream. */
function blocked(target: string): Row {
  return { name: target, sent: request(`GET ${target} HTTP/1.1`), status: [403], upstream: [], after: 'open' }
}

export const paths: readonly Row[] = [
  blocked('/blockedz'),
  blocked('/blockedz?x'),
  blocked('http://a/blockedz'),
  ...[
    '/%62lockedz',
    '/%62%6C%6f%63%6B%65%64%7a',
    '/%2562lockedz',
    '/%25%36%32lockedz',
    '/%25%32%35%36%32lockedz'
  ].map(ambiguous),
  ...['//blockedz', '///blockedz', '/%2fblockedz', '/%2Fblockedz', '/%252fblockedz', '/%5cblockedz'].map(
    ambiguous
  ),
  ...['/\\blockedz', '/./blockedz', '/.//blockedz', '/x/../blockedz', '/x/..//blockedz', '/../blockedz'].map(
    ambiguous
  ),
  ...[
    '/%2e/blockedz',
    '/x/%2e%2e/blockedz',
    '/x/.%2e/blockedz',
    '/x/%252e%252e/blockedz',
    '/x%2f..%2fblockedz'
  ].map(ambiguous),
  ...[
    '/x/..;/blockedz',
    '/x/..;a=b/blockedz',
    '/x/..%3b/blockedz',
    '/x\\..\\blockedz',
    '/x/..%5cblockedz'
  ].map(ambiguous),
  ...['/blockedz;', '/blockedz;a=b', '/blockedz;%2fx', '/blockedz%3ba', '/;/blockedz', '/;a=b/blockedz'].map(
    ambiguous
  ),
  passes('parameters and a slash behind them', '/blockedz;/'),
  ...[
    '/blockedz%00',
    '/blockedz%00.png',
    '/blockedz%0a',
    '/blockedz%7f',
    '/blockedz%3f',
    '/blockedz%23x',
    '/blockedz%253f'
  ].map(ambiguous),
  ...[
    '/%c0%afblockedz',
    '/%C1%9Cblockedz',
    '/%e0%80%afblockedz',
    '/%f0%80%80%afblockedz',
    '/%u002fblockedz'
  ].map(ambiguous),
  ...['/x/..', '/..', '/.', '/x/.', '/%2e%2e', '/x/%2E', '/%', '/%a', '/%zz', '/%25252525252fx'].map(
    ambiguous
  ),
  ...['/x/..%00/blockedz', '/blockedz/..', '/blockedz/../blockedz', '/blockedz/.'].map(ambiguous),
  passes('an escaped slash where both ways are one route', '/a%2Fb'),
  passes('empty segments where both ways are one route', '/a//b'),
  passes('parameters where both ways are one route', '/a;v=1/b;w=2'),
  passes('an escaped blank, and UTF-8', '/a%20b/%E4%BD%A0'),
  passes('an escaped percent sign', '/100%25'),
  passes('three dots are a name', '/.../x'),
  passes('a dot ahead of a name', '/.well-known/x'),
  passes('dots in a query are none of a path', '/x?/../blockedz'),
  passes('case is a part of a path', '/BLOCKEDZ'),
  passes('so is a slash at the end', '/blockedz/'),
  ...['/raw/..%2fblockedz', '/raw//x', '/raw/a%2Fb;c', '/raw/%2e%2e/blockedz', '/raw/%zz'].map(path =>
    passes(path, path)
  ),
  passes('an escape as a rule has it', '/caf%C3%A9'),
  ambiguous('/caf%c3%a9'),
  passes('an escape that no rule has', '/%c3%a9')
]
