// The Go driver's program: what every driver's program does (cli.sh says it), by modernc.org/sqlite.
package main

import (
	"database/sql"
	"fmt"
	"log"
	"os"

	_ "modernc.org/sqlite"
)

func main() {
	db, err := sql.Open("sqlite", os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	execute := func(statement string, values ...any) {
		if _, err := db.Exec(statement, values...); err != nil {
			log.Fatal(statement, ": ", err)
		}
	}
	execute("PRAGMA journal_mode=" + os.Args[2])
	execute("CREATE TABLE d(n INTEGER PRIMARY KEY, a TEXT)")
	for n := 1; n <= 5; n++ {
		execute("INSERT INTO d VALUES(?, 'go')", n)
	}
	var line string
	if err := db.QueryRow("SELECT sqlite_version() || ' ' || sum(n) FROM d").Scan(&line); err != nil {
		log.Fatal(err)
	}
	fmt.Println(line)
	if err := db.Close(); err != nil {
		log.Fatal(err)
	}
}
