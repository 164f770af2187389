// driver.js DB MODE: what every driver's program does (cli.sh says it).
const sqlite3 = require('sqlite3');

const [path, mode] = process.argv.slice(2);
const fail = (error) => {
  if (error) {
    console.error(error);
    process.exit(1);
  }
};
const database = new sqlite3.Database(path, fail);
database.serialize(() => {
  database.get(`PRAGMA journal_mode=${mode}`, fail);
  database.run('CREATE TABLE d(n INTEGER PRIMARY KEY, a TEXT)', fail);
  for (let n = 1; n <= 5; n++) {
    database.run("INSERT INTO d VALUES(?, 'node')", n, fail);
  }
  database.get("SELECT sqlite_version() || ' ' || sum(n) AS line FROM d", (error, row) => {
    fail(error);
    console.log(row.line);
  });
});
database.close(fail);
