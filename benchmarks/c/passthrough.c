/*
 * The bare passthrough that ltxfs is measured against: shows a directory through a FUSE mount and does nothing else.
 * It speaks to /dev/fuse itself and asks the kernel for the same as ltxfs does: page cache kept across opens, names and
 * attributes cached for ever, locks left to the kernel, write-through (or write-back with -w).
 *
 *   passthrough [-w] [-t THREADS] BACKING MOUNT      serves until it is unmounted; needs root
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <unistd.h>

#define WRITE_MAX (1 << 20)
#define DATA_OFFSET (sizeof(struct fuse_in_header) + sizeof(struct fuse_write_in))
#define FOREVER (UINT64_C(1) << 53)
#define NODES_MAX 65536

struct node {
    int fd;
    ino_t ino;
    uint64_t lookups;
};

struct thread {
    int fd;
    char *in;  /* a request; the data of a WRITE is page-aligned */
    char *out; /* page-aligned payload of an answer, the header right before it */
    uint64_t unique;
};

/* Ids are never used again, so 65535 files in one run are the most: enough for a benchmark. */
static struct node nodes[NODES_MAX];
static uint64_t last_node = FUSE_ROOT_ID;
static pthread_mutex_t nodes_lock = PTHREAD_MUTEX_INITIALIZER;
static int write_back;

static void answer(struct thread *t, int error, size_t bytes)
{
    struct fuse_out_header *h = (void *)(t->out - sizeof *h);
    h->len = sizeof *h + bytes;
    h->error = -error;
    h->unique = t->unique;
    if (write(t->fd, h, h->len) < 0 && errno != ENOENT && errno != ENODEV)
        perror("passthrough: answer");
}

static void result(struct thread *t, long r)
{
    answer(t, r < 0 ? errno : 0, 0);
}

static void fill_attr(struct fuse_attr *a, const struct stat *s)
{
    memset(a, 0, sizeof *a);
    a->ino = s->st_ino;
    a->size = s->st_size;
    a->blocks = s->st_blocks;
    a->atime = s->st_atim.tv_sec;
    a->mtime = s->st_mtim.tv_sec;
    a->ctime = s->st_ctim.tv_sec;
    a->atimensec = s->st_atim.tv_nsec;
    a->mtimensec = s->st_mtim.tv_nsec;
    a->ctimensec = s->st_ctim.tv_nsec;
    a->mode = s->st_mode;
    a->nlink = s->st_nlink;
    a->uid = s->st_uid;
    a->gid = s->st_gid;
    a->rdev = s->st_rdev;
    a->blksize = s->st_blksize;
}

static const char *path_of(uint64_t id, const char *name, char *path)
{
    sprintf(path, name ? "/proc/self/fd/%d/%s" : "/proc/self/fd/%d", nodes[id].fd, name);
    return path;
}

