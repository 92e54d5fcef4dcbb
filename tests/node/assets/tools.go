//go:build tools

// SPDX-License-Identifier: Apache-2.0
// The programs that scripts/kube-assets --node builds, named here so that go.mod and go.sum hold all that
// they need.
package tools

import (
	_ "k8s.io/kubernetes/cmd/kube-controller-manager"
	_ "k8s.io/kubernetes/cmd/kube-proxy"
	_ "k8s.io/kubernetes/cmd/kube-scheduler"
	_ "k8s.io/kubernetes/cmd/kubelet"
)
