import type { Facts, ThreadFacts } from '../../analysis/facts.ts';
import { witness } from '../_shared/evidence.ts';
import { defineRule, type Match } from '../rule.ts';

const DRIVER = 'c:#database-driver!';

const NOTES = {
  [DRIVER]: 'a driver of a database, in C',
  'py:#database-request!': 'waits for the database to answer a statement',
  'c:#database-request!': 'waits for the database to answer a statement',
  'c:{sqlite3InvokeBusyHandler, sqliteDefaultBusyCallback, btreeInvokeBusyHandler, sqlite3_step, sqlite3_exec}!':
    'waits for another connection to give the database free',
};
const SQLITE =
  'c:{sqlite3InvokeBusyHandler, sqliteDefaultBusyCallback, btreeInvokeBusyHandler, sqlite3_step, sqlite3_exec}!';
/** Locks of databases that live in the process: DuckDB, LMDB, RocksDB, Berkeley DB. */
const ENGINE =
  'c:{StorageLock::GetExclusiveLock, StorageLock::GetSharedLock, StorageLockInternals::GetExclusiveLock, mdb_txn_begin, mdb_mutex_failed, PointLockManager::AcquireWithTimeout, PointLockManager::TryLock, lock_get_internal, db_lget}!';
const NEEDS_WHOLE_TABLE =
  'py:{drop_all, drop_tables, drop_table, _fixture_teardown, sql_flush, execute_sql_flush, truncate, visit_drop_table, alter_field, add_column, drop_column, alter_column}';

export default defineRule({
  id: 'statement-not-answered',
  cause: 'db-lock-wait',
  library: undefined,
  title: 'a statement waits in the database, most likely for a lock of another transaction',
  summary:
    'The driver has sent a statement and waits for the answer of the database. Seen from here that is all; most often the statement waits, in the server, for a lock that another transaction holds and does not give up.',
  explanation:
    'A transaction keeps its locks until it commits or rolls back. A session that has read or changed something and was then forgotten, which the server shows as "idle in transaction", blocks ALTER, DROP and TRUNCATE of the same table, and changes of the same rows. Often it is the same process: a second connection, a test that did not close its session. It depends on who comes first, so it does not happen every time. A long query looks the same from outside.',
  signatures: [
    { find: 'py:#database-request!$', confidence: 'possible', notes: NOTES },
    { find: 'py:#database-request! -> py:{#read, #poll}$', confidence: 'possible', notes: NOTES },
    { find: 'c:#database-request! -> c:{#read, #poll}$', confidence: 'possible', notes: NOTES },
    { find: 'py:#database-request! -> c:{#read, #poll}$', confidence: 'possible', notes: NOTES },
    { find: `${DRIVER} -> c:{#read, #poll}$`, confidence: 'possible', notes: NOTES },
    {
      find: `${NEEDS_WHOLE_TABLE} -> py:#database-request!$`,
      confidence: 'likely',
      notes: NOTES,
    },
    { find: `${NEEDS_WHOLE_TABLE} -> py:#database-request! -> py:{#read, #poll}$`, confidence: 'likely', notes: NOTES },
    { find: `${SQLITE} -> c:#sleep`, confidence: 'possible', stuck: 'likely', notes: NOTES },
    { find: 'c:*@libsqlite3* -> c:#sleep', confidence: 'possible', stuck: 'likely' },
    { find: ENGINE, confidence: 'possible', notes: NOTES },
  ],
  match,
  needs: [
    'the Python frames of the driver, or its C frames: py-spy dump --native --pid PID',
    'to be sure: the list of locks in the server (below)',
  ],
  notWhen: [
    'the server is at work on a long query: it uses CPU or disk, and its list of locks shows nobody waiting',
    'the connection is dead: then the server does not know the session any more',
  ],
  remediation: [
    {
      kind: 'now',
      step: 'PostgreSQL: who waits for whom, and what the blocker last did. pg_terminate_backend(pid) ends the blocker.',
      command:
        'psql -c "SELECT pid, state, wait_event_type, pg_blocking_pids(pid), left(query, 80) FROM pg_stat_activity WHERE datname IS NOT NULL"',
    },
    {
      kind: 'now',
      step: 'MySQL and MariaDB: the transactions that are open and what they wait for. KILL ends the blocker.',
      command: 'mysql -e "SHOW FULL PROCESSLIST; SHOW ENGINE INNODB STATUS\\G"',
    },
    { kind: 'now', step: 'SQLite: which processes have the file open.', command: 'fuser -v FILE.db' },
    {
      kind: 'fix',
      step: 'End transactions where they begin: "with connection.begin():", "with Session() as session:", autocommit for reads; close the session before dropping its tables.',
    },
    {
      kind: 'prevent',
      step: 'Let the server give up: lock_timeout and idle_in_transaction_session_timeout (PostgreSQL), innodb_lock_wait_timeout (MySQL), timeout= and WAL mode (SQLite).',
    },
    {
      kind: 'verify',
      step: 'With lock_timeout set the statement fails ("canceling statement due to lock timeout") instead of waiting; log_lock_waits = on writes who holds the lock to the log of the server.',
    },
  ],
  references: [
    {
      title: 'psycopg/psycopg2#1226',
      url: 'https://github.com/psycopg/psycopg2/issues/1226',
      establishes: 'an UPDATE that never comes back from execute(): PQgetResult, and poll() below it',
    },
    {
      title: 'psycopg/psycopg#739',
      url: 'https://github.com/psycopg/psycopg/issues/739',
      establishes: 'the maintainer of the driver shows how to find the blocking session in pg_locks',
    },
    {
      title: 'PostgreSQL: explicit locking',
      url: 'https://www.postgresql.org/docs/current/explicit-locking.html',
      establishes: 'ALTER, DROP and TRUNCATE need a lock that conflicts with every other, even that of a SELECT',
    },
    {
      title: 'SQLite: busy timeout',
      url: 'https://www.sqlite.org/c3ref/busy_timeout.html',
      establishes: 'the busy handler sleeps and tries again until its time is over',
    },
  ],
});

/**
 * Drivers in C leave no Python frame of theirs: who called them seems to rest on a line of its own. Where the dump shows variables,
 * a cursor and a statement among them say what it waits for.
 */
function* match({ threads }: Facts): Iterable<Match> {
  for (const one of threads) {
    if (one.thread.activity !== 'idle' || one.thread.view.native || !holdsStatement(one)) continue;
    const [innermost] = one.frames;
    yield {
      confidence: 'possible',
      threads: [
        witness(one, 'rests where it has a cursor and a statement', [
          { find: (frame) => frame === innermost, note: 'has a cursor of a driver in C, and a statement' },
        ]),
      ],
    };
  }
}

function holdsStatement({ frames }: ThreadFacts): boolean {
  const [innermost] = frames;
  if (innermost === undefined) return false;
  const values = [...innermost.frame.arguments, ...innermost.frame.locals].map(({ value }) => value);
  return values.some((value) => CURSOR.test(value)) && values.some((value) => STATEMENT.test(value));
}

/** "<psycopg2.extensions.cursor at 0x7fa81f789d60>" */
const CURSOR = /^<(?:psycopg2|MySQLdb|_mysql|pyodbc|cx_Oracle|oracledb|sqlite3|_mssql|pymssql|ibm_db)[.\w]*\bcursor\b/i;

/** "ALTER TABLE orders ADD COLUMN note text" */
const STATEMENT =
  /^["']\s*(?:select|insert|update|delete|replace|merge|alter|drop|truncate|create|lock|vacuum|reindex|refresh|call|with)\b/i;
