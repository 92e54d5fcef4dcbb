//go:build tools

// SPDX-License-Identifier: Apache-2.0
// The programs that scripts/kube-assets builds, named here so that go.mod and go.sum hold all that
// they need.
package tools

import (
	_ "go.etcd.io/etcd/server/v3"
	_ "helm.sh/helm/v3/cmd/helm"
	_ "k8s.io/kubernetes/cmd/kube-apiserver"
	_ "k8s.io/kubernetes/cmd/kubectl"
)
