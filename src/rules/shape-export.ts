// The shape of one exporter in a rule file. Must not know defaults.
import * as v from 'valibot'
import { parseOwnFieldName } from './field-values.ts'
import { choice, key, must, named, parsed, table } from './notation.ts'
import { duration, fieldValue } from './shape-values.ts'
import { parseEndpoint } from './urls.ts'

/** The keys of whatever is posted to; `where` says what the URL is, `example` is one. */
function posted(where: string, example: string) {
  return {
    url: must(
      `${where}, such as ${example}.`,
      parsed(`a URL such as ${example}, without user and password`, parseEndpoint)
    ),
    headers: key(
      'Header fields for the back end, such as Authorization.',
      named("the name of a header field (none of the connection's)", parseOwnFieldName, fieldValue)
    ),
    compression: key('gzip or none.', choice(['gzip', 'none'])),
    timeout: key('Until the back end has answered.', duration)
  }
}

const kinds = {
  otlp: key(
    'OpenTelemetry over HTTP.',
    table({
      ...posted('Where spans are posted', 'http://otel-collector:4318/v1/traces'),
      encoding: key('protobuf, or json, which is larger.', choice(['protobuf', 'json']))
    })
  ),
  zipkin: key('Zipkin, JSON v2.', table(posted('Where spans are posted', 'http://zipkin:9411/api/v2/spans'))),
  skywalking: key(
    "SkyWalking's own protocol: each request is a segment, the one that sw8 names.",
    table(
      posted('Where the OAP listens for HTTP; /v3/segments is put behind it', 'http://skywalking-oap:12800')
    )
  ),
  console: key('One line per span on stdout, to try things out.', table({}))
}

export const exporter = v.pipe(
  table(kinds),
  v.check(
    value => Object.keys(value).length === 1,
    `expected exactly one exporter in each item: ${Object.keys(kinds)
      .join(', ')
      .replace(/, (?!.*, )/, ' or ')}`
  )
)