static int fill_entry(struct fuse_entry_out *e, uint64_t parent, const char *name)
{
    struct stat s;
    int fd = openat(nodes[parent].fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    memset(e, 0, sizeof *e);
    e->entry_valid = e->attr_valid = FOREVER;
    if (fd < 0)
        return errno;
    if (fstat(fd, &s) < 0) {
        int error = errno;
        close(fd);
        return error;
    }
    pthread_mutex_lock(&nodes_lock);
    uint64_t id = 0;
    for (uint64_t i = FUSE_ROOT_ID; i <= last_node && !id; i++)
        if (nodes[i].lookups && nodes[i].ino == s.st_ino)
            id = i;
    if (id) {
        close(fd);
    } else if (last_node + 1 < NODES_MAX) {
        id = ++last_node;
        nodes[id] = (struct node){fd, s.st_ino, 0};
    }
    if (id)
        nodes[id].lookups++;
    pthread_mutex_unlock(&nodes_lock);
    e->nodeid = id;
    e->generation = 1;
    fill_attr(&e->attr, &s);
    return id ? 0 : ENFILE;
}

static void forget(uint64_t id, uint64_t lookups)
{
    pthread_mutex_lock(&nodes_lock);
    nodes[id].lookups -= lookups;
    if (!nodes[id].lookups && id != FUSE_ROOT_ID)
        close(nodes[id].fd);
    pthread_mutex_unlock(&nodes_lock);
}

static void answer_attr(struct thread *t, uint64_t id)
{
    struct fuse_attr_out *o = (void *)t->out;
    struct stat s;
    if (fstat(nodes[id].fd, &s) < 0) {
        answer(t, errno, 0);
        return;
    }
    memset(o, 0, sizeof *o);
    o->attr_valid = FOREVER;
    fill_attr(&o->attr, &s);
    answer(t, 0, sizeof *o);
}

static void answer_made(struct thread *t, long r, const struct fuse_in_header *h, const char *name)
{
    char path[512];
    if (r >= 0)
        r = lchown(path_of(h->nodeid, name, path), h->uid, h->gid);
    if (r < 0) {
        answer(t, errno, 0);
        return;
    }
    int error = fill_entry((void *)t->out, h->nodeid, name);
    answer(t, error, error ? 0 : sizeof(struct fuse_entry_out));
}

static int set_attr(int fd, const struct fuse_setattr_in *in)
{
    if (in->valid & FATTR_SIZE && ftruncate(fd, in->size) < 0)
        return -1;
    if (in->valid & (FATTR_UID | FATTR_GID)
            && fchown(fd, in->valid & FATTR_UID ? in->uid : (uid_t)-1, in->valid & FATTR_GID ? in->gid : (gid_t)-1) < 0)
        return -1;
    if (in->valid & FATTR_MODE && fchmod(fd, in->mode & 07777) < 0)
        return -1;
    if (in->valid & (FATTR_ATIME | FATTR_MTIME)) {
        struct timespec times[2] = {{in->atime, in->atimensec}, {in->mtime, in->mtimensec}};
        if (!(in->valid & FATTR_ATIME))
            times[0].tv_nsec = UTIME_OMIT;
        else if (in->valid & FATTR_ATIME_NOW)
            times[0].tv_nsec = UTIME_NOW;
        if (!(in->valid & FATTR_MTIME))
            times[1].tv_nsec = UTIME_OMIT;
        else if (in->valid & FATTR_MTIME_NOW)
            times[1].tv_nsec = UTIME_NOW;
        return futimens(fd, times);
    }
    return 0;
}

static void do_setattr(struct thread *t, uint64_t id, const struct fuse_setattr_in *in)
{
    char path[512];
    int access = in->valid & FATTR_SIZE ? O_RDWR : O_RDONLY;
    int fd = in->valid & FATTR_FH ? (int)in->fh : open(path_of(id, NULL, path), access | O_NONBLOCK | O_CLOEXEC);
    int r = fd < 0 ? -1 : set_attr(fd, in);
    int error = errno;
    if (fd >= 0 && !(in->valid & FATTR_FH))
        close(fd);
    if (r < 0)
        answer(t, error, 0);
    else
        answer_attr(t, id);
}

static void do_create(struct thread *t, const struct fuse_in_header *h, const struct fuse_create_in *in)
{
    const char *name = (const char *)(in + 1);
    struct fuse_entry_out *e = (void *)t->out;
    struct fuse_open_out *o = (void *)(e + 1);
    int flags = (in->flags & ~(O_APPEND | O_NOFOLLOW)) | O_CREAT | O_CLOEXEC;
    int fd = openat(nodes[h->nodeid].fd, name, flags, in->mode & 07777);
    int error = fd < 0 || fchown(fd, h->uid, h->gid) < 0 ? errno : fill_entry(e, h->nodeid, name);
    memset(o, 0, sizeof *o);
    o->fh = fd;
    o->open_flags = FOPEN_KEEP_CACHE;
    answer(t, error, error ? 0 : sizeof *e + sizeof *o);
}

static void do_readdir(struct thread *t, const struct fuse_read_in *in)
{
    DIR *d = (DIR *)in->fh;
    size_t bytes = 0;
    seekdir(d, in->offset);
    for (struct dirent *e; (e = readdir(d));) {
        struct fuse_dirent *o = (void *)(t->out + bytes);
        size_t length = strlen(e->d_name);
        size_t record = FUSE_DIRENT_ALIGN(FUSE_NAME_OFFSET + length);
        if (bytes + record > in->size)
            break;
        memset(o, 0, record);
        o->ino = e->d_ino;
        o->off = telldir(d);
        o->namelen = length;
        o->type = e->d_type;
        memcpy(o->name, e->d_name, length);
        bytes += record;
    }
    answer(t, 0, bytes);
}

static void do_statfs(struct thread *t, uint64_t id)
{
    struct fuse_statfs_out *o = (void *)t->out;
    struct statvfs s;
    char path[512];
    if (statvfs(path_of(id, NULL, path), &s) < 0) {
        answer(t, errno, 0);
        return;
    }
    memset(o, 0, sizeof *o);
    o->st.blocks = s.f_blocks;
    o->st.bfree = s.f_bfree;
    o->st.bavail = s.f_bavail;
    o->st.files = s.f_files;
    o->st.ffree = s.f_ffree;
    o->st.bsize = s.f_bsize;
    o->st.frsize = s.f_frsize;
    o->st.namelen = s.f_namemax;
    answer(t, 0, sizeof *o);
}

static void do_rename(struct thread *t, uint64_t dir, uint64_t new_dir, const char *name, unsigned flags)
{
    result(t, renameat2(nodes[dir].fd, name, nodes[new_dir].fd, name + strlen(name) + 1, flags));
}

static void answer_open(struct thread *t, uint64_t fh, unsigned flags)
{
    struct fuse_open_out *o = (void *)t->out;
    memset(o, 0, sizeof *o);
    o->fh = fh;
    o->open_flags = flags;
    answer(t, 0, sizeof *o);
}

static void handle(struct thread *t)
{
    struct fuse_in_header *h = (void *)t->in;
    void *arg = h + 1;
    char path[512];
    long r;
    t->unique = h->unique;
    switch (h->opcode) {
    case FUSE_LOOKUP: {
        int error = fill_entry((void *)t->out, h->nodeid, arg);
        answer(t, error == ENOENT ? 0 : error, error && error != ENOENT ? 0 : sizeof(struct fuse_entry_out));
        break;
    }
    case FUSE_FORGET:
        forget(h->nodeid, ((struct fuse_forget_in *)arg)->nlookup);
        break;
    case FUSE_BATCH_FORGET: {
        struct fuse_batch_forget_in *in = arg;
        struct fuse_forget_one *one = (void *)(in + 1);
        for (uint32_t i = 0; i < in->count; i++)
            forget(one[i].nodeid, one[i].nlookup);
        break;
    }
    case FUSE_INTERRUPT:
        break;
    case FUSE_GETATTR:
        answer_attr(t, h->nodeid);
        break;
    case FUSE_SETATTR:
        do_setattr(t, h->nodeid, arg);
        break;
    case FUSE_READ: {
        struct fuse_read_in *in = arg;
        r = pread(in->fh, t->out, in->size, in->offset);
        answer(t, r < 0 ? errno : 0, r < 0 ? 0 : r);
        break;
    }
    case FUSE_WRITE: {
        struct fuse_write_in *in = arg;
        struct fuse_write_out *o = (void *)t->out;
        r = pwrite(in->fh, in + 1, in->size, in->offset);
        o->size = r;
        o->padding = 0;
        answer(t, r < 0 ? errno : 0, r < 0 ? 0 : sizeof *o);
        break;
    }
    case FUSE_FSYNC: {
        struct fuse_fsync_in *in = arg;
        result(t, in->fsync_flags & FUSE_FSYNC_FDATASYNC ? fdatasync(in->fh) : fsync(in->fh));
        break;
    }
    case FUSE_OPEN: {
        int flags = ((struct fuse_open_in *)arg)->flags & ~(O_APPEND | O_NOFOLLOW);
        r = open(path_of(h->nodeid, NULL, path), flags | O_CLOEXEC);
        if (r < 0)
            result(t, r);
        else
            answer_open(t, r, FOPEN_KEEP_CACHE);
        break;
    }
    case FUSE_CREATE:
        do_create(t, h, arg);
        break;
    case FUSE_RELEASE:
        result(t, close(((struct fuse_release_in *)arg)->fh));
        break;
    case FUSE_OPENDIR: {
        DIR *d = opendir(path_of(h->nodeid, NULL, path));
        if (d)
            answer_open(t, (uintptr_t)d, 0);
        else
            result(t, -1);
        break;
    }
    case FUSE_READDIR:
        do_readdir(t, arg);
        break;
    case FUSE_RELEASEDIR:
        result(t, closedir((DIR *)((struct fuse_release_in *)arg)->fh));
        break;
    case FUSE_FSYNCDIR:
        result(t, fsync(dirfd((DIR *)((struct fuse_fsync_in *)arg)->fh)));
        break;
    case FUSE_READLINK:
        r = readlinkat(nodes[h->nodeid].fd, "", t->out, 4096);
        answer(t, r < 0 ? errno : 0, r < 0 ? 0 : r);
        break;
    case FUSE_SYMLINK: {
        const char *name = arg, *target = name + strlen(name) + 1;
        answer_made(t, symlinkat(target, nodes[h->nodeid].fd, name), h, name);
        break;
    }
    case FUSE_MKNOD: {
        struct fuse_mknod_in *in = arg;
        const char *name = (const char *)(in + 1);
        answer_made(t, mknodat(nodes[h->nodeid].fd, name, in->mode, in->rdev), h, name);
        break;
    }
    case FUSE_MKDIR: {
        struct fuse_mkdir_in *in = arg;
        const char *name = (const char *)(in + 1);
        answer_made(t, mkdirat(nodes[h->nodeid].fd, name, in->mode), h, name);
        break;
    }
    case FUSE_UNLINK:
        result(t, unlinkat(nodes[h->nodeid].fd, arg, 0));
        break;
    case FUSE_RMDIR:
        result(t, unlinkat(nodes[h->nodeid].fd, arg, AT_REMOVEDIR));
        break;
    case FUSE_RENAME: {
        struct fuse_rename_in *in = arg;
        do_rename(t, h->nodeid, in->newdir, (const char *)(in + 1), 0);
        break;
    }
    case FUSE_RENAME2: {
        struct fuse_rename2_in *in = arg;
        do_rename(t, h->nodeid, in->newdir, (const char *)(in + 1), in->flags);
        break;
    }
    case FUSE_STATFS:
        do_statfs(t, h->nodeid);
        break;
    case FUSE_LINK:
        answer(t, EPERM, 0);
        break;
    case FUSE_IOCTL:
        answer(t, ENOTTY, 0);
        break;
    default:
        answer(t, ENOSYS, 0);
    }
}

static void set_up(struct thread *t, int fd)
{
    t->fd = fd;
    t->in = (char *)aligned_alloc(4096, WRITE_MAX + 8192) + 4096 - DATA_OFFSET;
    t->out = (char *)aligned_alloc(4096, WRITE_MAX + 8192) + 4096;
}

static void *serve(void *arg)
{
    struct thread *t = arg;
    for (;;) {
        ssize_t bytes = read(t->fd, t->in, WRITE_MAX + 4096);
        if (bytes > 0)
            handle(t);
        else if (errno == ENODEV || errno == ECONNABORTED)
            return NULL;
    }
}

static void handshake(struct thread *t)
{
    if (read(t->fd, t->in, 8192) < 0) {
        perror("passthrough: INIT");
        exit(1);
    }
    struct fuse_init_in *in = (void *)(t->in + sizeof(struct fuse_in_header));
    struct fuse_init_out *o = (void *)t->out;
    memset(o, 0, sizeof *o);
    o->major = FUSE_KERNEL_VERSION;
    o->minor = 31;
    o->max_readahead = in->max_readahead;
    o->flags = in->flags
            & (FUSE_ASYNC_READ | FUSE_BIG_WRITES | FUSE_PARALLEL_DIROPS | FUSE_ABORT_ERROR | FUSE_MAX_PAGES
                    | FUSE_CACHE_SYMLINKS | FUSE_EXPLICIT_INVAL_DATA | (write_back ? FUSE_WRITEBACK_CACHE : 0));
    o->max_background = 128;
    o->congestion_threshold = 96;
    o->max_write = WRITE_MAX;
    o->max_pages = WRITE_MAX / 4096;
    o->time_gran = 1;
    t->unique = ((struct fuse_in_header *)t->in)->unique;
    answer(t, 0, sizeof *o);
}

int main(int argc, char **argv)
{
    int count = 4, option;
    while ((option = getopt(argc, argv, "wt:")) > 0) {
        if (option == 'w')
            write_back = 1;
        else if (option == 't')
            count = atoi(optarg);
        else
            return 2;
    }
    if (argc - optind != 2 || count < 1 || count > 64) {
        fprintf(stderr, "usage: passthrough [-w] [-t THREADS] BACKING MOUNT\n");
        return 2;
    }
    umask(0);
    struct stat s;
    nodes[FUSE_ROOT_ID].fd = open(argv[optind], O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (nodes[FUSE_ROOT_ID].fd < 0 || fstat(nodes[FUSE_ROOT_ID].fd, &s) < 0) {
        perror(argv[optind]);
        return 1;
    }
    nodes[FUSE_ROOT_ID].ino = s.st_ino;
    nodes[FUSE_ROOT_ID].lookups = 1;

    struct thread threads[64];
    char options[256];
    int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
    snprintf(options, sizeof options, "fd=%d,rootmode=40000,user_id=0,group_id=0,default_permissions,allow_other", fd);
    if (fd < 0 || mount("passthrough", argv[optind + 1], "fuse.passthrough", MS_NOSUID | MS_NODEV, options) < 0) {
        perror(argv[optind + 1]);
        return 1;
    }
    set_up(&threads[0], fd);
    handshake(&threads[0]);
    pthread_t ids[64];
    for (int i = 1; i < count; i++) {
        uint32_t main_fd = fd;
        int clone = open("/dev/fuse", O_RDWR | O_CLOEXEC);
        if (clone < 0 || ioctl(clone, FUSE_DEV_IOC_CLONE, &main_fd) < 0) {
            perror("passthrough: clone");
            return 1;
        }
        set_up(&threads[i], clone);
        pthread_create(&ids[i], NULL, serve, &threads[i]);
    }
    serve(&threads[0]);
    for (int i = 1; i < count; i++)
        pthread_join(ids[i], NULL);
    return 0;
}
