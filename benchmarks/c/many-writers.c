/*
 * Writes now and then to each of many SQLite databases, as many tenants do.
 *
 *   many-writers DIRECTORY COUNT SECONDS PERIOD_SECONDS
 *
 * Each database DIRECTORY/N.db gets one row a period, spread evenly over it, by a connection that stays open. With
 * SECONDS 0 every database is made, with one row, and that is all. Prints "writes N" and "late N": those that began more
 * than a second late.
 */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

static sqlite3 **connections;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec * 1e-9;
}

static void run(sqlite3 *db, int number, const char *sql) {
  if (sqlite3_exec(db, sql, 0, 0, 0) != SQLITE_OK) {
    fprintf(stderr, "many-writers: database %d: %s\n", number, sqlite3_errmsg(db));
    exit(1);
  }
}

static void open_one(const char *directory, int number) {
  char path[4096];
  snprintf(path, sizeof path, "%s/%d.db", directory, number);
  if (sqlite3_open(path, &connections[number]) != SQLITE_OK) {
    fprintf(stderr, "many-writers: %s: %s\n", path, sqlite3_errmsg(connections[number]));
    exit(1);
  }
  sqlite3_busy_timeout(connections[number], 5000);
  run(connections[number], number,
      "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
      "CREATE TABLE IF NOT EXISTS t(id INTEGER PRIMARY KEY, a BLOB)");
}

static void write_to(int number) {
  run(connections[number], number, "INSERT INTO t(a) VALUES(randomblob(200))");
}

int main(int argc, char **argv) {
  if (argc != 5) {
    fprintf(stderr, "usage: many-writers DIRECTORY COUNT SECONDS PERIOD_SECONDS\n");
    return 2;
  }
  int count = atoi(argv[2]);
  double seconds = atof(argv[3]), period = atof(argv[4]);
  long writes = 0, late = 0;
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  connections = calloc(count, sizeof *connections);
  for (int i = 0; i < count; i++) open_one(argv[1], i);
  double begun = now();
  if (seconds == 0) {
    for (int i = 0; i < count; i++, writes++) write_to(i);
  } else {
    for (; now() - begun < seconds; writes++) {
      double due = begun + writes * period / count, wait = due - now();
      if (wait > 0) {
        struct timespec t = {(long)wait, (long)((wait - (long)wait) * 1e9)};
        nanosleep(&t, 0);
      } else if (wait < -1) {
        late++;
      }
      write_to(writes % count);
    }
  }
  for (int i = 0; i < count; i++) sqlite3_close(connections[i]);
  printf("writes %ld\nlate %ld\n", writes, late);
  return 0;
}
