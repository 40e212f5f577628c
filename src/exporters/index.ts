// The registry: a new exporter is one file and one line here.
export { consoleExporter as console } from './console.ts'
export { otlp } from './otlp.ts'
export { otlpJson as 'otlp-json' } from './otlp-json.ts'
export { skywalking } from './skywalking.ts'
export { zipkin } from './zipkin.ts'
