/*
 * Writes now and then to each of many SQLite databases, as many tenants do.
 *
 *   many-writers DIRECTORY COUNT SECONDS PERIOD_SECONDS
 *
 * Each database DIRECTORY/N.db gets one row a period, spread evenly over it; it is open only meanwhile. With SECONDS 0
 * every database is made, with one row, and that is all. Prints "writes N" and "late N": those that began a second late.
 */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec * 1e-9;
}

static void write_to(const char *directory, int number) {
  char path[4096];
  sqlite3 *db;
  snprintf(path, sizeof path, "%s/%d.db", directory, number);
  if (sqlite3_open(path, &db) != SQLITE_OK
      || sqlite3_busy_timeout(db, 5000) != SQLITE_OK
      || sqlite3_exec(db,
                      "PRAGMA journal_mode=WAL; CREATE TABLE IF NOT EXISTS t(id INTEGER PRIMARY KEY, a BLOB);"
                      "INSERT INTO t(a) VALUES(randomblob(200))",
                      0, 0, 0)
             != SQLITE_OK) {
    fprintf(stderr, "many-writers: %s: %s\n", path, sqlite3_errmsg(db));
    exit(1);
  }
  sqlite3_close(db);
}

int main(int argc, char **argv) {
  if (argc != 5) {
    fprintf(stderr, "usage: many-writers DIRECTORY COUNT SECONDS PERIOD_SECONDS\n");
    return 2;
  }
  int count = atoi(argv[2]);
  double seconds = atof(argv[3]), period = atof(argv[4]);
  long writes = 0, late = 0;
  double begun = now();
  if (seconds == 0) {
    for (int i = 0; i < count; i++, writes++) write_to(argv[1], i);
  } else {
    for (; now() - begun < seconds; writes++) {
      double due = begun + writes * period / count, wait = due - now();
      if (wait > 0) {
        struct timespec t = {(long)wait, (long)((wait - (long)wait) * 1e9)};
        nanosleep(&t, 0);
      } else if (wait < -1) {
        late++;
      }
      write_to(argv[1], writes % count);
    }
  }
  printf("writes %ld\nlate %ld\n", writes, late);
  return 0;
}
