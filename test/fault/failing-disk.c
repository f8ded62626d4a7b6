/* Preloaded into the sidecar (LD_PRELOAD) by test/fault/failing-disk.ts, and stands before the calls that change files
   whose path contains TAPEWATCH_FAULT_PATH. While the file TAPEWATCH_FAULT_MODE.eio is there, writes and syncs fail with
   EIO. While TAPEWATCH_FAULT_MODE.erofs is there, they fail with EROFS, and so do opening for writing, cutting, renaming,
   removing and making folders, as after the kernel turned a mount read-only. While TAPEWATCH_FAULT_MODE.slow is there,
   syncs take two seconds. Every fault is counted by a byte appended to TAPEWATCH_FAULT_MODE.count. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static int is_our_path(const char *path) {
  const char *wanted = getenv("TAPEWATCH_FAULT_PATH");
  return wanted != NULL && path != NULL && strstr(path, wanted) != NULL;
}

static int is_ours(int fd) {
  char link[64], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length <= 0) return 0;
  path[length] = 0;
  return is_our_path(path);
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

static int fail_with(int code) {
  count();
  errno = code;
  return 1;
}

static int fails(int fd) {
  int code = mode_is("eio") ? EIO : mode_is("erofs") ? EROFS : 0;
  return code != 0 && is_ours(fd) && fail_with(code);
}

static int is_read_only(const char *path) {
  return mode_is("erofs") && is_our_path(path) && fail_with(EROFS);
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

#define CHANGES (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC)

#define OPEN(name, parameters, arguments)                         \
  int name parameters {                                           \
    static int (*real) parameters;                                \
    if (real == NULL) real = dlsym(RTLD_NEXT, #name);             \
    mode_t mode = 0;                                              \
    if ((flags & O_CREAT) != 0) {                                 \
      va_list rest;                                               \
      va_start(rest, flags);                                      \
      mode = va_arg(rest, mode_t);                                \
      va_end(rest);                                               \
    }                                                             \
    if ((flags & CHANGES) != 0 && is_read_only(path)) return -1;  \
    return real arguments;                                        \
  }

OPEN(open, (const char *path, int flags, ...), (path, flags, mode))
OPEN(open64, (const char *path, int flags, ...), (path, flags, mode))
OPEN(openat, (int at, const char *path, int flags, ...), (at, path, flags, mode))
OPEN(openat64, (int at, const char *path, int flags, ...), (at, path, flags, mode))

#define CHANGE(name, parameters, arguments, refused)              \
  int name parameters {                                           \
    static int (*real) parameters;                                \
    if (real == NULL) real = dlsym(RTLD_NEXT, #name);             \
    return refused ? -1 : real arguments;                         \
  }

CHANGE(ftruncate, (int fd, off_t length), (fd, length), mode_is("erofs") && fails(fd))
CHANGE(ftruncate64, (int fd, off64_t length), (fd, length), mode_is("erofs") && fails(fd))
CHANGE(unlink, (const char *path), (path), is_read_only(path))
CHANGE(rename, (const char *from, const char *to), (from, to), is_read_only(from))
CHANGE(mkdir, (const char *path, mode_t mode), (path, mode), is_read_only(path))
CHANGE(rmdir, (const char *path), (path), is_read_only(path))
