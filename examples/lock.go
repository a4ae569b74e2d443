// A lock, a fenced write and a refused zombie in Go: DATABASE_URL=postgres://… go run lock.go, after npx fencepost migrate.
package main

import (
	"context"
	"database/sql"
	"fmt"
	"os"

	"github.com/lib/pq"
)

var ctx, name = context.Background(), fmt.Sprint("example:", os.Getpid())

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func ask[T any](on *sql.Conn, query string, values ...any) (answer T) {
	must(0, on.QueryRowContext(ctx, query, values...).Scan(&answer))
	return answer
}

func pay(on *sql.Conn, token int64, invoice int) error {
	tx := must(on.BeginTx(ctx, nil))
	defer tx.Rollback()
	must(tx.Exec("insert into example_go values ($1, $2)", invoice, token))
	must(tx.Exec("select fencepost.enqueue('send-receipt', jsonb_build_object('invoice', $1::int))", invoice))
	// Last: it keeps the next holder waiting until the commit.
	if _, err := tx.Exec("select fencepost.guard($1, $2)", name, token); err != nil {
		return err
	}
	return tx.Commit()
}

func main() {
	db := must(sql.Open("postgres", os.Getenv("DATABASE_URL")))
	must(db.Exec("drop table if exists example_go; create table example_go (invoice int, token bigint)"))
	// A lock is for a connection, not for a pool of them.
	one, two, three := must(db.Conn(ctx)), must(db.Conn(ctx)), must(db.Conn(ctx))
	old := ask[int64](one, "call fencepost.lock($1, '5 s')", name)
	must(0, pay(one, old, 42))
	ask[bool](two, "select pg_terminate_backend(backend) from fencepost.who($1)", name) // as after a freeze that was too long
	fmt.Println("the next has a larger token:", ask[int64](two, "call fencepost.lock($1, '5 s')", name) > old)
	fmt.Println("the zombie is refused:", pay(three, old, 43).(*pq.Error).Code)
	fmt.Println("released:", ask[bool](two, "select fencepost.unlock($1)", name))
	fmt.Println("payouts:", ask[int](two, "select count(*) from example_go"))
}

// the next has a larger token: true
// the zombie is refused: LK001
// released: true
// payouts: 1
