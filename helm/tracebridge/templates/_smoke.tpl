{{/* Where an echo answers behind the gateway, for `tracebridge smoke`: empty when there is none that the chart knows of. */}}
{{- define "tracebridge.smokeUrl" -}}
{{- $base := printf "%s://%s.%s.svc:%s" (include "tracebridge.scheme" .) (include "tracebridge.fullname" .) .Release.Namespace (include "tracebridge.servicePort" .) -}}
{{- if .Values.smoke.route -}}
{{ $base }}/tracebridge-smoke
{{- else if or (eq (include "tracebridge.demo" .) "true") (ne .Values.smoke.path "/") -}}
{{ $base }}{{ .Values.smoke.path }}
{{- end -}}
{{- end }}

{{- define "tracebridge.smokePod" -}}
{{ include "tracebridge.taskPod" (dict "context" . "name" "smoke" "args" (list "smoke" (include "tracebridge.smokeUrl" .))) }}
{{- end }}

{{- define "tracebridge.smokeLabels" -}}
{{ include "tracebridge.selector" . }}
app.kubernetes.io/component: smoke
{{- end }}
