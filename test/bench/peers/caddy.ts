// Caddy, on one core as Go counts them. It logs no requests unless it is told to.
import { findProgram, type Peer, startProgram } from './peer.ts'

/** https://caddyserver.com/docs/caddyfile/directives/reverse_proxy#the-http-transport */
function settings(port: number, upstream: number): string {
  return `{
	admin off
	auto_https off
	log {
		level ERROR
	}
}
http://127.0.0.1:${port}, http://shop.example.com:${port} {
	bind 127.0.0.1
	reverse_proxy 127.0.0.1:${upstream} {
		transport http {
			versions 1.1
			keepalive 60s
			keepalive_idle_conns_per_host 256
		}
	}
}
`
}

export const caddy: Peer = {
  name: 'Caddy',
  settings: '`GOMAXPROCS=1`, `versions 1.1`, `keepalive_idle_conns_per_host 256`, no access log, `admin off`',
  find: () => findProgram('caddy', 'version'),
  start: (upstream, folder) =>
    startProgram(
      'caddy',
      folder,
      'Caddyfile',
      port => settings(port, upstream),
      path => ['run', '--config', path, '--adapter', 'caddyfile'],
      { GOMAXPROCS: '1', HOME: folder }
    )
}
