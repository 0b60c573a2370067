{{- define "edot-tui.name" -}}
{{- if contains "edot-tui" .Release.Name }}{{ .Release.Name | trunc 40 | trimSuffix "-" }}{{ else }}{{ printf "%s-edot-tui" .Release.Name | trunc 40 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- define "edot-tui.selector" -}}
app.kubernetes.io/name: edot-tui
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "edot-tui.labels" -}}
{{ include "edot-tui.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{/* The rules of a place (hpa or load), as docs/permissions.md has them; of the optional feeds, those that are allowed. */}}
{{- define "edot-tui.rules" -}}
{{- $optional := merge (dict "simulate" .simulate) .root.Values.permissions }}
{{- range .root.Files.Get "files/permissions.yaml" | fromYamlArray }}
{{- if and (eq .place $.place) (or (not (hasKey $optional .need)) (get $optional .need)) }}
- {{ toJson .rule }}
{{- end }}
{{- end }}
{{- end }}

{{/* The pod of both: what is the same in the Deployment and in the CronJob. */}}
{{- define "edot-tui.pod" -}}
{{- $ := .root -}}
serviceAccountName: {{ .account }}
automountServiceAccountToken: true
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  fsGroup: 65532
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: {type: RuntimeDefault}
{{- with $.Values.imagePullSecrets }}
imagePullSecrets: {{ toJson . }}
{{- end }}
containers:
- name: edot-tui
  image: {{ $.Values.image.repository }}{{ if $.Values.image.digest }}@{{ $.Values.image.digest }}{{ else }}:{{ $.Values.image.tag | default $.Chart.AppVersion }}{{ end }}
  imagePullPolicy: {{ $.Values.image.pullPolicy }}
  args:
  - record
  {{- range .args }}
  - {{ . | quote }}
  {{- end }}
  - --namespace={{ $.Values.watch.namespace }}
  - {{ with .selector }}--selector={{ . }}{{ else }}--hpa={{ $.Values.watch.hpa }}{{ end }}
  - --load-namespace={{ $.Values.watch.loadNamespace }}
  - --load-job={{ $.Values.watch.loadJob }}
  {{- range $.Values.extraArgs }}
  - {{ . | quote }}
  {{- end }}
  env:
  - {name: XDG_STATE_HOME, value: /recordings}
  {{- with $.Values.env }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
  # A failed verdict is read with `kubectl describe pod`, too.
  terminationMessagePolicy: FallbackToLogsOnError
  securityContext:
    allowPrivilegeEscalation: false
    readOnlyRootFilesystem: true
    capabilities: {drop: [ALL]}
  resources: {{ toJson $.Values.resources }}
  volumeMounts:
  - {name: recordings, mountPath: /recordings}
volumes:
- name: recordings
  {{- if $.Values.persistence.enabled }}
  persistentVolumeClaim: {claimName: {{ $.Values.persistence.existingClaim | default (include "edot-tui.name" $) }}}
  {{- else }}
  emptyDir: {sizeLimit: {{ $.Values.persistence.size }}}
  {{- end }}
{{- with $.Values.nodeSelector }}
nodeSelector: {{ toJson . }}
{{- end }}
{{- with $.Values.tolerations }}
tolerations: {{ toJson . }}
{{- end }}
{{- with $.Values.affinity }}
affinity: {{ toJson . }}
{{- end }}
{{- end }}
