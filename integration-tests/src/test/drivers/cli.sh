#!/usr/bin/env bash
# cli.sh DB MODE: what every driver's program does. Creates a table, inserts five rows in a transaction each, reads them
# back and prints SQLite's version and the sum.
set -euo pipefail
sqlite3 -bail "$1" "PRAGMA journal_mode=$2" >/dev/null
sqlite3 -bail "$1" "CREATE TABLE d(n INTEGER PRIMARY KEY, a TEXT)"
for n in 1 2 3 4 5; do sqlite3 -bail "$1" "INSERT INTO d VALUES($n, 'sqlite3')"; done
sqlite3 -bail "$1" "SELECT sqlite_version() || ' ' || sum(n) FROM d"
