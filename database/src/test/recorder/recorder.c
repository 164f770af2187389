/*
 * Records the system calls that SQLite makes on the files below RECORDER_ROOT, in the order in which they happen, into
 * the file RECORDER_TRACE. Preloaded into the process (LD_PRELOAD); several processes may append to one trace.
 *
 * A record, little-endian: kind u8, pid i32, fd i32, offset i64, path length u16, data length u32, path, data.
 * The kinds are listed in ../java/io/ltxfs/database/sim/TraceRecord.java. Content of -shm files is not recorded: it is
 * mostly written through a mapping, and no rule depends on it.
 *
 * recorder_fail() makes one later call fail, or kills the process before or after it.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

enum { FD_MAX = 4096, KILL_BEFORE = -1, KILL_AFTER = -2 };

static const char *root;
static size_t root_length;
static int trace_fd = -1;
static char *path_of_fd[FD_MAX];

static struct {
    char kind;
    char part[64];
    int countdown;
    int action;
} fault;

#define REAL(type, name) ((type)dlsym(RTLD_NEXT, name))
typedef int (*open_fn)(const char *, int, ...);
typedef ssize_t (*write_fn)(int, const void *, size_t);

__attribute__((constructor)) static void start(void) {
    const char *trace = getenv("RECORDER_TRACE");
    root = getenv("RECORDER_ROOT");
    if (!root || !trace) {
        root = NULL;
        return;
    }
    root_length = strlen(root);
    int fd = REAL(open_fn, "open")(trace, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    trace_fd = REAL(int (*)(int, int, ...), "fcntl")(fd, F_DUPFD_CLOEXEC, 900);
    REAL(int (*)(int), "close")(fd);
}

/* The path below the root, or NULL if it lies elsewhere. */
static const char *below(const char *path) {
    if (!root || !path || strncmp(path, root, root_length) != 0) {
        return NULL;
    }
    const char *rest = path + root_length;
    return *rest == '/' ? rest + 1 : *rest == 0 ? "." : NULL;
}

static const char *path_of(int fd) {
    return fd >= 0 && fd < FD_MAX ? path_of_fd[fd] : NULL;
}

static int ends(const char *path, const char *suffix) {
    size_t n = strlen(path), m = strlen(suffix);
    return n >= m && strcmp(path + n - m, suffix) == 0;
}

static void put(char kind, int fd, int64_t offset, const char *path, const void *data, uint32_t length) {
    if (trace_fd < 0) {
        return;
    }
    int saved = errno;
    uint16_t path_length = (uint16_t)strlen(path);
    int32_t pid = getpid(), fd32 = fd;
    char *record = malloc(23 + path_length + length);
    record[0] = kind;
    memcpy(record + 1, &pid, 4);
    memcpy(record + 5, &fd32, 4);
    memcpy(record + 9, &offset, 8);
    memcpy(record + 17, &path_length, 2);
    memcpy(record + 19, &length, 4);
    memcpy(record + 23, path, path_length);
    if (length) {
        memcpy(record + 23 + path_length, data, length);
    }
    if (REAL(write_fn, "write")(trace_fd, record, 23 + path_length + length) < 0) {
        abort();
    }
    free(record);
    errno = saved;
}

void recorder_mark(const char *json) {
    put('M', -1, 0, "", json, (uint32_t)strlen(json));
}

/* The n-th call of a kind on a path that ends with (or, after '*', contains) part: an errno, or killed. */
void recorder_fail(char kind, const char *part, int n, int action) {
    fault.kind = kind;
    snprintf(fault.part, sizeof fault.part, "%s", part);
    fault.countdown = n;
    fault.action = action;
}

static int faulted(char kind, const char *path, int fd, int64_t offset, const void *data, size_t length) {
    if (!path || fault.kind != kind) {
        return 0;
    }
    if (fault.part[0] == '*' ? !strstr(path, fault.part + 1) : !ends(path, fault.part)) {
        return 0;
    }
    if (--fault.countdown > 0) {
        return 0;
    }
    fault.kind = 0;
    if (fault.action == KILL_BEFORE) {
        raise(SIGKILL);
    }
    if (fault.action > 0) {
        char *refused = malloc(2 + length);
        refused[0] = kind == 'Z' ? 'W' : kind;
        refused[1] = (char)fault.action;
        if (length) {
            memcpy(refused + 2, data, length);
        }
        put('E', fd, offset, path, refused, (uint32_t)(2 + length));
        free(refused);
        errno = fault.action;
    }
    return fault.action;
}

static int opened(int fd, const char *path, int flags, int existed) {
    if (fd >= 0 && fd < FD_MAX && path) {
        free(path_of_fd[fd]);
        path_of_fd[fd] = strdup(path);
        put(flags & O_CREAT && !existed ? 'C' : 'O', fd, flags & O_ACCMODE, path, NULL, 0);
        if (flags & O_TRUNC && existed) {
            put('T', fd, 0, path, NULL, 0);
        }
    }
    return fd;
}

static int do_open(const char *name, const char *path, int flags, int mode) {
    const char *rel = below(path);
    int existed = rel && access(path, F_OK) == 0;
    int fd = REAL(open_fn, name)(path, flags, mode);
    return rel && strcmp(rel, ".") != 0 ? opened(fd, rel, flags, existed) : fd;
}

