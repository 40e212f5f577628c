{{/* Values that are each right and do not go together: said before a cluster finds out. */}}

{{- define "tracebridge.consistent" -}}
{{- if and .Values.existingRules .Values.rules }}{{ fail "rules and existingRules: say one of them" }}{{ end -}}
{{- $listen := include "tracebridge.listenPort" . -}}
{{- $admin := include "tracebridge.adminPort" . -}}
{{- if eq $listen $admin }}{{ fail (printf "listen.port and admin.port are both %s" $listen) }}{{ end -}}
{{- if eq .Values.mode "sidecar" -}}
{{- $service := .Values.sidecar.servicePort | int | toString -}}
{{- if has $service (list $listen $admin) }}{{ fail (printf "sidecar.servicePort is %s, where the gateway itself listens" $service) }}{{ end -}}
{{- end -}}
{{- $limit := dig "limits" "memory" "" (.Values.resources | default dict) | toString -}}
{{- if regexMatch "^[0-9]+(Mi|Gi)$" $limit -}}
{{- $mebibytes := mul (regexFind "^[0-9]+" $limit | int) (ternary 1024 1 (hasSuffix "Gi" $limit)) -}}
{{- if ge (int64 .Values.heapMiB) $mebibytes }}{{ fail (printf "heapMiB is %d, and resources.limits.memory leaves %s for everything" (int .Values.heapMiB) $limit) }}{{ end -}}
{{- end -}}
{{- if and .Values.autoscaling.enabled (gt (int .Values.autoscaling.minReplicas) (int .Values.autoscaling.maxReplicas)) }}{{ fail "autoscaling.minReplicas is more than maxReplicas" }}{{ end -}}
{{- if and .Values.analysis.enabled (not .Values.analysis.upstream) }}{{ fail "analysis needs analysis.upstream: which upstream is it to judge?" }}{{ end -}}
{{- if and .Values.httpRoute.enabled (not .Values.httpRoute.parentRefs) }}{{ fail "httpRoute needs httpRoute.parentRefs: which Gateway is it to hang on?" }}{{ end -}}
{{- end }}
