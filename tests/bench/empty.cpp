// SPDX-License-Identifier: Apache-2.0
// Does nothing: what is left is the start of a process with the libraries of do-egress-ip.
int main() {}
