// The rules as people may see them: in the notation of a rule file, every default filled in, secrets as references.
import { formatAddress } from './address.ts'
import { child, type Located } from './located.ts'
import { hideSecret } from './references.ts'
import type { Settings } from './settings.ts'
import { showBaggage } from './settle-baggage.ts'
import { showCapture } from './settle-capture.ts'
import { showCors } from './settle-cors.ts'
import { showDialects } from './settle-dialects.ts'
import { showExporter } from './settle-export.ts'
import { showFront } from './settle-front.ts'
import { showDrain, showLimits, showOverload } from './settle-limits.ts'
import { showListen } from './settle-listen.ts'
import { showRoute } from './settle-route.ts'
import { showTrust } from './settle-trust.ts'
import { showUpstream } from './settle-upstream.ts'
import { showTopSampling } from './show-sampling.ts'
import { optional, type Shown, without } from './shown.ts'
import { formatRate } from './values.ts'
import { withoutFiles, writtenAt } from './written.ts'

/** `root` is the tree that `settings` came from; it knows what was written by reference. */
export function effectiveOf(settings: Settings, root: Located): Shown {
  const shown = {
    service: settings.service.version === '' ? without(settings.service, 'version') : settings.service,
    listen: settings.listen.map(showListen),
    workers: settings.workers,
    limits: showLimits(settings.limits, settings.maxBody),
    drain: showDrain(settings.drain),
    overload: showOverload(settings.overload),
    admin: {
      address: formatAddress(settings.admin),
      ...optional(
        'token',
        settings.admin.token === undefined ? undefined : hideSecret(writtenAt(root, ['admin', 'token']))
      )
    },
    trust: settings.trust.map((entry, index) => showTrust(entry, child(child(root, 'trust'), index))),
    ...showFront(settings.front),
    ...optional('dialects', showDialects(settings.dialects, child(root, 'dialects'))),
    accept: settings.accept,
    emit: settings.emit,
    conflict: settings.conflict,
    respond: settings.respond,
    baggage: showBaggage(settings.baggage),
    spans: settings.spans,
    sampling: showTopSampling(settings),
    ...optional(
      'capture',
      settings.capture && { ...showCapture(settings.capture), keep: settings.captureKeep }
    ),
    export: settings.exporters.map((exporter, index) =>
      showExporter(exporter, child(child(root, 'export'), index))
    ),
    'access-log': { ...settings.accessLog, rate: formatRate(settings.accessLog.rate) },
    ...optional('cors', showCors(settings.cors)),
    tags: settings.tags,
    upstreams: Object.fromEntries([...settings.upstreams].map(([name, each]) => [name, showUpstream(each)])),
    routes: settings.routes.map(route => showRoute(route, settings))
  }
  return withoutFiles(shown, root)
}
