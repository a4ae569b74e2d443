import { expect, test } from 'vitest'
import { checkSql } from '../check-sql.js'
import { seededFolder } from './seeded-folder.js'

const MIGRATION = `-- Names have to outlive a session.
create schema fencepost;
create unlogged table fencepost.gates (
  key bigint primary key,
  token bigint not null check (token > 0)
);
`
const GUARD = body(`perform fencepost.key(guard.name)::text;
  perform 'SELECT :name'; -- FROM Here on :name
  select g.token into found from fencepost.gates g where g.key = 1;`)
const SOUND = {
  'migrations/0001_gates.sql': MIGRATION,
  'functions/guard.sql': GUARD,
  'functions/key.sql': `create or replace function fencepost.key(name text) returns bigint language sql
return pg_catalog.hashtextextended(name, 0);
`,
}

/** @param {string} text @param {string} returns */
function body(text, returns = 'bigint') {
  return `-- Refuses a late writer.
create or replace function fencepost.guard(name text)
returns ${returns} language plpgsql as $$
declare found bigint;
begin
  ${text}
  return found;
end $$;
`
}

/** @param {Record<string, string>} changes */
function check(changes) {
  const entries = Object.entries({ ...SOUND, ...changes }).map(([path, content]) => [
    `packages/fencepost/sql/${path}`,
    content,
  ])
  return checkSql(seededFolder(Object.fromEntries(entries))).problems
}

test('SQL in order passes, also with colons and capitals in strings and comments', () => {
  expect(check({})).toEqual([])
})

test.each([
  [
    'a gap in the numbers',
    { 'migrations/0003_more.sql': '-- Why.\n' },
    /0003_more\.sql: has the number 0003 where 0002/,
  ],
  ['a number that stands twice', { 'migrations/0001_more.sql': '-- Why.\n' }, /has the number 0001 where 0002/],
  ['a migration without a number', { 'migrations/more.sql': '-- Why.\n' }, /NNNN_what\.sql/],
  [
    'a migration without a reason',
    { 'migrations/0001_gates.sql': `\n${MIGRATION}` },
    /0001_gates\.sql:1: the first line says why/,
  ],
  [
    'a table without its schema',
    { 'migrations/0002_a.sql': '-- Why.\ncreate table a (b int);\n' },
    /creates a without its schema/,
  ],
  [
    'a function in another file',
    { 'functions/check.sql': GUARD },
    /creates fencepost\.guard; a file of this name holds fencepost\.check/,
  ],
  ['two functions in a file', { 'functions/guard.sql': GUARD + GUARD }, /creates 2 functions/],
  ['a file without a function', { 'functions/guard.sql': 'select 1;\n' }, /creates 0 functions/],
  ['create without replace', { 'functions/guard.sql': GUARD.replace(' or replace', '') }, /create or replace/],
  ['a function of 61 lines', { 'functions/guard.sql': body('perform 1;\n'.repeat(54)) }, /61 lines/],
  [
    'a view in another file',
    { 'views/gates.sql': 'create or replace view fencepost.keys as select 1 as key;\n' },
    /creates fencepost\.keys; a file of this name holds fencepost\.gates/,
  ],
  ['a view that is not replaced', { 'views/all.sql': 'create view fencepost.all as select 1 as key;\n' }, /or replace/],
  ['a file without a view', { 'views/all.sql': 'select 1;\n' }, /one view a file/],
  ['a psql variable', { 'functions/guard.sql': `${GUARD}select :name;\n` }, /psql variable.*:name/],
  ['a quoted psql variable', { 'functions/guard.sql': `${GUARD}select :'name';\n` }, /psql variable/],
  ['a psql command', { 'functions/guard.sql': `${GUARD}\\echo done\n` }, /psql command.*\\echo/],
  [
    'a built statement',
    { 'functions/guard.sql': body(`execute format('select %I', name);`) },
    /guard\.sql:6: SQL built from strings/,
  ],
  ['a statement in a string', { 'functions/guard.sql': body(`execute 'select ' || name;`) }, /SQL built from strings/],
  ['a statement in a variable', { 'functions/guard.sql': body('execute name;') }, /SQL built from strings/],
  ['a void function', { 'functions/guard.sql': body('', 'void').replaceAll(/ +$/gm, '') }, /returns void/],
  [
    'an upper-case keyword',
    { 'functions/guard.sql': body('SELECT 1 into found;') },
    /guard\.sql:6: upper case.*SELECT/,
  ],
  ['a name in camel case', { 'functions/guard.sql': body('found := lockName;') }, /upper case.*lockName/],
  ['a tab', { 'functions/guard.sql': body('\tperform 1;') }, /guard\.sql:6: a tab/],
  ['a trailing space', { 'functions/guard.sql': body('perform 1; ') }, /guard\.sql:6: trailing space/],
  [
    'a table without its schema in a body',
    { 'functions/guard.sql': body('delete from gates;') },
    /write fencepost\.gates/,
  ],
  [
    'a function without its schema in a body',
    { 'functions/guard.sql': body('perform key(name);') },
    /write fencepost\.key/,
  ],
  [
    "a function with its owner's rights and the caller's search_path",
    { 'functions/guard.sql': GUARD.replace('language plpgsql', 'language plpgsql security definer') },
    /guard\.sql: security definer, and a trigger, needs: set search_path = pg_catalog, pg_temp/,
  ],
  [
    'one whose search_path leaves pg_temp first',
    {
      'functions/guard.sql': GUARD.replace(
        'language plpgsql',
        'language plpgsql security definer set search_path = pg_catalog',
      ),
    },
    /security definer, and a trigger, needs/,
  ],
  [
    "a trigger with the writer's search_path",
    { 'functions/guard.sql': body('', 'trigger').replaceAll(/ +$/gm, '') },
    /security definer, and a trigger, needs/,
  ],
  [
    "a table of the server's without its schema",
    { 'functions/guard.sql': body('perform from pg_locks;') },
    /guard\.sql:6: pg_locks without its schema; write pg_catalog\.pg_locks/,
  ],
])('%s fails', (_, changes, message) => {
  expect(check(/** @type {Record<string, string>} */ (changes))).toEqual([expect.stringMatching(message)])
})

test("a function with its owner's rights and a pinned search_path passes", () => {
  const pinned = 'language plpgsql security definer set search_path = pg_catalog, pg_temp'
  expect(check({ 'functions/guard.sql': GUARD.replace('language plpgsql', pinned) })).toEqual([])
})

test('a built statement that says why it has to be one passes', () => {
  const text = `-- dynamic: a trigger takes the name of the user's table\n  execute format('create trigger a on %s', name);`
  expect(check({ 'functions/guard.sql': body(text) })).toEqual([])
})

test('an alias and a key of a table are no calls of functions by those names', () => {
  const text = `insert into fencepost.gates as key (token) values (1) returning key.token into found;`
  expect(check({ 'functions/guard.sql': body(text) })).toEqual([])
})

test('a grant to execute and a trigger that executes are no built statements', () => {
  const more =
    'grant execute on function fencepost.guard(text) to public;\ncreate trigger a before update on b execute function fencepost.guard();\n'
  expect(check({ 'functions/guard.sql': GUARD + more })).toEqual([])
})
