// HAProxy, one thread. It keeps connections on both sides by default.
import { findProgram, type Peer, startProgram } from './peer.ts'

/** https://docs.haproxy.org/2.6/configuration.html#4-http-reuse */
function settings(port: number, upstream: number): string {
  return `global
  maxconn 4096
  nbthread 1
defaults
  mode http
  http-reuse always
  timeout connect 5s
  timeout client 75s
  timeout server 60s
frontend in
  bind 127.0.0.1:${port}
  default_backend orders
backend orders
  server orders 127.0.0.1:${upstream} pool-max-conn 256
`
}

export const haproxy: Peer = {
  name: 'HAProxy',
  settings: '`nbthread 1`, `http-reuse always`, `pool-max-conn 256`, no log',
  find: () => findProgram('haproxy', '-v'),
  start: (upstream, folder) =>
    startProgram(
      'haproxy',
      folder,
      'haproxy.cfg',
      port => settings(port, upstream),
      path => ['-db', '-q', '-f', path]
    )
}
