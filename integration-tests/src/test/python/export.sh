#!/usr/bin/env bash
# export.sh LAUNCHER DATA DATABASE FILE: what check_databases.py calls.
exec "$1" export "$3" -o "$4" --data "$2"
