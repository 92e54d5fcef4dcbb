// SPDX-License-Identifier: Apache-2.0
// Does nothing: measures the start of a process with the libraries of do-egress-ip.
int main() {}
