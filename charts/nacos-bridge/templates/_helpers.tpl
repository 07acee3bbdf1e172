{{- define "nacos-bridge.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "nacos-bridge.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" }}
{{- else }}
{{- $name := default .Chart.Name .Values.nameOverride }}
{{- if contains $name .Release.Name }}
{{- .Release.Name | trunc 63 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" }}
{{- end }}
{{- end }}
{{- end }}

{{- define "nacos-bridge.selectorLabels" -}}
app.kubernetes.io/name: {{ include "nacos-bridge.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "nacos-bridge.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{ include "nacos-bridge.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- define "nacos-bridge.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "nacos-bridge.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- default "default" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{- define "nacos-bridge.subjects" -}}
- kind: ServiceAccount
  name: {{ include "nacos-bridge.serviceAccountName" . }}
  namespace: {{ .Release.Namespace }}
{{- end }}

{{- define "nacos-bridge.image" -}}
{{- if .Values.image.digest }}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest }}
{{- else }}
{{- printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) }}
{{- end }}
{{- end }}

{{- /* Three quarters of the memory limit in MiB; nothing when the limit is missing or in another unit. */ -}}
{{- define "nacos-bridge.heapMib" -}}
{{- $limit := toString (dig "limits" "memory" "" .Values.resources) }}
{{- if regexMatch "^[0-9]+Mi$" $limit }}
{{- div (mul (atoi (trimSuffix "Mi" $limit)) 3) 4 }}
{{- else if regexMatch "^[0-9]+Gi$" $limit }}
{{- div (mul (atoi (trimSuffix "Gi" $limit)) 3072) 4 }}
{{- end }}
{{- end }}

{{- /* What the operator does in the namespaces that it watches. */ -}}
{{- define "nacos-bridge.rules" -}}
# The resources themselves. Finalizers are set by patch.
- apiGroups: [bridge.nacos.io]
  resources: [nacosconfigs, nacosconnections]
  verbs: [get, list, watch, patch]
- apiGroups: [bridge.nacos.io]
  resources: [nacosconfigs/status, nacosconnections/status]
  verbs: [patch]
# Whether a namespace is being deleted: the Secret of a connection does not come back then.
- apiGroups: [""]
  resources: [namespaces]
  verbs: [get]
# Many configs at once: what a NacosConfigSync remembers of its items is in NacosConfigInventories, which it owns.
- apiGroups: [bridge.nacos.io]
  resources: [nacosconfigsyncs]
  verbs: [get, list, watch, patch]
- apiGroups: [bridge.nacos.io]
  resources: [nacosconfiginventories]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [bridge.nacos.io]
  resources: [nacosconfigsyncs/status, nacosconfiginventories/status]
  verbs: [patch]
- apiGroups: [bridge.nacos.io]
  resources: [nacosconfigsyncs/finalizers]
  verbs: [update]
# Content that comes from ConfigMaps.
- apiGroups: [""]
  resources: [configmaps]
  verbs: [get, list, watch]
{{- if .Values.mirror.enabled }}
# Mirrors, and ConfigMaps that both sides share. Writing needs create and patch, giving a mirror another name needs delete;
# an owner reference that blocks its owner's deletion needs the rule about finalizers where the API server enforces
# permissions on owner references.
- apiGroups: [""]
  resources: [configmaps]
  verbs: [create, patch, delete]
{{- end }}
{{- if or .Values.secrets.export .Values.secrets.mirror }}
# Content that comes from Secrets or goes into them.
- apiGroups: [""]
  resources: [secrets]
  verbs: [get, list, watch{{ if .Values.secrets.mirror }}, create, patch, delete{{ end }}]
{{- end }}
{{- if or .Values.mirror.enabled .Values.secrets.mirror }}
- apiGroups: [bridge.nacos.io]
  resources: [nacosconfigs/finalizers]
  verbs: [update]
{{- end }}
{{- if or .Values.mirror.enabled .Values.secrets.mirror }}
# What still names a former mirror, which stays until nothing does. Whether there are Rollouts or not.
- apiGroups: [""]
  resources: [pods]
  verbs: [list]
- apiGroups: [apps]
  resources: [deployments, replicasets, statefulsets, daemonsets]
  verbs: [list]
- apiGroups: [batch]
  resources: [cronjobs, jobs]
  verbs: [list]
- apiGroups: [argoproj.io]
  resources: [rollouts]
  verbs: [list]
{{- end }}
{{- with .Values.connections.secrets }}
{{- if .enabled }}
# Logins of NacosConnections.
- apiGroups: [""]
  resources: [secrets]
  {{- if .names }}
  resourceNames: {{ toJson .names }}
  {{- end }}
  verbs: [get, list, watch]
{{- end }}
{{- end }}
{{- if .Values.rollout.enabled }}
# Workloads that are restarted when what is mirrored for them has changed.
- apiGroups: [apps]
  resources: [deployments, statefulsets, daemonsets]
  verbs: [get, list, patch]
- apiGroups: [batch]
  resources: [cronjobs]
  verbs: [get, list, patch]
- apiGroups: [argoproj.io]
  resources: [rollouts]
  verbs: [get, list, patch]
{{- end }}
{{- if .Values.services.enabled }}
# Services that are published, and their endpoints.
- apiGroups: [bridge.nacos.io]
  resources: [nacosservices]
  verbs: [get, list, watch]
- apiGroups: [bridge.nacos.io]
  resources: [nacosservices/status]
  verbs: [patch]
- apiGroups: [""]
  resources: [services]
  verbs: [get, list, watch]
- apiGroups: [discovery.k8s.io]
  resources: [endpointslices]
  verbs: [get, list, watch]
{{- if .Values.services.podMetadata }}
# Labels and annotations of the pods behind them.
- apiGroups: [""]
  resources: [pods]
  verbs: [get, list, watch]
{{- end }}
{{- end }}
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create, patch]
{{- end }}
