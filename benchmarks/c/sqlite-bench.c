/*
 * Times small commits, reads and a scan of one SQLite database, by plain libsqlite3.
 *
 *   sqlite-bench DB JOURNAL_MODE SYNCHRONOUS WRITES READS
 *
 * Prints "name value" lines: commits_per_s, commit_p50_us, commit_p99_us, reads_per_s (a read transaction each, with
 * SQLite's default page cache), cold_reads_per_s (the same with a cache of ten pages, so that the kernel is asked),
 * scan_per_s and load_rows_per_s (one transaction).
 */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ROWS 50000

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec * 1e-9;
}

static void fail(sqlite3 *db, const char *what) {
  fprintf(stderr, "sqlite-bench: %s: %s\n", what, sqlite3_errmsg(db));
  exit(1);
}

static void run(sqlite3 *db, const char *sql) {
  if (sqlite3_exec(db, sql, 0, 0, 0) != SQLITE_OK) fail(db, sql);
}

static sqlite3_stmt *prepare(sqlite3 *db, const char *sql) {
  sqlite3_stmt *statement;
  if (sqlite3_prepare_v2(db, sql, -1, &statement, 0) != SQLITE_OK) fail(db, sql);
  return statement;
}

static void step(sqlite3 *db, sqlite3_stmt *statement, int value, int expected) {
  sqlite3_bind_int(statement, 1, value);
  if (sqlite3_step(statement) != expected) fail(db, "step");
  sqlite3_reset(statement);
}

static int by_size(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return x < y ? -1 : x > y;
}

static double reads(sqlite3 *db, int count) {
  sqlite3_stmt *select = prepare(db, "SELECT a FROM t WHERE id=?");
  double begun = now();
  for (int i = 0; i < count; i++) step(db, select, 1 + rand() % ROWS, SQLITE_ROW);
  double seconds = now() - begun;
  sqlite3_finalize(select);
  return count / seconds;
}

int main(int argc, char **argv) {
  if (argc != 6) {
    fprintf(stderr, "usage: sqlite-bench DB JOURNAL_MODE SYNCHRONOUS WRITES READS\n");
    return 2;
  }
  int writes = atoi(argv[4]), read_count = atoi(argv[5]);
  char sql[256];
  sqlite3 *db, *cold;
  if (sqlite3_open(argv[1], &db) != SQLITE_OK) fail(db, argv[1]);
  sqlite3_busy_timeout(db, 5000);
  snprintf(sql, sizeof sql, "PRAGMA journal_mode=%s; PRAGMA synchronous=%s", argv[2], argv[3]);
  run(db, sql);
  run(db, "CREATE TABLE t(id INTEGER PRIMARY KEY, a TEXT, b INT); CREATE INDEX ti ON t(b)");

  sqlite3_stmt *insert = prepare(db, "INSERT INTO t(a,b) VALUES(hex(randomblob(50)),?)");
  double begun = now();
  run(db, "BEGIN");
  for (unsigned i = 0; i < ROWS; i++) step(db, insert, (int)((i * 2654435761u) >> 4), SQLITE_DONE);
  run(db, "COMMIT");
  printf("load_rows_per_s %.0f\n", ROWS / (now() - begun));

  double *latency = malloc(sizeof(double) * writes), total = now();
  for (int i = 0; i < writes; i++) {
    begun = now();
    step(db, insert, rand(), SQLITE_DONE);
    latency[i] = now() - begun;
  }
  total = now() - total;
  sqlite3_finalize(insert);
  qsort(latency, writes, sizeof(double), by_size);
  printf("commits_per_s %.0f\ncommit_p50_us %.1f\ncommit_p99_us %.1f\n", writes / total, latency[writes / 2] * 1e6,
         latency[writes * 99 / 100] * 1e6);

  printf("reads_per_s %.0f\n", reads(db, read_count));
  if (sqlite3_open(argv[1], &cold) != SQLITE_OK) fail(cold, argv[1]);
  run(cold, "PRAGMA cache_size=10");
  printf("cold_reads_per_s %.0f\n", reads(cold, read_count));
  begun = now();
  for (int i = 0; i < 10; i++) run(cold, "SELECT sum(length(a)), sum(b) FROM t");
  printf("scan_per_s %.1f\n", 10 / (now() - begun));
  sqlite3_close(cold);
  sqlite3_close(db);
  return 0;
}
