{{- define "ingestion-operator.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- /* 52 characters leave room for what is appended, such as "-dashboards". */ -}}
{{- define "ingestion-operator.fullname" -}}
{{- $name := include "ingestion-operator.name" . -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 52 | trimSuffix "-" -}}
{{- else if contains $name .Release.Name -}}
{{- .Release.Name | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 52 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "ingestion-operator.serviceAccountName" -}}
{{- .Values.serviceAccount.name | default (ternary (include "ingestion-operator.fullname" .) "default" .Values.serviceAccount.create) -}}
{{- end -}}

{{- define "ingestion-operator.selectorLabels" -}}
app.kubernetes.io/name: {{ include "ingestion-operator.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: operator
{{- end -}}

{{- /* Labels of every object. Ours come last, since selectors rely on them. */ -}}
{{- define "ingestion-operator.labels" -}}
{{- $ours := dict "helm.sh/chart" (printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-")
  "app.kubernetes.io/name" (include "ingestion-operator.name" .)
  "app.kubernetes.io/instance" .Release.Name
  "app.kubernetes.io/version" .Chart.AppVersion
  "app.kubernetes.io/part-of" "ingestion-operator"
  "app.kubernetes.io/managed-by" .Release.Service -}}
{{- mergeOverwrite (dict) .Values.commonLabels $ours | toYaml -}}
{{- end -}}

{{- /* Metadata of an object: a list of the root, the name, and what else there is of labels, annotations and namespace. */ -}}
{{- define "ingestion-operator.metadata" -}}
{{- $root := index . 0 -}}
{{- $more := index . 2 -}}
name: {{ index . 1 }}
{{- if not $more.clusterScoped }}
namespace: {{ $more.namespace | default $root.Release.Namespace }}
{{- end }}
labels:
  {{- mergeOverwrite (dict) ($more.labels | default dict) (include "ingestion-operator.labels" $root | fromYaml) | toYaml | nindent 2 }}
{{- with mergeOverwrite (dict) $root.Values.commonAnnotations ($more.annotations | default dict) }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- /* Reference of an image: a list of the root and the image's values. */ -}}
{{- define "ingestion-operator.image" -}}
{{- $image := index . 1 -}}
{{- with $image.registry }}{{ . }}/{{ end -}}
{{- $image.repository -}}
{{- if $image.digest -}}
@{{ $image.digest }}
{{- else -}}
:{{ $image.tag | default (index . 0).Chart.AppVersion }}
{{- end -}}
{{- end -}}

{{- /* All that the operator may do. No Secret is ever read: workers mount them by reference. */ -}}
{{- define "ingestion-operator.rules" -}}
- apiGroups: [ingestion.dev]
  resources: [ingestionruns]
  verbs: [get, list, watch]
- apiGroups: [ingestion.dev]
  resources: [ingestionruns/status]
  verbs: [update]
- apiGroups: [batch]
  resources: [jobs]
  verbs: [get, list, watch, create, patch, delete]
# Annotated after a change of the limits, so that the kubelet refreshes the mounted ConfigMap at once.
- apiGroups: [""]
  resources: [pods]
  verbs: [list, watch, patch]
- apiGroups: [""]
  resources: [configmaps]
  verbs: [get, create, patch]
- apiGroups: [""]
  resources: [events]
  verbs: [create]
{{- end -}}
