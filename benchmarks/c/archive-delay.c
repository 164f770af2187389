/*
 * Commits into one SQLite database and watches a directory of LTX files: how long after a commit has returned is there
 * an object that holds it.
 *
 *   archive-delay DB LEVEL0 SECONDS GAP_MS [POSITION]
 *
 * DB        the database; a table t is made if there is none
 * LEVEL0    the directory of level 0, which may appear later
 * GAP_MS    pause between two commits, shortened or lengthened by up to half at random
 * POSITION  a file that begins with the last transaction's id in hexadecimal: a commit is in an object that reaches it.
 *           Without it a commit is in the first object whose header has a later time.
 *
 * Prints "name value" lines: commits, missing, p50_ms, p99_ms, max_ms.
 */
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define COMMITS_MAX 1000000
#define OBJECTS_MAX 100000
#define HEADER_SIZE 100
#define TIMESTAMP_OFFSET 32
#define POLL_NANOS 1000000
#define SETTLE_SECONDS 10

struct commit {
  double at;
  unsigned long long txid;
};

struct object {
  double seen;
  unsigned long long max;
  double timestamp;
};

static struct commit commits[COMMITS_MAX];
static struct object objects[OBJECTS_MAX];
static volatile int object_count;
static volatile int stopped;
static const char *level0;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_REALTIME, &t);
  return t.tv_sec + t.tv_nsec * 1e-9;
}

static void pause_nanos(long long nanos) {
  struct timespec t = {nanos / 1000000000, nanos % 1000000000};
  nanosleep(&t, 0);
}

/* Looks for objects of a greater transaction than any before. */
static void look(void) {
  static unsigned long long last_max;
  DIR *directory = opendir(level0);
  if (!directory) return;
  unsigned long long most = last_max;
  struct dirent *entry;
  double seen = now();
  while ((entry = readdir(directory))) {
    unsigned long long min, max;
    char path[4096];
    unsigned char header[HEADER_SIZE];
    if (strlen(entry->d_name) != 37 || sscanf(entry->d_name, "%16llx-%16llx.ltx", &min, &max) != 2) continue;
    if (max <= last_max || object_count == OBJECTS_MAX) continue;
    snprintf(path, sizeof path, "%s/%s", level0, entry->d_name);
    int fd = open(path, O_RDONLY);
    if (fd < 0) continue;
    if (read(fd, header, sizeof header) == sizeof header) {
      unsigned long long millis = 0;
      for (int i = 0; i < 8; i++) millis = millis << 8 | header[TIMESTAMP_OFFSET + i];
      objects[object_count] = (struct object){seen, max, millis / 1000.0};
      object_count++;
      if (max > most) most = max;
    }
    close(fd);
  }
  last_max = most;
  closedir(directory);
}

static void *watch(void *unused) {
  (void)unused;
  while (!stopped) {
    look();
    pause_nanos(POLL_NANOS);
  }
  return 0;
}

static void run(sqlite3 *db, const char *sql) {
  if (sqlite3_exec(db, sql, 0, 0, 0) != SQLITE_OK) {
    fprintf(stderr, "archive-delay: %s: %s\n", sql, sqlite3_errmsg(db));
    exit(1);
  }
}

static unsigned long long position(const char *path) {
  char text[64] = {0};
  int fd = open(path, O_RDONLY);
  if (fd < 0 || read(fd, text, sizeof text - 1) < 1) {
    fprintf(stderr, "archive-delay: cannot read %s\n", path);
    exit(1);
  }
  close(fd);
  return strtoull(text, 0, 16);
}

static int by_size(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return x < y ? -1 : x > y;
}

int main(int argc, char **argv) {
  if (argc < 5) {
    fprintf(stderr, "usage: archive-delay DB LEVEL0 SECONDS GAP_MS [POSITION]\n");
    return 2;
  }
  level0 = argv[2];
  double seconds = atof(argv[3]), gap = atof(argv[4]);
  const char *pos = argc > 5 ? argv[5] : 0;
  sqlite3 *db;
  if (sqlite3_open(argv[1], &db) != SQLITE_OK) {
    fprintf(stderr, "archive-delay: %s: %s\n", argv[1], sqlite3_errmsg(db));
    return 1;
  }
  sqlite3_busy_timeout(db, 5000);
  run(db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
          "CREATE TABLE IF NOT EXISTS t(id INTEGER PRIMARY KEY, a BLOB)");
  pthread_t watcher;
  pthread_create(&watcher, 0, watch, 0);
  pause_nanos(3000000000LL);
  int count = 0;
  srand(1);
  for (double end = now() + seconds; now() < end && count < COMMITS_MAX; count++) {
    run(db, "INSERT INTO t(a) VALUES(randomblob(200))");
    commits[count].at = now();
    commits[count].txid = pos ? position(pos) : 0;
    pause_nanos((long long)(gap * 1e6 * (0.5 + rand() / (double)RAND_MAX)));
  }
  pause_nanos(SETTLE_SECONDS * 1000000000LL);
  stopped = 1;
  pthread_join(watcher, 0);
  sqlite3_close(db);
  static double delays[COMMITS_MAX];
  int found = 0;
  for (int i = 0; i < count; i++) {
    double best = -1;
    for (int k = 0; k < object_count; k++) {
      int holds = pos ? objects[k].max >= commits[i].txid : objects[k].timestamp >= commits[i].at - 0.001;
      if (holds && (best < 0 || objects[k].seen < best)) best = objects[k].seen;
    }
    if (best >= 0) delays[found++] = best > commits[i].at ? best - commits[i].at : 0;
  }
  qsort(delays, found, sizeof *delays, by_size);
  printf("commits %d\nmissing %d\n", count, count - found);
  if (found) {
    printf("p50_ms %.0f\np99_ms %.0f\nmax_ms %.0f\n", delays[found / 2] * 1e3, delays[found * 99 / 100] * 1e3,
           delays[found - 1] * 1e3);
  }
  return 0;
}
