{{/*
How a pod ends, in seconds, said once. All of it has to fit into the grace period:

  edge      preStop, linger, timeout, flush
  sidecar   preStop, the service's own stop, then linger, timeout, flush
  classic   preStop, linger while the service stops, timeout, flush
*/}}

{{/* What holds in a gateway whose rules say nothing of drain. */}}
{{- define "tracebridge.gatewayLinger" -}}10{{- end }}
{{- define "tracebridge.gatewayTimeout" -}}60{{- end }}
{{/* The longest that spans may take to get out at the end; the gateway's own, no value of the chart. */}}
{{- define "tracebridge.flush" -}}5{{- end }}
{{/* For what nobody counted: the kubelet's own pace, a slow last write. */}}
{{- define "tracebridge.margin" -}}{{ ternary 5 10 (eq .Values.mode "sidecar") }}{{- end }}

{{/* A native sidecar is told to stop after its service is gone, so nobody is left to wait for; a classic one with it. */}}
{{- define "tracebridge.linger" -}}
{{- if kindIs "invalid" .Values.drain.linger -}}
{{- if eq .Values.mode "edge" }}{{ include "tracebridge.gatewayLinger" . }}{{ else if eq (include "tracebridge.native" .) "true" }}0{{ else }}{{ .Values.sidecar.stopSeconds }}{{ end -}}
{{- else }}{{ .Values.drain.linger }}{{ end -}}
{{- end }}

{{- define "tracebridge.timeout" -}}
{{- if kindIs "invalid" .Values.drain.timeout -}}
{{- if eq .Values.mode "edge" }}{{ include "tracebridge.gatewayTimeout" . }}{{ else }}5{{ end -}}
{{- else }}{{ .Values.drain.timeout }}{{ end -}}
{{- end }}

{{- define "tracebridge.needed" -}}
{{- $own := add .Values.preStop (include "tracebridge.linger" . | int) (include "tracebridge.timeout" . | int) (include "tracebridge.flush" . | int) -}}
{{- if and (eq .Values.mode "sidecar") (eq (include "tracebridge.native" .) "true") -}}
{{ add $own .Values.sidecar.stopSeconds }}
{{- else -}}
{{ $own }}
{{- end -}}
{{- end }}

{{- define "tracebridge.grace" -}}
{{- $needed := include "tracebridge.needed" . | int -}}
{{- if kindIs "invalid" .Values.terminationGracePeriodSeconds -}}
{{ add $needed (include "tracebridge.margin" . | int) }}
{{- else if lt (int .Values.terminationGracePeriodSeconds) $needed -}}
{{ fail (printf "terminationGracePeriodSeconds is %d, but preStop, drain and the last spans need %d" (int .Values.terminationGracePeriodSeconds) $needed) }}
{{- else -}}
{{ .Values.terminationGracePeriodSeconds }}
{{- end -}}
{{- end }}

{{/* The image has no shell and no sleep: the kubelet sleeps where it can, else Node does. */}}
{{- define "tracebridge.preStop" -}}
{{- if gt (int .Values.preStop) 0 -}}
lifecycle:
  preStop:
    {{- if semverCompare ">=1.30.0-0" .Capabilities.KubeVersion.Version }}
    sleep: { seconds: {{ .Values.preStop }} }
    {{- else }}
    exec: { command: [/nodejs/bin/node, -e, "setTimeout(() => {}, {{ .Values.preStop }}000)"] }
    {{- end }}
{{- end -}}
{{- end }}
