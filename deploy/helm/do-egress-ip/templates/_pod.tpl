{{- /* What the pods of a DaemonSet and of a CronJob have in common. */}}
{{- define "do-egress-ip.pod" -}}
serviceAccountName: {{ include "do-egress-ip.serviceAccount" . }}
automountServiceAccountToken: true
enableServiceLinks: false
# The routes of the host are what this is about.
hostNetwork: true
# The host's resolver: the cluster's own may wait for this node's egress.
dnsPolicy: Default
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
securityContext:
  seccompProfile:
    type: RuntimeDefault
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{ include "do-egress-ip.tolerations" . }}
volumes:
  - name: pool
    configMap:
      name: {{ include "do-egress-ip.fullname" . }}-pool
  - name: token
    secret:
      secretName: {{ .Values.token.existingSecret }}
      defaultMode: 0400
      items:
        - key: {{ .Values.token.key }}
          path: token
  {{- if .Values.metrics.enabled }}
  - name: metrics
    hostPath:
      path: {{ .Values.metrics.hostPath }}
      type: DirectoryOrCreate
  {{- end }}
{{- end }}

{{- /* The gate holds back none of our own pods. */}}
{{- define "do-egress-ip.tolerations" -}}
{{- $gate := regexFind "^[^=:]+" .Values.gateTaint }}
{{- if or $gate .Values.tolerations -}}
tolerations:
  {{- if $gate }}
  - key: {{ $gate }}
    operator: Exists
  {{- end }}
  {{- with .Values.tolerations }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}
{{- end }}

{{- /* A container that only asks: no capability, not root, nothing to write. */}}
{{- define "do-egress-ip.unprivileged" -}}
image: {{ printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]
{{- end }}

{{- /* What `verify` compares: the services' answers with the Node's label. */}}
{{- define "do-egress-ip.verifyEnv" -}}
- name: NODE_NAME
  valueFrom:
    fieldRef:
      fieldPath: spec.nodeName
- name: DO_EGRESS_IP_KUBERNETES
  value: "on"
- name: DO_EGRESS_IP_ENABLED_LABEL
  value: {{ .Values.nodeLabels.enabled }}
- name: DO_EGRESS_IP_ADDRESS_LABEL
  value: {{ .Values.nodeLabels.address }}
- name: DO_EGRESS_IP_VERIFY_URL
  value: {{ default (list "https://checkip.amazonaws.com") .Values.verifyUrls | join " " | quote }}
{{- end }}

{{- define "do-egress-ip.loopEnv" -}}
- name: DO_EGRESS_IP_LOOP_STATE
  value: /dev/shm/do-egress-ip-loop-state
{{- end }}

{{- /* The loop leaves its last result in a file, which costs next to nothing to read. The startup probe ends
with the first run; without it, the kubelet would ask for readiness only after a whole period. */}}
{{- define "do-egress-ip.ready" -}}
startupProbe:
  exec:
    command: [busybox, test, -s, /dev/shm/do-egress-ip-loop-state]
  periodSeconds: 2
  timeoutSeconds: 5
  failureThreshold: 1800
readinessProbe:
  exec:
    command: [do-egress-ip-loop, --ready]
  periodSeconds: 30
  timeoutSeconds: 5
  failureThreshold: 1
{{- end }}

{{- /* What their containers have in common, but for name, command and environment. */}}
{{- define "do-egress-ip.container" -}}
image: {{ printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
resources:
  {{- toYaml .Values.resources | nindent 2 }}
# Root, with one capability and no other. Without root it would have to come from the program's
# file, and allowPrivilegeEscalation: false makes the kernel ignore that.
securityContext:
  runAsUser: 0
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]
    add: [NET_ADMIN]
terminationMessagePolicy: FallbackToLogsOnError
volumeMounts:
  # Folders, so that a change arrives in a pod that is running.
  - name: pool
    mountPath: /etc/do-egress-ip/pool
    readOnly: true
  - name: token
    mountPath: /etc/do-egress-ip/token
    readOnly: true
  {{- if .Values.metrics.enabled }}
  - name: metrics
    mountPath: /run/do-egress-ip
  {{- end }}
{{- end }}

{{- /* okCodes only where the end of a run decides what Kubernetes does next: not in the loop. */}}
{{- define "do-egress-ip.oneRunEnv" -}}
{{ include "do-egress-ip.env" . }}
{{- with .Values.okCodes }}
- name: DO_EGRESS_IP_OK_CODES
  value: {{ join "," . | quote }}
{{- end }}
{{- end }}

{{- define "do-egress-ip.env" -}}
- name: NODE_NAME
  valueFrom:
    fieldRef:
      fieldPath: spec.nodeName
- name: POD_NAMESPACE
  valueFrom:
    fieldRef:
      fieldPath: metadata.namespace
{{- with .Values.matchString }}
- name: DO_EGRESS_IP_MATCH_STRING
  value: {{ quote . }}
{{- end }}
{{- with .Values.matchRegex }}
- name: DO_EGRESS_IP_MATCH_REGEX
  value: {{ quote . }}
{{- end }}
- name: DO_EGRESS_IP_FLOATING_IPS_FILE
  value: /etc/do-egress-ip/pool/floating-ips
- name: DO_EGRESS_IP_TOKEN_FILE
  value: /etc/do-egress-ip/token/token
- name: DO_EGRESS_IP_ENABLED_LABEL
  value: {{ .Values.nodeLabels.enabled }}
- name: DO_EGRESS_IP_ADDRESS_LABEL
  value: {{ .Values.nodeLabels.address }}
{{- with .Values.gateTaint }}
- name: DO_EGRESS_IP_GATE_TAINT
  value: {{ . }}
{{- end }}
{{- if ne (default "default" .Values.route) "default" }}
- name: DO_EGRESS_IP_ROUTE
  value: {{ .Values.route }}
{{- end }}
{{- if .Values.destinations }}
- name: DO_EGRESS_IP_DESTINATIONS_FILE
  value: /etc/do-egress-ip/pool/destinations
{{- end }}
{{- if (.Values.podCheck).enabled }}
- name: DO_EGRESS_IP_POD_LABEL
  value: {{ include "do-egress-ip.podLabel" . }}
{{- end }}
{{- if (.Values.podCheck).gate }}
- name: DO_EGRESS_IP_GATE_BY
  value: pods
{{- end }}
{{- with .Values.verifyUrls }}
- name: DO_EGRESS_IP_VERIFY_URL
  value: {{ join " " . | quote }}
{{- end }}
{{- if .Values.metrics.enabled }}
- name: DO_EGRESS_IP_METRICS_FILE
  value: /run/do-egress-ip/do-egress-ip.prom
{{- end }}
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end }}
