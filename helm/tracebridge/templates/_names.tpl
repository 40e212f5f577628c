{{/* Names, labels, the image, the ports: what several files say alike. */}}

{{- define "tracebridge.name" -}}
{{ .Values.nameOverride | default .Chart.Name | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "tracebridge.fullname" -}}
{{- $name := include "tracebridge.name" . -}}
{{- if .Values.fullnameOverride -}}
{{ .Values.fullnameOverride | trunc 52 | trimSuffix "-" }}
{{- else if contains $name .Release.Name -}}
{{ .Release.Name | trunc 52 | trimSuffix "-" }}
{{- else -}}
{{ printf "%s-%s" .Release.Name $name | trunc 52 | trimSuffix "-" }}
{{- end -}}
{{- end }}

{{- define "tracebridge.selector" -}}
app.kubernetes.io/name: {{ include "tracebridge.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "tracebridge.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{ include "tracebridge.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- define "tracebridge.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end }}

{{- define "tracebridge.listenPort" -}}
{{ .Values.listen.port | default (ternary 15080 8080 (eq .Values.mode "sidecar")) }}
{{- end }}

{{- define "tracebridge.adminPort" -}}
{{ .Values.admin.port | default (ternary 15901 9901 (eq .Values.mode "sidecar")) }}
{{- end }}

{{- define "tracebridge.scheme" -}}
{{ ternary "https" "http" (ne .Values.tls.secretName "") }}
{{- end }}

{{- define "tracebridge.servicePort" -}}
{{ .Values.service.port | default (ternary 443 80 (ne .Values.tls.secretName "")) }}
{{- end }}

{{- define "tracebridge.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{ .Values.serviceAccount.name | default (include "tracebridge.fullname" .) }}
{{- else -}}
{{ .Values.serviceAccount.name | default "default" }}
{{- end -}}
{{- end }}

{{/* Which pods have a gateway of this release beside them. */}}
{{- define "tracebridge.sidecar.labels" -}}
tracebridge/sidecar: {{ include "tracebridge.fullname" . }}
{{- end }}

{{/* What a pod is: gateway, service, smoke, check. Smoke and check must not get the gateway's traffic. */}}
{{- define "tracebridge.gatewaySelector" -}}
{{ include "tracebridge.selector" . }}
app.kubernetes.io/component: {{ ternary "service" "gateway" (eq .Values.mode "sidecar") }}
{{- end }}

{{/* Whether Prometheus Operator is asked to scrape. */}}
{{- define "tracebridge.monitored" -}}
{{- $asked := toString .Values.monitor.enabled -}}
{{ or (eq $asked "true") (and (eq $asked "auto") (.Capabilities.APIVersions.Has "monitoring.coreos.com/v1")) }}
{{- end }}