#define OPEN(name)                                      \
    int name(const char *path, int flags, ...) {        \
        va_list arguments;                              \
        va_start(arguments, flags);                     \
        int mode = va_arg(arguments, int);              \
        va_end(arguments);                              \
        return do_open(#name, path, flags, mode);       \
    }
OPEN(open)
OPEN(open64)

int close(int fd) {
    const char *path = path_of(fd);
    if (path) {
        put('X', fd, 0, path, NULL, 0);
        free(path_of_fd[fd]);
        path_of_fd[fd] = NULL;
    }
    return REAL(int (*)(int), "close")(fd);
}

static ssize_t do_pwrite(const char *name, int fd, const void *data, size_t length, off_t offset) {
    const char *path = path_of(fd);
    /* A fault of kind Z is one in the zeroing of a journal's header. */
    int zeros = length == 28 && offset == 0 && *(const char *)data == 0;
    int action = faulted(zeros && fault.kind == 'Z' ? 'Z' : 'W', path, fd, offset, data, length);
    if (action > 0) {
        return -1;
    }
    ssize_t done = REAL(ssize_t(*)(int, const void *, size_t, off_t), name)(fd, data, length, offset);
    if (path && done > 0 && !ends(path, "-shm")) {
        put('W', fd, offset, path, data, (uint32_t)done);
    }
    if (action == KILL_AFTER) {
        raise(SIGKILL);
    }
    return done;
}

ssize_t pwrite(int fd, const void *data, size_t length, off_t offset) {
    return do_pwrite("pwrite", fd, data, length, offset);
}

ssize_t pwrite64(int fd, const void *data, size_t length, off64_t offset) {
    return do_pwrite("pwrite64", fd, data, length, offset);
}

ssize_t write(int fd, const void *data, size_t length) {
    if (!path_of(fd)) {
        return REAL(write_fn, "write")(fd, data, length);
    }
    off_t offset = lseek(fd, 0, SEEK_CUR);
    ssize_t done = pwrite(fd, data, length, offset);
    if (done > 0) {
        lseek(fd, offset + done, SEEK_SET);
    }
    return done;
}

static int do_truncate(const char *name, int fd, off_t size) {
    const char *path = path_of(fd);
    int action = faulted('T', path, fd, size, NULL, 0);
    if (action > 0) {
        return -1;
    }
    int result = REAL(int (*)(int, off_t), name)(fd, size);
    if (path && result == 0 && !ends(path, "-shm")) {
        put('T', fd, size, path, NULL, 0);
    }
    if (action == KILL_AFTER) {
        raise(SIGKILL);
    }
    return result;
}

int ftruncate(int fd, off_t size) {
    return do_truncate("ftruncate", fd, size);
}

int ftruncate64(int fd, off64_t size) {
    return do_truncate("ftruncate64", fd, size);
}

static int do_sync(const char *name, int fd) {
    const char *path = path_of(fd);
    if (!path) {
        return REAL(int (*)(int), name)(fd);
    }
    int action = faulted('S', path, fd, 0, NULL, 0);
    if (action > 0) {
        return -1;
    }
    put('S', fd, 0, path, NULL, 0);
    if (action == KILL_AFTER) {
        raise(SIGKILL);
    }
    return 0;
}

int fsync(int fd) {
    return do_sync("fsync", fd);
}

int fdatasync(int fd) {
    return do_sync("fdatasync", fd);
}

int unlink(const char *path) {
    const char *rel = below(path);
    int action = faulted('U', rel, -1, 0, NULL, 0);
    if (action > 0) {
        return -1;
    }
    int result = REAL(int (*)(const char *), "unlink")(path);
    if (rel && result == 0) {
        put('U', -1, 0, rel, NULL, 0);
    }
    if (action == KILL_AFTER) {
        raise(SIGKILL);
    }
    return result;
}

int rename(const char *from, const char *to) {
    const char *a = below(from), *b = below(to);
    int result = REAL(int (*)(const char *, const char *), "rename")(from, to);
    if (a && b && result == 0) {
        put('R', -1, 0, a, b, (uint32_t)strlen(b));
    }
    return result;
}

/* A lock is recorded after it was taken, an unlock before it happens: the trace never shows two holders. */
static int do_fcntl(const char *name, int fd, int command, void *argument) {
    int (*real)(int, int, ...) = REAL(int (*)(int, int, ...), name);
    const char *path = path_of(fd);
    if (!path || command != F_SETLK) {
        return real(fd, command, argument);
    }
    struct flock *lock = argument;
    struct {
        int64_t length;
        char type;
    } __attribute__((packed)) data = {lock->l_len, lock->l_type == F_WRLCK ? 'w' : lock->l_type == F_RDLCK ? 'r' : 'u'};
    if (data.type == 'u') {
        put('L', fd, lock->l_start, path, &data, sizeof data);
    }
    int result = real(fd, command, argument);
    if (result == 0 && data.type != 'u') {
        put('L', fd, lock->l_start, path, &data, sizeof data);
    }
    return result;
}

#define FCNTL(name)                                       \
    int name(int fd, int command, ...) {                  \
        va_list arguments;                                \
        va_start(arguments, command);                     \
        void *argument = va_arg(arguments, void *);       \
        va_end(arguments);                                \
        return do_fcntl(#name, fd, command, argument);    \
    }
FCNTL(fcntl)
FCNTL(fcntl64)
