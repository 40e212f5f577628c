// Envoy, one worker thread; it is not in Debian, so only where somebody has put it on the PATH.
import { findProgram, type Peer, startProgram } from './peer.ts'

/** https://www.envoyproxy.io/docs/envoy/latest/configuration/overview/examples#static */
function settings(port: number, upstream: number): string {
  return `static_resources:
  listeners:
    - address: { socket_address: { address: 127.0.0.1, port_value: ${port} } }
      filter_chains:
        - filters:
            - name: envoy.filters.network.http_connection_manager
              typed_config:
                "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
                stat_prefix: in
                codec_type: HTTP1
                http_filters:
                  - name: envoy.filters.http.router
                    typed_config: { "@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router }
                route_config:
                  virtual_hosts:
                    - name: all
                      domains: ["*"]
                      routes: [{ match: { prefix: / }, route: { cluster: orders } }]
  clusters:
    - name: orders
      type: STATIC
      circuit_breakers: { thresholds: [{ max_connections: 256 }] }
      load_assignment:
        cluster_name: orders
        endpoints:
          - lb_endpoints:
              - endpoint: { address: { socket_address: { address: 127.0.0.1, port_value: ${upstream} } } }
`
}

export const envoy: Peer = {
  name: 'Envoy',
  settings: '`--concurrency 1`, HTTP/1.1 on both sides, router filter alone, no access log',
  find: () => findProgram('envoy', '--version'),
  start: (upstream, folder) =>
    startProgram(
      'envoy',
      folder,
      'envoy.yaml',
      port => settings(port, upstream),
      path => ['--concurrency', '1', '--log-level', 'error', '--use-dynamic-base-id', '-c', path]
    )
}
