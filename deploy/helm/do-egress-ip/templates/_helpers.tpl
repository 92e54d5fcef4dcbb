{{- define "do-egress-ip.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "do-egress-ip.fullname" -}}
{{- $name := include "do-egress-ip.name" . }}
{{- $release := contains $name .Release.Name | ternary .Release.Name (printf "%s-%s" .Release.Name $name) }}
{{- default $release .Values.fullnameOverride | trunc 52 | trimSuffix "-" }}
{{- end }}

{{- define "do-egress-ip.serviceAccount" -}}
{{- default (include "do-egress-ip.fullname" .) .Values.serviceAccount.name }}
{{- end }}

{{- define "do-egress-ip.selector" -}}
app.kubernetes.io/name: {{ include "do-egress-ip.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "do-egress-ip.labels" -}}
{{ include "do-egress-ip.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{- /* What the schema cannot say in words that help. */}}
{{- define "do-egress-ip.check" -}}
{{- if not (or .Values.matchString .Values.matchRegex) }}
{{- fail "\n\nmatchString is missing: say which nodes get an address, by a part of their names\n(matchString), or by a regular expression for the whole of them (matchRegex)" }}
{{- end }}
{{- if and .Values.matchString .Values.matchRegex }}
{{- fail "\n\nmatchString and matchRegex contradict each other: give one of the two" }}
{{- end }}
{{- if eq .Values.nodeLabels.enabled .Values.nodeLabels.address }}
{{- fail "\n\nnodeLabels.enabled and nodeLabels.address are the same: give two labels" }}
{{- end }}
{{- if has (include "do-egress-ip.podLabel" .) (list .Values.nodeLabels.enabled .Values.nodeLabels.address) }}
{{- fail "\n\nnodeLabels.pods is the same as another of nodeLabels: give three labels" }}
{{- end }}
{{- if and (.Values.podCheck).gate (not (and (.Values.podCheck).enabled .Values.gateTaint)) }}
{{- fail "\n\npodCheck.gate needs podCheck.enabled and gateTaint: the check is what lifts that taint" }}
{{- end }}
{{- if not .Values.token.existingSecret }}
{{- fail (printf "\n\ntoken.existingSecret is missing: name the Secret that holds the DigitalOcean token, after\n  kubectl --namespace %s create secret generic digitalocean --from-file=%s=FILE" .Release.Namespace .Values.token.key) }}
{{- end }}
{{- if and (eq .Values.route "destinations") (not .Values.destinations) }}
{{- fail "\n\ndestinations is empty: list the networks that route: destinations is about" }}
{{- end }}
{{- if and (eq .Values.route "none") .Values.destinations }}
{{- fail "\n\ndestinations has no effect with route: none, which leaves all routes alone" }}
{{- end }}
{{- range $network := .Values.destinations }}
{{- $parts := regexSplit "[./]" (printf "%s/32" $network) -1 }}
{{- range $i, $octet := slice $parts 0 4 }}
{{- $host := min 8 (max 0 (sub (mul 8 (add $i 1)) (int (index $parts 4)))) }}
{{- if mod (int $octet) (index (list 1 2 4 8 16 32 64 128 256) (int $host)) }}
{{- fail (printf "\n\ndestinations: %s is an address within a network: give the network's first address" $network) }}
{{- end }}
{{- end }}
{{- end }}
{{- if and (eq .Values.mode "cronjob") (not .Values.cronJob.nodes) }}
{{- fail "\n\ncronJob.nodes is missing: say how many nodes there are at most, since a Job starts one pod for\neach of them and cannot know" }}
{{- end }}
{{- end }}

{{- /* A release of before podCheck has none of its values where --reuse-values keeps the former ones. */}}
{{- define "do-egress-ip.podLabel" -}}
{{- default "do-outbound-floating-ip-pods" .Values.nodeLabels.pods }}
{{- end }}
