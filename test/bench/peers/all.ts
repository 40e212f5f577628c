// Every proxy that is measured beside the gateway. One more is one file and one line here.
import { caddy } from './caddy.ts'
import { envoy } from './envoy.ts'
import { haproxy } from './haproxy.ts'
import { nginx } from './nginx.ts'
import { fastify, httpProxy3, undici } from './npm.ts'
import type { Peer } from './peer.ts'
import { traefik } from './traefik.ts'

export const peers: readonly Peer[] = [undici, httpProxy3, fastify, nginx, haproxy, caddy, envoy, traefik]
