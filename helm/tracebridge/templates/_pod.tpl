{{/* The parts of pods. All of them pass Pod Security "restricted". */}}

{{- define "tracebridge.podSecurity" -}}
securityContext:
  runAsNonRoot: true
  seccompProfile: { type: RuntimeDefault }
{{- end }}

{{- define "tracebridge.security" -}}
securityContext:
  runAsNonRoot: true
  {{- with .Values.runAsUser }}
  runAsUser: {{ . }}
  runAsGroup: {{ . }}
  {{- end }}
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: { drop: [ALL] }
  seccompProfile: { type: RuntimeDefault }
{{- end }}

{{- define "tracebridge.mounts" -}}
volumeMounts:
  # A folder, not subPath: only so does a changed ConfigMap arrive in a pod that runs.
  - { name: tracebridge-rules, mountPath: /etc/tracebridge/rules, readOnly: true }
  {{- if or .Values.secrets .Values.admin.tokenSecret.name }}
  - { name: tracebridge-secrets, mountPath: /etc/tracebridge/secrets, readOnly: true }
  {{- end }}
  {{- if .Values.tls.secretName }}
  - { name: tracebridge-tls, mountPath: /run/tls, readOnly: true }
  {{- end }}
  {{- if .Values.tls.clientCaSecretName }}
  - { name: tracebridge-tls-clients, mountPath: /run/tls-clients, readOnly: true }
  {{- end }}
{{- end }}

{{/* With the name of the ConfigMap that has the chart's own part. */}}
{{- define "tracebridge.volumesFrom" -}}
{{- $values := .context.Values -}}
- name: tracebridge-rules
  projected:
    sources:
      - configMap: { name: {{ .configMap }} }
      {{- with $values.existingRules }}
      - configMap: { name: {{ . }} }
      {{- end }}
{{- if or $values.secrets $values.admin.tokenSecret.name }}
- name: tracebridge-secrets
  projected:
    sources:
      {{- range $values.secrets }}
      - secret: { name: {{ .secretName }}, items: [{ key: {{ .key }}, path: {{ .name }} }] }
      {{- end }}
      {{- with $values.admin.tokenSecret }}
      {{- if .name }}
      - secret: { name: {{ .name }}, items: [{ key: {{ .key }}, path: admin-token }] }
      {{- end }}
      {{- end }}
{{- end }}
{{- with $values.tls.secretName }}
- name: tracebridge-tls
  secret: { secretName: {{ . }} }
{{- end }}
{{- with $values.tls.clientCaSecretName }}
- name: tracebridge-tls-clients
  secret: { secretName: {{ . }}, items: [{ key: ca.crt, path: ca.crt }] }
{{- end }}
{{- end }}

{{- define "tracebridge.volumes" -}}
{{ include "tracebridge.volumesFrom" (dict "context" . "configMap" (include "tracebridge.fullname" .)) }}
{{- end }}

{{/* The gateway. Its readiness is its own: no probe asks an upstream or a collector. */}}
{{- define "tracebridge.container" -}}
name: tracebridge
image: {{ include "tracebridge.image" . }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
args: [serve, --rules, /etc/tracebridge/rules]
ports:
  - { name: tb-http, containerPort: {{ include "tracebridge.listenPort" . }}, protocol: TCP }
  - { name: tb-admin, containerPort: {{ include "tracebridge.adminPort" . }}, protocol: TCP }
env:
  - { name: NODE_OPTIONS, value: "--max-old-space-size={{ .Values.heapMiB }}" }
  {{- with .Values.env }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with .Values.envFrom }}
envFrom:
  {{- toYaml . | nindent 2 }}
{{- end }}
startupProbe:
  httpGet: { path: /readyz, port: tb-admin }
  periodSeconds: 1
  failureThreshold: 60
readinessProbe:
  httpGet: { path: /readyz, port: tb-admin }
  periodSeconds: 5
  failureThreshold: 2
  timeoutSeconds: 2
livenessProbe:
  httpGet: { path: /livez, port: tb-admin }
  periodSeconds: 10
  failureThreshold: 3
  timeoutSeconds: 5
{{- with include "tracebridge.preStop" . }}
{{ . }}
{{- end }}
resources:
  {{- toYaml .Values.resources | nindent 2 }}
{{ include "tracebridge.security" . }}
{{ include "tracebridge.mounts" . }}
{{- end }}

{{/* The spec of a pod that runs one command of tracebridge and ends. */}}
{{- define "tracebridge.taskPod" -}}
{{- $context := .context -}}
restartPolicy: Never
automountServiceAccountToken: false
{{- with $context.Values.image.pullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{ include "tracebridge.podSecurity" $context }}
containers:
  - name: {{ .name }}
    image: {{ include "tracebridge.image" $context }}
    imagePullPolicy: {{ $context.Values.image.pullPolicy }}
    args: {{ toJson .args }}
    resources:
      requests: { cpu: 50m, memory: 128Mi }
      limits: { memory: 256Mi }
    {{- include "tracebridge.security" $context | nindent 4 }}
    {{- if .configMap }}
    {{- with $context.Values.env }}
    env:
      {{- toYaml . | nindent 6 }}
    {{- end }}
    {{- with $context.Values.envFrom }}
    envFrom:
      {{- toYaml . | nindent 6 }}
    {{- end }}
    {{- include "tracebridge.mounts" $context | nindent 4 }}
    {{- else if $context.Values.tls.secretName }}
    # It asks by the Service's name, which no certificate needs to have: what it judges is traces.
    env: [{ name: NODE_TLS_REJECT_UNAUTHORIZED, value: "0" }]
    {{- end }}
{{- if .configMap }}
volumes:
  {{- include "tracebridge.volumesFrom" . | nindent 2 }}
{{- end }}
{{- end }}
