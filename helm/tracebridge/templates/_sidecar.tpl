{{/*
For a chart of yours that has this one among its dependencies, with `mode: sidecar`. In your Deployment:

  metadata: { labels: {{ "{{" }}- include "tracebridge.sidecar.labels" .Subcharts.tracebridge | nindent 8 {{ "}}" }} }
  spec:
    terminationGracePeriodSeconds: {{ "{{" }} include "tracebridge.grace" .Subcharts.tracebridge {{ "}}" }}
    initContainers: {{ "{{" }}- include "tracebridge.sidecar.initContainers" .Subcharts.tracebridge | nindent 8 {{ "}}" }}
    containers:
      - …yours…
        {{ "{{" }}- include "tracebridge.sidecar.servicePreStop" .Subcharts.tracebridge | nindent 8 {{ "}}" }}
      {{ "{{" }}- include "tracebridge.sidecar.containers" .Subcharts.tracebridge | nindent 8 {{ "}}" }}
    volumes: {{ "{{" }}- include "tracebridge.volumes" .Subcharts.tracebridge | nindent 8 {{ "}}" }}

and in your Service `targetPort: tb-http`. A probe knows port names of its own container only: those of your service
that go through the gateway have the number, {{ "{{" }} include "tracebridge.listenPort" .Subcharts.tracebridge {{ "}}" }}.
*/}}

{{/* Native from 1.29 on: https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/ */}}
{{- define "tracebridge.native" -}}
{{- if eq (toString .Values.sidecar.native) "auto" -}}
{{ semverCompare ">=1.29.0-0" .Capabilities.KubeVersion.Version }}
{{- else -}}
{{ .Values.sidecar.native }}
{{- end -}}
{{- end }}

{{/* A native sidecar: up before the service starts, told to stop after it is gone. Empty for a classic one. */}}
{{- define "tracebridge.sidecar.initContainers" -}}
{{- if eq (include "tracebridge.native" .) "true" -}}
- restartPolicy: Always
  {{- include "tracebridge.container" . | nindent 2 }}
{{- end -}}
{{- end }}

{{/* A classic sidecar, one container among the others. Empty for a native one. */}}
{{- define "tracebridge.sidecar.containers" -}}
{{- if ne (include "tracebridge.native" .) "true" -}}
- {{ include "tracebridge.container" . | nindent 2 | trim }}
{{- end -}}
{{- end }}

{{/* For the service itself: it stays as long as the gateway takes requests. Empty where the kubelet cannot sleep, for
nobody knows what the service's image could wait with. */}}
{{- define "tracebridge.sidecar.servicePreStop" -}}
{{- if and (gt (int .Values.preStop) 0) (semverCompare ">=1.30.0-0" .Capabilities.KubeVersion.Version) -}}
lifecycle: { preStop: { sleep: { seconds: {{ .Values.preStop }} } } }
{{- end -}}
{{- end }}

{{/* A probe of the service; by HTTP without a port it goes through the gateway. Names of ports are of one container. */}}
{{- define "tracebridge.sidecar.probe" -}}
{{- $probe := deepCopy .probe -}}
{{- with $probe.httpGet -}}
{{- if not .port -}}
{{- $_ := set . "port" (include "tracebridge.listenPort" $.context | int) -}}
{{- if $.context.Values.tls.secretName -}}{{- $_ := set . "scheme" "HTTPS" -}}{{- end -}}
{{- end -}}
{{- end -}}
{{ toYaml $probe }}
{{- end }}
