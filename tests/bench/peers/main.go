// SPDX-License-Identifier: Apache-2.0

// Two shapes of program that do this job elsewhere, with the libraries that they link. Both stay resident.
// `peers poll ADDRESS` asks metadata every five seconds whether the node has an egress IP. `peers watch
// ADDRESS` watches its Node, and asks DigitalOcean after each event. The environment is do-egress-ip's.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/digitalocean/godo"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
)

const metadata = "http://169.254.169.254/metadata/v1/"

type peer struct {
	node, address string
	cluster       *kubernetes.Clientset
	cloud         *godo.Client
}

func newPeer(address string) peer {
	config := &rest.Config{
		Host:            os.Getenv("DO_EGRESS_IP_KUBE_API_URL"),
		BearerTokenFile: os.Getenv("DO_EGRESS_IP_KUBE_TOKEN_FILE"),
		TLSClientConfig: rest.TLSClientConfig{CAFile: os.Getenv("DO_EGRESS_IP_KUBE_CA_FILE")},
	}
	cluster, err := kubernetes.NewForConfig(config)
	check(err)
	token, err := os.ReadFile(os.Getenv("DO_EGRESS_IP_TOKEN_FILE"))
	check(err)
	cloud := godo.NewFromToken(strings.TrimSpace(string(token)))
	check(godo.SetBaseURL(os.Getenv("DIGITALOCEAN_API_URL") + "/")(cloud))
	return peer{os.Getenv("NODE_NAME"), address, cluster, cloud}
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func read(path string) string {
	reply, err := http.Get(metadata + path)
	check(err)
	defer reply.Body.Close()
	text, err := io.ReadAll(reply.Body)
	check(err)
	return string(text)
}

// The measured node has an egress IP, so this runs only if that is lost.
func (p peer) claim() {
	var droplet int
	_, err := fmt.Sscan(read("id"), &droplet)
	check(err)
	_, _, err = p.cloud.ReservedIPActions.Assign(context.Background(), p.address, droplet)
	check(err)
	patch := fmt.Sprintf(`{"metadata": {"labels": {"do-outbound-floating-ip": "%s"}}}`, p.address)
	_, err = p.cluster.CoreV1().Nodes().Patch(context.Background(), p.node, types.MergePatchType, []byte(patch),
		metav1.PatchOptions{})
	check(err)
}

func (p peer) poll() {
	for ; ; time.Sleep(5 * time.Second) {
		if read("reserved_ip/ipv4/active") != "true" {
			p.claim()
		}
	}
}

func (p peer) ask(node *corev1.Node) {
	ip, _, err := p.cloud.ReservedIPs.Get(context.Background(), p.address)
	check(err)
	if ip.Droplet == nil || fmt.Sprintf("digitalocean://%d", ip.Droplet.ID) != node.Spec.ProviderID {
		p.claim()
	}
}

func (p peer) watch() {
	own := informers.WithTweakListOptions(func(options *metav1.ListOptions) {
		options.FieldSelector = "metadata.name=" + p.node
	})
	factory := informers.NewSharedInformerFactoryWithOptions(p.cluster, 0, own)
	_, err := factory.Core().V1().Nodes().Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(node any) { p.ask(node.(*corev1.Node)) },
		UpdateFunc: func(_, node any) { p.ask(node.(*corev1.Node)) },
	})
	check(err)
	factory.Start(context.Background().Done())
	select {}
}

func main() {
	if len(os.Args) != 3 {
		log.Fatal("usage: peers poll|watch ADDRESS")
	}
	p := newPeer(os.Args[2])
	if os.Args[1] == "watch" {
		p.watch()
	}
	p.poll()
}
