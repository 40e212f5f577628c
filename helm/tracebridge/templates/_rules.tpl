{{/* The chart's own part of the rules, a file beside yours in one folder: where to listen, how to end, and what
stands in for upstreams and routes when you say none. */}}

{{- define "tracebridge.demo" -}}
{{ and (eq .Values.mode "edge") (not .Values.existingRules) (not .Values.rules.upstreams) (not .Values.rules.routes) }}
{{- end }}

{{- define "tracebridge.chartRules" -}}
{{- $rules := .Values.rules -}}
{{- $address := printf "0.0.0.0:%s" (include "tracebridge.listenPort" .) -}}
{{- $listen := dict "address" $address -}}
{{- if .Values.tls.secretName -}}
{{- $tls := dict "cert" "/run/tls/tls.crt" "key" "/run/tls/tls.key" -}}
{{- if .Values.tls.clientCaSecretName -}}{{- $_ := set $tls "client-ca" "/run/tls-clients/ca.crt" -}}{{- end -}}
{{- $_ := set $listen "tls" $tls -}}
{{- end -}}
{{- $admin := dict "address" (printf "0.0.0.0:%s" (include "tracebridge.adminPort" .)) -}}
{{- with .Values.admin.tokenSecret.name -}}{{- $_ := set $admin "token" "${file:/etc/tracebridge/secrets/admin-token}" -}}{{- end -}}
{{- $own := dict "listen" (list $listen) "admin" $admin -}}
{{- $linger := include "tracebridge.linger" . -}}
{{- $timeout := include "tracebridge.timeout" . -}}
{{- if or (ne $linger (include "tracebridge.gatewayLinger" .)) (ne $timeout (include "tracebridge.gatewayTimeout" .)) -}}
{{- $_ := set $own "drain" (dict "linger" (printf "%ss" $linger) "timeout" (printf "%ss" $timeout)) -}}
{{- end -}}
{{- $upstreams := dict -}}
{{- $routes := list -}}
{{- if not .Values.existingRules -}}
{{- if not $rules.service -}}{{- $_ := set $own "service" (dict "name" (include "tracebridge.fullname" .)) -}}{{- end -}}
{{- if not (or $rules.upstreams $rules.routes) -}}
{{- if eq .Values.mode "edge" -}}
{{- $_ := set $upstreams "demo" (dict "echo" true "emit" (list "w3c" "b3" "b3multi" "jaeger")) -}}
{{- $routes = append $routes (dict "match" (dict "path" "/**") "upstream" "demo") -}}
{{- else -}}
{{- $url := printf "http://127.0.0.1:%d" (int .Values.sidecar.servicePort) -}}
{{- $_ := set $upstreams "service" (dict "targets" (list (dict "url" $url)) "emit" .Values.sidecar.emit "timeouts" (dict "connect" "1s")) -}}
{{- $routes = append $routes (dict "name" "service" "match" (dict "path" "/**") "upstream" "service") -}}
{{- if not (or $rules.spans $rules.export) -}}{{- $_ := set $own "spans" "none" -}}{{- end -}}
{{- if not (hasKey $rules "access-log") -}}{{- $_ := set $own "access-log" (dict "to" "none") -}}{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if .Values.smoke.route -}}
{{- $_ := set $upstreams "tracebridge-smoke" (dict "echo" true "emit" (list "w3c" "b3" "b3multi" "jaeger")) -}}
{{- $routes = append $routes (dict "name" "tracebridge.smoke" "match" (dict "path" "/tracebridge-smoke") "upstream" "tracebridge-smoke" "accept" (list "w3c" "b3" "b3multi" "jaeger") "spans" "none") -}}
{{- end -}}
{{- if $routes -}}{{- $_ := set $own "upstreams" $upstreams -}}{{- $_ := set $own "routes" $routes -}}{{- end -}}
{{ toYaml $own }}
{{- end }}

{{/* The files of the folder that the gateway watches. */}}
{{- define "tracebridge.ruleFiles" -}}
{{- include "tracebridge.consistent" . -}}
chart.yaml: |
  # What the chart says itself; values.yaml of the chart has the keys.
  {{- include "tracebridge.chartRules" . | nindent 2 }}
{{- with .Values.rules }}
rules.yaml: |
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
