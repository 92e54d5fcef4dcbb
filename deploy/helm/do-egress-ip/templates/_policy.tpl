{{- define "do-egress-ip.nodePolicy" -}}
{{- $key := regexFind "^[^=:]+" .gate }}
{{- $effect := regexFind "[^:]+$" .gate }}
{{- $other := "t.?value.orValue('') != 'gate-of-do-egress-ip'" }}
{{- $former := "t.?value.orValue('') == 'gate-of-do-egress-ip'" }}
{{- $foreign := $other }}
{{- if .gate }}
{{- $gate := printf "t.key == '%s' && t.effect == '%s'" $key $effect }}
{{- $foreign = printf "!(%s) && %s" $gate $other }}
{{- $former = printf "!(%s) && %s" $gate $former }}
{{- end -}}
# The token of one of these pods can change only the pod's own Node, and there only our labels and the
# gate taint. The reason Forbidden gives HTTP 403, which the program reads as missing rights (77).
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata:
  name: {{ .name }}-nodes
  labels:
    {{- include "do-egress-ip.labels" .root | nindent 4 }}
spec:
  failurePolicy: Fail
  matchConstraints:
    resourceRules:
      - apiGroups: [""]
        apiVersions: [v1]
        operations: [UPDATE]
        resources: [nodes]
    # Excludes nothing, because a Node has no namespace. Without it, clusterlint reports an error before an
    # upgrade of DOKS: the policy might deny changes in kube-system.
    namespaceSelector:
      matchExpressions:
        - key: kubernetes.io/metadata.name
          operator: NotIn
          values: [kube-system]
  matchConditions:
    - name: is-do-egress-ip
      expression: request.userInfo.username == '{{ .user }}'
  variables:
    # The node of the pod that the token is bound to.
    - name: node
      expression: request.userInfo.?extra[?'authentication.kubernetes.io/node-name'][?0].orValue('')
    - name: ours
      expression: "['{{ join "', '" .keys }}']"
    - name: labelsBefore
      expression: oldObject.metadata.?labels.orValue({})
    - name: labelsAfter
      expression: object.metadata.?labels.orValue({})
    # The gate taint, and those that we put there under a former name: they have our value.
    - name: taintsBefore
      expression: >-
        oldObject.spec.?taints.orValue([]).filter(t, {{ $foreign }})
    - name: taintsAfter
      expression: >-
        object.spec.?taints.orValue([]).filter(t, {{ $foreign }})
    - name: formerAfter
      expression: >-
        object.spec.?taints.orValue([]).filter(t, {{ $former }})
  validations:
    - expression: variables.node != ''
      message: the token is not bound to a pod on a node; only pods of do-egress-ip can change Nodes
      reason: Forbidden
    - expression: variables.node == oldObject.metadata.name
      messageExpression: "'a pod on node ' + variables.node + ' cannot change another node'"
      reason: Forbidden
    - expression: >-
        variables.labelsAfter.all(k, k in variables.ours
        || (k in variables.labelsBefore && variables.labelsBefore[k] == variables.labelsAfter[k]))
        && variables.labelsBefore.all(k, k in variables.ours || k in variables.labelsAfter)
      messageExpression: "'only these labels can be changed: ' + variables.ours.join(', ')"
      reason: Forbidden
    - expression: >-
        object.metadata.?annotations == oldObject.metadata.?annotations
        && object.metadata.?finalizers == oldObject.metadata.?finalizers
        && object.metadata.?ownerReferences == oldObject.metadata.?ownerReferences
      message: labels are the only metadata that can be changed
      reason: Forbidden
    - expression: >-
        variables.taintsAfter == variables.taintsBefore
        && variables.formerAfter.all(t, oldObject.spec.?taints.orValue([])
        .exists(b, b.key == t.key && b.effect == t.effect))
      message: {{ with .gate }}{{ . }} is the only taint that can be changed{{ else }}no taint can be added without gateTaint{{ end }}
      reason: Forbidden
    # All other fields of a NodeSpec.
    - expression: >-
        object.spec.?podCIDR == oldObject.spec.?podCIDR
        && object.spec.?podCIDRs == oldObject.spec.?podCIDRs
        && object.spec.?providerID == oldObject.spec.?providerID
        && object.spec.?unschedulable == oldObject.spec.?unschedulable
        && object.spec.?configSource == oldObject.spec.?configSource
        && object.spec.?externalID == oldObject.spec.?externalID
      message: taints are the only part of the spec that can be changed
      reason: Forbidden
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata:
  name: {{ .name }}-nodes
  labels:
    {{- include "do-egress-ip.labels" .root | nindent 4 }}
spec:
  policyName: {{ .name }}-nodes
  validationActions: [Deny]
{{- end }}
