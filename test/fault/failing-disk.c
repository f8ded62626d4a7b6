/* Preloaded into the sidecar (LD_PRELOAD) by test/fault/failing-disk.ts: writes and syncs of files whose path contains
   TAPEWATCH_FAULT_PATH fail with EIO while the file TAPEWATCH_FAULT_MODE.eio is there, and syncs take two seconds while
   TAPEWATCH_FAULT_MODE.slow is there. Every fault is counted by a byte appended to TAPEWATCH_FAULT_MODE.count. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static int is_ours(int fd) {
  const char *wanted = getenv("TAPEWATCH_FAULT_PATH");
  char link[64], path[4096];
  if (wanted == NULL) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length <= 0) return 0;
  path[length] = 0;
  return strstr(path, wanted) != NULL;
}

static int mode_is(const char *mode) {
  const char *base = getenv("TAPEWATCH_FAULT_MODE");
  char path[4096];
  if (base == NULL) return 0;
  snprintf(path, sizeof path, "%s.%s", base, mode);
  return access(path, F_OK) == 0;
}

static void count(void) {
  char path[4096];
  snprintf(path, sizeof path, "%s.count", getenv("TAPEWATCH_FAULT_MODE"));
  int fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
  if (fd < 0) return;
  ssize_t (*real)(int, const void *, size_t) = dlsym(RTLD_NEXT, "write");
  real(fd, ".", 1);
  close(fd);
}

static int fails(int fd) {
  if (!mode_is("eio") || !is_ours(fd)) return 0;
  count();
  errno = EIO;
  return 1;
}

#define WRITE(name, parameters, arguments)                        \
  ssize_t name parameters {                                       \
    static ssize_t (*real) parameters;                            \
    if (real == NULL) real = dlsym(RTLD_NEXT, #name);             \
    return fails(fd) ? -1 : real arguments;                       \
  }

WRITE(write, (int fd, const void *bytes, size_t length), (fd, bytes, length))
WRITE(pwrite, (int fd, const void *bytes, size_t length, off_t at), (fd, bytes, length, at))
WRITE(pwrite64, (int fd, const void *bytes, size_t length, off64_t at), (fd, bytes, length, at))
WRITE(writev, (int fd, const struct iovec *parts, int parts_length), (fd, parts, parts_length))

#define SYNC(name)                                                \
  int name(int fd) {                                              \
    static int (*real)(int);                                      \
    if (real == NULL) real = dlsym(RTLD_NEXT, #name);             \
    if (fails(fd)) return -1;                                     \
    if (mode_is("slow") && is_ours(fd)) {                         \
      count();                                                    \
      sleep(2);                                                   \
    }                                                             \
    return real(fd);                                              \
  }

SYNC(fsync)
SYNC(fdatasync)
