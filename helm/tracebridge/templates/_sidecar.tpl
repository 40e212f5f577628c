{{/*
For a chart of yours that has this one among its dependencies, with `mode: sidecar`. In your Deployment:

  metadata: { labels: {{ "{{" }}- include "tracebridge.sidecar.labels" .Subcharts.tracebridge | nindent 8 {{ "}}" }} }
  spec:
    terminationGracePeriodSeconds: {{ "{{" }} include "tracebridge.grace" .Subcharts.tracebridge {{ "}}" }}
    initContainers: {{ "{{" }}- include "tracebridge.sidecar.initContainers" .Subcharts.tracebridge | nindent 8 {{ "}}" }}
    containers:
      - …yours…
      {{ "{{" }}- include "tracebridge.sidecar.containers" .Subcharts.tracebridge | nindent 8 {{ "}}" }}
    volumes: {{ "{{" }}- include "tracebridge.volumes" .Subcharts.tracebridge | nindent 8 {{ "}}" }}

and in your Service `targetPort: tb-http`.
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
