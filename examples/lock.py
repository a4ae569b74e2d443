# A lock, a fenced write and a refused zombie in Python: DATABASE_URL=postgres://… python3 lock.py, after npx fencepost migrate.
import os, uuid
import psycopg2

NAME = f'example:{uuid.uuid4()}'

def connect():
    connection = psycopg2.connect(os.environ['DATABASE_URL'])
    connection.autocommit = True  # a lock is for the connection, and call wants to be in no transaction
    return connection.cursor()

def ask(cursor, text, *values):
    cursor.execute(text, values)
    return cursor.fetchone()[0]

def pay(cursor, token, invoice):
    cursor.execute('begin')
    try:
        cursor.execute('insert into example_py values (%s, %s)', (invoice, token))
        ask(cursor, 'select fencepost.enqueue(%s, %s)', 'send-receipt', f'{{"invoice": {invoice}}}')
        ask(cursor, 'select fencepost.guard(%s, %s)', NAME, token)  # last: it keeps the next holder waiting until the commit
        cursor.execute('commit')
    except psycopg2.Error as error:
        cursor.execute('rollback')
        return error.pgcode

one, two, three = connect(), connect(), connect()
one.execute('drop table if exists example_py; create table example_py (invoice int, token bigint)')
old = ask(one, "call fencepost.lock(%s, '5 s')", NAME)
pay(one, old, 42)
ask(two, 'select pg_terminate_backend(backend) from fencepost.who(%s)', NAME)  # as after a freeze that was too long
new = ask(two, "call fencepost.lock(%s, '5 s')", NAME)
print('the next has a larger token:', new > old)
print('the zombie is refused:', pay(three, old, 43))
print('released:', ask(two, 'select fencepost.unlock(%s)', NAME))
print('payouts:', ask(two, 'select count(*) from example_py'))
# the next has a larger token: True
# the zombie is refused: LK001
# released: True
# payouts: 1
