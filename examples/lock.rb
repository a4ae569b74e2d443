# A lock, a fenced write and a refused zombie in Ruby: DATABASE_URL=postgres://… ruby lock.rb, after npx fencepost migrate.
require 'pg'
require 'securerandom'

NAME = "example:#{SecureRandom.uuid}"

def connect = PG.connect(ENV.fetch('DATABASE_URL')).tap { |connection| connection.exec('set client_min_messages = warning') }

def ask(connection, text, *values) = connection.exec_params(text, values).getvalue(0, 0)

def pay(connection, token, invoice)
  connection.transaction do
    connection.exec_params('insert into example_rb values ($1, $2)', [invoice, token])
    ask(connection, 'select fencepost.enqueue($1, $2)', 'send-receipt', %({"invoice": #{invoice}}))
    ask(connection, 'select fencepost.guard($1, $2)', NAME, token) # last: it keeps the next holder waiting until the commit
  end
rescue PG::Error => error
  error.result.error_field(PG::PG_DIAG_SQLSTATE)
end

one, two, three = Array.new(3) { connect }
one.exec('drop table if exists example_rb; create table example_rb (invoice int, token bigint)')
# A lock is for the connection; call wants to be in no transaction.
old = ask(one, "call fencepost.lock($1, '5 s')", NAME)
pay(one, old, 42)
ask(two, 'select pg_terminate_backend(backend) from fencepost.who($1)', NAME) # as after a freeze that was too long
new = ask(two, "call fencepost.lock($1, '5 s')", NAME)
puts "the next has a larger token: #{Integer(new) > Integer(old)}"
puts "the zombie is refused: #{pay(three, old, 43)}"
puts "released: #{ask(two, 'select fencepost.unlock($1)', NAME)}"
puts "payouts: #{ask(two, 'select count(*) from example_rb')}"
# the next has a larger token: true
# the zombie is refused: LK001
# released: t
# payouts: 1
