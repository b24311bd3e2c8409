{{- define "crmpulse.fullname" -}}
{{- if contains "crmpulse" .Release.Name }}{{ .Release.Name | trunc 50 | trimSuffix "-" }}{{ else }}{{ printf "%s-crmpulse" .Release.Name | trunc 50 | trimSuffix "-" }}{{ end }}
{{- end }}

{{/* Labels that never change: (list . "collector"). */}}
{{- define "crmpulse.selector" -}}
app.kubernetes.io/name: crmpulse
app.kubernetes.io/instance: {{ (index . 0).Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end }}

{{- define "crmpulse.labels" -}}
{{ include "crmpulse.selector" . }}
app.kubernetes.io/version: {{ (index . 0).Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ (index . 0).Release.Service }}
helm.sh/chart: {{ (index . 0).Chart.Name }}-{{ (index . 0).Chart.Version }}
{{- end }}

{{- define "crmpulse.tls" -}}
{{- if .Values.collector.tls.secretName }}{{ .Values.collector.tls.secretName }}
{{- else if .Values.collector.certificate.enabled }}{{ include "crmpulse.fullname" . }}-collector-tls
{{- else }}{{ fail "collector.tls.secretName is missing: name the Secret with tls.crt, tls.key and ca.crt, or set collector.certificate.enabled (cert-manager)" }}
{{- end }}
{{- end }}

{{/* Nothing may be written but the state, nothing may be done that root may. */}}
{{- define "crmpulse.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
fsGroupChangePolicy: OnRootMismatch
seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "crmpulse.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end }}

{{/* Where a pod may run: the values of collector or agent. */}}
{{- define "crmpulse.placement" -}}
{{- with .nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .affinity }}
affinity: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* The chart's keys come last: TLS and auth cannot be switched off here, because the collector would refuse to start. */}}
{{- define "crmpulse.collectorConfiguration" -}}
{{- $own := dict "listen" "0.0.0.0:9460" "auth" "required" "state_dir" "/var/lib/crmpulse-collector" }}
{{- $_ := set $own "tls" (dict "cert_file" "/etc/crmpulse-tls/tls.crt" "key_file" "/etc/crmpulse-tls/tls.key") }}
{{- range $key := list "listen" "tls" "state_dir" }}
{{- if hasKey $.Values.collector.configuration $key }}{{ fail (printf "collector.configuration.%s is written by the chart: leave it out" $key) }}{{ end }}
{{- end }}
{{- $auth := .Values.collector.configuration.auth | default "required" }}
{{- if kindIs "map" $auth }}{{ $_ := set $own "auth" (merge (dict "mode" "required") $auth) }}
{{- else if ne (toString $auth) "required" }}{{ fail "collector.configuration.auth is required, or a map with proxy: beyond loopback a collector does not start without it" }}
{{- end }}
{{- mergeOverwrite (deepCopy .Values.collector.configuration) $own | toYaml }}
{{- end }}

{{- define "crmpulse.agentConfiguration" -}}
{{- if hasKey .Values.agent.configuration "ship" }}{{ fail "agent.configuration.ship is written by the chart: see agent.url, agent.credentialsSecret and agent.caSecret" }}{{ end }}
{{- $url := .Values.agent.url | default (printf "https://%s-collector:%v/api/v1/write" (include "crmpulse.fullname" .) .Values.collector.service.port) }}
{{- $ship := dict "url" $url "token_credential" "agent.token" "tls" (dict "ca_file" "/etc/crmpulse-ca/ca.crt") }}
{{- $agent := dict "name" .Values.agent.name "state_dir" "/var/lib/crmpulse-agent" }}
{{- mergeOverwrite (deepCopy .Values.agent.configuration) (dict "agent" $agent "ship" $ship) | toYaml }}
{{- end }}
