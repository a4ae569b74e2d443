# A worker in Python: DATABASE_URL=postgres://… python3 worker.py. Debian: apt-get install python3-psycopg2
import json, os, select, socket, time
import psycopg2

QUEUES, NAMES = ['python'], ['resize', 'count']
connection = psycopg2.connect(os.environ['DATABASE_URL'], application_name='worker.py')
connection.autocommit = True
cursor = connection.cursor()

def ask(text, *values):
    cursor.execute(text, values)
    return cursor.fetchone()[0]

def run(job):
    print(job['name'], 'attempt', job['attempt'], 'token', job['token'], flush=True)
    time.sleep(job['payload'].get('seconds', 0))
    return {'width': job['payload']['width'] // 2}

def end(job):
    try:
        result = json.dumps([run(job)])
        return ask('select fencepost.finish_jobs(%s, %s::bigint[], %s)', job['token'], [job['id']], result)
    except Exception as error:  # again after 1 s, 2 s, 4 s …; dead without a delay
        delay = 1000 * 2 ** (job['attempt'] - 1) if job['attempt'] < job['attempts'] else None
        failure = json.dumps([{'id': job['id'], 'error': repr(error), 'delayMs': delay}])
        return ask('select fencepost.fail_jobs(%s, %s)', job['token'], failure)

session = ask('select fencepost.open_worker(%s, 1, null, %s, %s, %s)', QUEUES, 'worker.py', socket.gethostname(), os.getpid())
cursor.execute('listen "fencepost:jobs"')
while True:
    found = json.loads(ask('select fencepost.look_for_jobs(%s, %s, 1, 1, %s, true)', session, QUEUES, NAMES))
    for job in found['jobs']:
        if not end(job):
            print('job', job['id'], 'was cancelled, or taken over: nothing of it is recorded')
    if not found['jobs']:
        wait, due = 0.4 if found['outlook']['isBusy'] else 5, found['outlook']['dueMs']
        select.select([connection], [], [], wait if due is None else max(0, min(wait, due / 1000)))
        connection.poll()
        connection.notifies.clear()
    ask('select fencepost.unregister_sleeper(%s)', QUEUES)
