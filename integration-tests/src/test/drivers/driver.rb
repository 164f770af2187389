# driver.rb DB MODE: what every driver's program does (cli.sh says it).
require "sqlite3"

database = SQLite3::Database.new(ARGV[0])
database.execute("PRAGMA journal_mode=#{ARGV[1]}")
database.execute("CREATE TABLE d(n INTEGER PRIMARY KEY, a TEXT)")
(1..5).each { |n| database.transaction { database.execute("INSERT INTO d VALUES(?, 'ruby')", [n]) } }
puts database.get_first_value("SELECT sqlite_version() || ' ' || sum(n) FROM d")
database.close
