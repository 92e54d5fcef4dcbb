// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
// What Cilium's programs do with a pod's packet, as far as it decides through which address the pod
// leaves: BPF host routing or the host's stack, and masquerade at the NIC. Without memory: pods here
// have source ports of their own. cilium.sh compiles it for each droplet:
//   POD, POD_NETWORK/POD_MASK  addresses, as numbers in host byte order
//   LXC, HOST                  interface indexes of lxc0 and cilium_host
//   SOURCE                     the address that a NIC masquerades with
//   BYPASS                     BPF host routing; else what pods send takes the host's stack
//   OLD                        before 1.18: what the kernel calls local is dropped
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/pkt_cls.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <stddef.h>

#define program(name) __attribute__((section(name), used))
#define swap32 __builtin_bswap32
#define swap16 __builtin_bswap16

#ifndef SOURCE
#define SOURCE 0
#endif
#ifndef BYPASS
#define BYPASS 0
#endif
#ifndef OLD
#define OLD 0
#endif

static long (*redirect)(__u32, __u64) = (void *)BPF_FUNC_redirect;
static long (*redirect_peer)(__u32, __u64) = (void *)BPF_FUNC_redirect_peer;
static long (*redirect_neigh)(__u32, struct bpf_redir_neigh *, int, __u64) =
    (void *)BPF_FUNC_redirect_neigh;
static long (*fib_lookup)(void *, struct bpf_fib_lookup *, int, __u32) = (void *)BPF_FUNC_fib_lookup;
static long (*store)(struct __sk_buff *, __u32, const void *, __u32, __u64) =
    (void *)BPF_FUNC_skb_store_bytes;
static long (*replace_l3)(struct __sk_buff *, __u32, __u64, __u64, __u64) =
    (void *)BPF_FUNC_l3_csum_replace;
static long (*replace_l4)(struct __sk_buff *, __u32, __u64, __u64, __u64) =
    (void *)BPF_FUNC_l4_csum_replace;

struct packet {
  __u32 source, destination;  // host byte order
  __u16 destination_port;
  __u8 protocol;
};

enum { l4 = ETH_HLEN + sizeof(struct iphdr), handed_over = 0xf00, encrypted = 0x300 };

// TCP and UDP, without options of IP; 0 for what is none.
static __attribute__((always_inline)) int read_packet(struct __sk_buff *skb, struct packet *packet) {
  void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
  struct ethhdr *frame = data;
  struct iphdr *ip = data + ETH_HLEN;
  struct udphdr *ports = data + l4;
  if ((void *)(ports + 1) > end || frame->h_proto != swap16(ETH_P_IP) || ip->ihl != 5 ||
      (ip->protocol != IPPROTO_TCP && ip->protocol != IPPROTO_UDP))
    return 0;
  packet->source = swap32(ip->saddr);
  packet->destination = swap32(ip->daddr);
  packet->destination_port = swap16(ports->dest);
  packet->protocol = ip->protocol;
  return 1;
}

static __attribute__((always_inline)) void translate(struct __sk_buff *skb, __u8 protocol,
                                                     __u32 offset, __u32 from, __u32 to) {
  const __u32 before = swap32(from), after = swap32(to);
  const int tcp = protocol == IPPROTO_TCP;
  const __u32 sum = l4 + (tcp ? offsetof(struct tcphdr, check) : offsetof(struct udphdr, check));
  replace_l4(skb, sum, before, after, BPF_F_PSEUDO_HDR | 4 | (tcp ? 0 : BPF_F_MARK_MANGLED_0));
  replace_l3(skb, ETH_HLEN + offsetof(struct iphdr, check), before, after, 4);
  store(skb, ETH_HLEN + offset, &after, 4, 0);
}

static __attribute__((always_inline)) int is_pods(__u32 address) {
  return (address & POD_MASK) == POD_NETWORK;
}

// At lxc0, of what a pod sends.
program("tc/from_pod") int from_pod(struct __sk_buff *skb) {
  struct packet packet = {};
  struct bpf_fib_lookup lookup = {.family = 2, .ifindex = skb->ingress_ifindex};
  if (!BYPASS || !read_packet(skb, &packet)) {
    skb->mark = handed_over;
    return TC_ACT_OK;
  }
  lookup.l4_protocol = packet.protocol;
  lookup.ipv4_src = swap32(packet.source);
  lookup.ipv4_dst = swap32(packet.destination);
  const long result = fib_lookup(skb, &lookup, sizeof lookup, 0);
  if (result == BPF_FIB_LKUP_RET_NOT_FWDED) {
    skb->mark = handed_over;
    return OLD ? TC_ACT_SHOT : TC_ACT_OK;
  }
  if (result != BPF_FIB_LKUP_RET_SUCCESS && result != BPF_FIB_LKUP_RET_NO_NEIGH)
    return TC_ACT_SHOT;
  struct bpf_redir_neigh next = {.nh_family = 2, .ipv4_nh = lookup.ipv4_dst};
  return (int)redirect_neigh(lookup.ifindex, &next, sizeof next, 0);
}

// At cilium_host, of what the host's stack sends to a pod.
program("tc/to_pod") int to_pod(struct __sk_buff *skb) {
  return (int)redirect(LXC, 0);
}

// At a NIC that Cilium manages, of what leaves.
program("tc/to_world") int to_world(struct __sk_buff *skb) {
  struct packet packet = {};
  const int ours = read_packet(skb, &packet) && is_pods(packet.source);
  if (ours && (packet.destination >> 24) != 10 && (skb->mark & 0xf00) != encrypted)
    translate(skb, packet.protocol, offsetof(struct iphdr, saddr), packet.source, SOURCE);
  return TC_ACT_OK;
}

// There, of what arrives: replies to pods, which alone come to ports from 20000 to 29999.
program("tc/from_world") int from_world(struct __sk_buff *skb) {
  struct packet packet = {};
  if (!read_packet(skb, &packet) || packet.destination != SOURCE ||
      packet.destination_port < 20000 || packet.destination_port > 29999)
    return TC_ACT_OK;
  translate(skb, packet.protocol, offsetof(struct iphdr, daddr), packet.destination, POD);
  return BYPASS ? (int)redirect_peer(LXC, 0) : TC_ACT_OK;
}

char terms[] program("license") = "GPL";
