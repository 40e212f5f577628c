// An upstream with live values in place of settings: its targets, their sides and tags. Runs when rules load.
import type { TagNames } from './rules.ts'
import type { TargetSettings, UpstreamSettings } from './settings.ts'
import { sidesOf, splitOf } from './sides.ts'
import type { Upstream, UpstreamTarget, UpstreamTls } from './upstream.ts'

export function upstreamOf(
  settings: UpstreamSettings,
  tls: UpstreamTls | undefined,
  names: TagNames
): Upstream {
  const { name, targets, echo, protocol, timeouts, limits, ejection, health, resend, resendMethods } =
    settings
  const own = { name, echo, protocol, timeouts, limits, ejection, health, resend, resendMethods }
  const sides = sidesOf(targets, names)
  const split = splitOf(settings, sides)
  return Object.freeze({
    ...own,
    targets: targets.map((each, index) => targetOf(each, sides[index] ?? '', names)),
    tls,
    split
  })
}

function targetOf({ url, weight, tags }: TargetSettings, side: string, names: TagNames): UpstreamTarget {
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port)
  // Sockets take an IPv6 address without its brackets.
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const serviceTag = tags.get(names.service) ?? ''
  const version = tags.get(names.version) ?? ''
  return { origin: url.origin, host, port, weight, tags, serviceTag, version, side }
}
