import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CAPTURE_ERRORS, explainLine } from '../../src/input/capture-errors.ts';

test.each([
  ['ptrace: Operation not permitted.', 'no-ptrace-rights'],
  [
    'Could not attach to process.  If your uid matches the uid of the target process, check the setting of',
    'yama-ptrace-scope',
  ],
  ['process, check the setting of /proc/sys/kernel/yama/ptrace_scope, or try', 'yama-ptrace-scope'],
  [
    `Permission Denied: Try running again with elevated permissions by going 'sudo env "PATH=$PATH" !!'`,
    'no-ptrace-rights',
  ],
  ['Permission Denied', 'no-ptrace-rights'],
  [
    'It looks like you are running in a docker container. Please make sure you started your container with the SYS_PTRACE capability.',
    'container-without-ptrace',
  ],
  ['This program requires root on OSX.', 'macos-needs-root'],
  ['Error: Failed to find python version from target process', 'python-not-found-in-process'],
  ['Error: Failed to open process - check if it is running.', 'process-not-found'],
  ['Error: Failed to get process executable name. Check that the process is running.', 'process-not-found'],
  ['Error: Failed to suspend process', 'process-is-stopped'],
  ['Error: failed to get os threadid', 'process-is-stopped'],
  ['Error: Failed to merge native and python frames (Have 3 native and 4 python)', 'native-merge-failed'],
  ['Error: Failed to copy PyThreadState', 'interpreter-unreadable'],
  ['Error: Max frame recursion depth reached', 'interpreter-unreadable'],
  ['Error: Unsupported version of Python: 3.15.0', 'unsupported-python'],
  ['[2026-01-02T03:04:05.123456789Z WARN  py_spy::python_spy] something odd', 'py-spy-failed'],
  ['💀 Engine error: Operation not permitted 💀', 'no-ptrace-rights'],
  ['💀 Engine error: Could not read the contents of /proc/999999/task 💀', 'process-not-found'],
  ['💀 Engine error: Could not determine python version from /usr/bin/bash 💀', 'python-not-found-in-process'],
  ['WARNING(process_remote): Failed to attach to thread 27560: Operation not permitted', 'no-ptrace-rights'],
  ['ptrace: No such process.', 'process-not-found'],
  ['Undefined command: "py-bt".  Try "help".', 'py-bt-missing'],
  ['No symbol table is loaded.  Use the "file" command.', 'no-debug-symbols'],
  ['(No debugging symbols found in /usr/bin/python3.11)', 'no-debug-symbols'],
  ['eu-stack: dwfl_linux_proc_report pid 999999: No such file or directory', 'process-not-found'],
  ['eu-stack: dwfl_linux_proc_report pid 6246: Permission denied', 'no-ptrace-rights'],
  ['error: attach failed: Operation not permitted', 'no-ptrace-rights'],
  ['bash: py-spy: command not found', 'tool-not-found'],
  ['sudo: py-spy: command not found', 'tool-not-found'],
  ['sh: 1: gdb: not found', 'tool-not-found'],
  [
    'OCI runtime exec failed: exec failed: exec: "py-spy": executable file not found in $PATH: unknown',
    'tool-not-found',
  ],
  ['warning: process 4242 is a zombie - the process has already terminated', 'process-is-zombie'],
  ['warning: process 4242 is already traced by process 77', 'already-traced'],
  ['warning: Target and debugger are in different PID namespaces; thread lists may be', 'gdb-cannot-load-target'],
  ["warning: Unable to find libthread_db matching inferior's thread library", 'libthread-db-missing'],
  ['Full thread dump OpenJDK 64-Bit Server VM (17.0.9+9 mixed mode):', 'foreign-java'],
  ['"main" #1 prio=5 os_prio=0 cpu=92.11ms elapsed=20.12s tid=0x00007f nid=0x1 runnable', 'foreign-java'],
  ['goroutine 1 [running]:', 'foreign-go'],
  ['OS Thread Id: 0x1a2b (0)', 'foreign-dotnet'],
  ['    at Module._compile (node:internal/modules/cjs/loader:1105:14)', 'foreign-node'],
  ["from /srv/app/lib/worker.rb:12:in `run'", 'foreign-ruby'],
  ['#0 /var/www/index.php(12): handle()', 'foreign-php'],
])('explains %s', (line, code) => {
  expect(explainLine(line)?.code).toBe(code);
});

test.each([
  'Any idea?',
  "a reboot happens) by running 'echo 0 | sudo tee /proc/sys/kernel/yama/ptrace_scope'.",
  'Thread 4242 (idle): "MainThread"',
  '    wait (threading.py:320)',
  '#0  0x00007f8c9b0a3f16 in poll () from /lib/x86_64-linux-gnu/libc.so.6',
  '  File "/srv/a.py", line 3, in get',
  'PermissionError: [Errno 13] Permission denied',
  'ValueError: Failed to open the door',
])('says nothing about %s', (line) => {
  expect(explainLine(line)).toBeUndefined();
});

/** The reason in a real capture's file name, and the code that must explain it. */
const REASONS: Readonly<Record<string, string>> = {
  permission: 'no-ptrace-rights',
  'already-traced': 'no-ptrace-rights',
  'no-such-process': 'process-not-found',
  'without-helper': 'py-bt-missing',
  'not-python': 'python-not-found-in-process',
  'core-without-version': 'python-not-found-in-process',
  stopped: 'process-is-stopped',
  'too-old-for-python': 'unsupported-python',
};

const CAPTURES = join(import.meta.dirname, '../../fixtures/formats/capture-errors');

test.each(readdirSync(CAPTURES).filter((name) => name.endsWith('.txt')))('explains the real capture %s', (name) => {
  const lines = readFileSync(join(CAPTURES, name), 'utf8').split('\n');
  const codes = lines.map((line) => explainLine(line)?.code);
  const reason = Object.keys(REASONS).find((part) => name.includes(part)) ?? name;
  expect(codes).toContain(REASONS[reason]);
});

describe('the table', () => {
  test('has a code of its own for each error, and a way out', () => {
    const codes = CAPTURE_ERRORS.map(({ code }) => code);
    expect(new Set(codes).size).toBe(codes.length);
    for (const { message, hint } of CAPTURE_ERRORS) {
      expect(message).toMatch(/^[\w ].*[^.]$/s);
      expect(hint.length).toBeGreaterThan(20);
    }
  });

  test('never throws', () => {
    fc.assert(fc.property(fc.string({ maxLength: 3000 }), (text) => explainLine(text) === undefined || true));
  });
});
