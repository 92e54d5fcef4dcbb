# SPDX-License-Identifier: Apache-2.0
# Reads what strace recorded of a run, and prints what can be done at each system call after the
# program's start-up, as "KIND SYSCALL NUMBER": a kill, a kill of the guard as well, or an error that
# the call may end with (its manual page). strace counts the calls of each name by themselves.
BEGIN {
    errors["socket"] = "ENOMEM ENOBUFS EPERM"
    errors["socketpair"] = "ENOMEM ENOBUFS"
    errors["clone"] = errors["clone3"] = "ENOMEM EPERM"
    errors["connect"] = "ENOMEM EINTR EPERM"
    errors["bind"] = "ENOMEM EPERM"
    errors["setsockopt"] = "ENOMEM ENOBUFS EPERM"
    errors["getsockopt"] = errors["getsockname"] = errors["getpeername"] = "ENOBUFS"
    errors["sendto"] = errors["sendmsg"] = "ENOMEM EINTR ENOBUFS EPERM"
    errors["recvfrom"] = errors["recvmsg"] = "ENOMEM EINTR ENOBUFS"
    errors["poll"] = errors["ppoll"] = "ENOMEM EINTR"
    errors["openat"] = "ENOMEM EINTR EIO EPERM"
    errors["read"] = errors["write"] = "ENOMEM EIO EINTR"
    errors["close"] = "EIO EINTR"
    errors["newfstatat"] = errors["fstat"] = "ENOMEM EIO"
    errors["lseek"] = "EIO"
    errors["fcntl"] = "ENOMEM EINTR EPERM"
    errors["mmap"] = errors["mprotect"] = errors["munmap"] = "ENOMEM"  # brk() has no error to return
    errors["signalfd4"] = errors["eventfd2"] = errors["pipe2"] = "ENOMEM"
    errors["getrandom"] = errors["wait4"] = "EINTR"
    errors["capget"] = errors["prctl"] = "EPERM"
    errors["shutdown"] = "ENOBUFS"
}
/^[a-z_0-9]+\(/ {
    call = $0
    sub(/\(.*/, "", call)
    ++count[call]
    started = started || /^prctl\(PR_SET_DUMPABLE/  # the first that main() does
    if (!started) next
    print "kill", call, count[call]
    print "kill-all", call, count[call]
    number = split(errors[call], names, " ")
    for (i = 1; i <= number; ++i) print names[i], call, count[call]
}
