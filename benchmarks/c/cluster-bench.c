/*
 * Commits on the primary of a cluster, one small row in each transaction, and watches a replica.
 *
 *   cluster-bench commits DB SYNCHRONOUS SECONDS            as fast as it goes
 *   cluster-bench lag DB REPLICA SYNCHRONOUS SECONDS GAP_US how long after a commit has returned a reader on the replica
 *                                                           sees it; both processes use the machine's monotonic clock
 *
 * GAP_US   from one commit's begin to the next; 0: as fast as it goes
 *
 * The database is there, with the table t(n INTEGER PRIMARY KEY, filler BLOB). Prints "name value" lines: commits, per_second,
 * p50_ms and p99_ms of a commit; for lag also seen, lag_p50_ms, lag_p99_ms, lag_max_ms.
 */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define COMMITS_MAX 2000000
#define POLL_NANOS 100000
#define SETTLE_SECONDS 30

struct shared {
  volatile long committed; /* rows whose COMMIT has returned */
  volatile int ended;
  double returned[COMMITS_MAX];
  double took[COMMITS_MAX];
  double seen[COMMITS_MAX];
};

static struct shared *shared;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec * 1e-9;
}

static void pause_nanos(long long nanos) {
  struct timespec t = {nanos / 1000000000, nanos % 1000000000};
  nanosleep(&t, 0);
}

static void check(sqlite3 *db, int code, const char *what) {
  if (code == SQLITE_OK || code == SQLITE_DONE || code == SQLITE_ROW) return;
  fprintf(stderr, "cluster-bench: %s: %s\n", what, sqlite3_errmsg(db));
  exit(1);
}

static sqlite3 *open_database(const char *path) {
  sqlite3 *db;
  check(0, sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, 0), path);
  sqlite3_busy_timeout(db, 10000);
  return db;
}

static void commit_rows(const char *path, const char *synchronous, double seconds, double gap, long first) {
  sqlite3 *db = open_database(path);
  char pragma[64];
  snprintf(pragma, sizeof pragma, "PRAGMA synchronous=%s", synchronous);
  check(db, sqlite3_exec(db, pragma, 0, 0, 0), pragma);
  sqlite3_stmt *insert;
  check(db, sqlite3_prepare_v2(db, "INSERT INTO t VALUES(?, randomblob(100))", -1, &insert, 0), "insert");
  double begun = now();
  for (long n = 0; n < COMMITS_MAX; n++) {
    double start = now();
    if (start - begun >= seconds) break;
    if (gap > 0) {
      double due = begun + n * gap;
      if (due > start) pause_nanos((long long)((due - start) * 1e9));
      start = now();
    }
    sqlite3_bind_int64(insert, 1, first + n);
    check(db, sqlite3_step(insert), "commit");
    sqlite3_reset(insert);
    double end = now();
    shared->returned[n] = end;
    shared->took[n] = end - start;
    shared->committed = n + 1;
  }
  printf("commits %ld\nper_second %.0f\n", shared->committed, shared->committed / (now() - begun));
  shared->ended = 1;
  sqlite3_finalize(insert);
  sqlite3_close(db);
}

/* A row that is seen before its COMMIT has returned counts as seen at that moment. */
static void watch(const char *path, long first) {
  sqlite3 *db = open_database(path);
  sqlite3_stmt *last;
  check(db, sqlite3_prepare_v2(db, "SELECT coalesce(max(n), -1) FROM t", -1, &last, 0), "select");
  long known = 0;
  double give_up = 0;
  for (;;) {
    check(db, sqlite3_step(last), "read");
    long rows = sqlite3_column_int64(last, 0) - first + 1;
    sqlite3_reset(last);
    double at = now();
    for (; known < rows; known++) shared->seen[known] = at;
    if (shared->ended) {
      if (known >= shared->committed) break;
      if (give_up == 0) give_up = at + SETTLE_SECONDS;
      if (at > give_up) break;
    }
    pause_nanos(POLL_NANOS);
  }
  exit(0);
}

static int compare(const void *a, const void *b) {
  double d = *(const double *)a - *(const double *)b;
  return d < 0 ? -1 : d > 0;
}

static void percentiles(const char *name, double *values, long count) {
  if (count == 0) return;
  qsort(values, count, sizeof *values, compare);
  printf("%sp50_ms %.3f\n%sp99_ms %.3f\n%smax_ms %.3f\n", name, values[count / 2] * 1e3, name,
         values[count * 99 / 100] * 1e3, name, values[count - 1] * 1e3);
}

static long first_free(const char *path) {
  sqlite3 *db = open_database(path);
  sqlite3_stmt *last;
  check(db, sqlite3_prepare_v2(db, "SELECT coalesce(max(n), -1) FROM t", -1, &last, 0), "select");
  check(db, sqlite3_step(last), "read");
  long first = sqlite3_column_int64(last, 0) + 1;
  sqlite3_finalize(last);
  sqlite3_close(db);
  return first;
}

int main(int argc, char **argv) {
  int lag = argc == 7 && !strcmp(argv[1], "lag");
  if (!lag && !(argc == 5 && !strcmp(argv[1], "commits"))) {
    fprintf(stderr, "usage: cluster-bench commits DB SYNCHRONOUS SECONDS | lag DB REPLICA SYNCHRONOUS SECONDS GAP_US\n");
    return 2;
  }
  shared = mmap(0, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED) return 1;
  long first = first_free(argv[2]);
  if (!lag) {
    commit_rows(argv[2], argv[3], atof(argv[4]), 0, first);
    percentiles("", shared->took, shared->committed);
    return 0;
  }
  fflush(stdout);
  pid_t watcher = fork();
  if (watcher == 0) watch(argv[3], first);
  commit_rows(argv[2], argv[4], atof(argv[5]), atof(argv[6]) * 1e-6, first);
  waitpid(watcher, 0, 0);
  static double lags[COMMITS_MAX];
  long seen = 0;
  for (long n = 0; n < shared->committed; n++) {
    if (shared->seen[n] == 0) continue;
    double late = shared->seen[n] - shared->returned[n];
    lags[seen++] = late > 0 ? late : 0;
  }
  percentiles("", shared->took, shared->committed);
  printf("seen %ld\n", seen);
  percentiles("lag_", lags, seen);
  return 0;
}
