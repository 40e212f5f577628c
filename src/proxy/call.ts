// An attempt, as dialects that name the caller write it.
import type { Route, Rules } from '../rules/rules.ts'
import type { UpstreamTarget } from '../rules/upstream.ts'
import { type Call, endpointOf, peerOf } from '../trace/hop.ts'

/** `number` counts the attempts of one request from 1. */
export function callOf(
  service: Rules['service'],
  route: Route,
  method: string,
  target: UpstreamTarget,
  number: number
): Call {
  return {
    service: service.name,
    instance: service.instance,
    endpoint: endpointOf(method, route.template),
    peer: peerOf(target),
    number
  }
}
