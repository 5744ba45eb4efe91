/** A line by which a capture tool says that it failed, and the way out. */
export interface CaptureError {
  /** Stable, for programs. */
  readonly code: string;
  readonly pattern: RegExp;
  /** What the line means, in one sentence. */
  readonly message: string;
  /** The command or the setting that mends it. */
  readonly hint: string;
}

type Explanation = Pick<CaptureError, 'code' | 'message' | 'hint'>;

/** Says what a capture tool's error line means; `undefined` for every other line. */
export function explainLine(text: string): Explanation | undefined {
  // No tool's error is that long; a log may be.
  if (text.length > 1000) return undefined;
  const found = CAPTURE_ERRORS.find(({ pattern }) => pattern.test(text));
  if (found === undefined) return undefined;
  const { code, message, hint } = found;
  return { code, message, hint };
}

const PTRACE_HINT =
  'Run it as root: sudo -E env "PATH=$PATH" py-spy dump --pid PID. ' +
  'In a container start it with --cap-add SYS_PTRACE; in Kubernetes add SYS_PTRACE to securityContext.capabilities.add, ' +
  'or use: kubectl debug -it POD --image=IMAGE --target=CONTAINER --profile=sysadmin';

/** The first that fits wins: the particular before the general. */
export const CAPTURE_ERRORS: readonly CaptureError[] = [
  {
    code: 'yama-ptrace-scope',
    // "Could not attach to process.  If your uid matches the uid of the target process, check the setting of /proc/sys/kernel/yama/ptrace_scope"
    // pystack's help names the setting as one of several ways out, which says nothing of this machine.
    pattern: /^\s*Could not attach to process\. |check the setting of .*ptrace|yama\/ptrace_scope, or try/i,
    message: 'the kernel (Yama) lets only a parent trace a process, so the tool could not attach',
    hint: 'Run the tool with sudo, or allow it until the next boot: sudo sysctl kernel.yama.ptrace_scope=0',
  },
  {
    code: 'container-without-ptrace',
    // "It looks like you are running in a docker container. Please make sure you started your container with the SYS_PTRACE capability."
    pattern: /^\s*It looks like you are running in a docker container|SYS_PTRACE capability|cap-add[= ]SYS_PTRACE is/i,
    message: 'the container lacks the capability SYS_PTRACE, so the tool may not read the process',
    hint:
      'Start it with: docker run --cap-add SYS_PTRACE … In Kubernetes: kubectl debug -it POD --image=IMAGE ' +
      '--target=CONTAINER --profile=sysadmin, or run the tool on the node with the pid as the host sees it',
  },
  {
    code: 'macos-needs-root',
    pattern: /This program requires root on (?:OSX|macOS)|task_for_pid.*(?:failed|\(os\/kern\) failure)/i,
    message: 'on macOS only root may read another process, and no one may read those of a protected system Python',
    hint: 'Run: sudo py-spy dump --pid PID, with a Python that is not /usr/bin/python3 (Homebrew, pyenv, conda)',
  },
  {
    code: 'no-ptrace-rights',
    pattern:
      /^\s*(?:(?:\S+: )?ptrace(?:\(.*\))?: (?:Operation not permitted|Permission denied)|Permission Denied\b|(?:Error: )?Permission denied \(os error 13\)|(?:💀 )?Engine error: (?:Operation not permitted|Permission denied)|WARNING\(process_remote\): Failed to attach to thread|The specified process cannot be traced|error: attach failed: Operation not permitted|(?:Error: |\d+: )?(?:EPERM|Operation not permitted)\b.*|eu-stack: .*(?:Operation not permitted|Permission denied)|Unable to attach to process.*[Pp]ermi|Cannot attach to (?:process|lwp) \d+: Operation not permitted.*|Error: .*process_vm_readv.*)/,
    message: 'the tool had no right to read the process',
    hint: PTRACE_HINT,
  },
  {
    code: 'already-traced',
    pattern:
      /^\s*warning: process \d+ is already traced by process \d+|ptrace: .*already traced|attach failed: .*already being debugged/i,
    message: 'another debugger or tracer already holds the process',
    hint: 'End the other one first: grep TracerPid /proc/PID/status, then kill that process',
  },
  {
    code: 'process-is-zombie',
    // "warning: process 17 is a zombie - the process has already terminated"
    pattern: /^\s*(?:warning: )?process \d+ is a zombie|^State:\s+Z \(zombie\)/i,
    message: 'the process has ended and is a zombie: its parent has not waited for it',
    hint: 'Look at the parent instead: ps -o ppid= -p PID, then capture that process',
  },
  {
    code: 'process-is-stopped',
    pattern:
      /Failed to suspend process|unexpected waitpid result|failed to get os threadid|^\s*(?:Error: )?Timed out waiting for .*(?:stop|suspend)/i,
    message:
      'the tool could not stop the process: it is already stopped (state T), traced, or in uninterruptible sleep (state D)',
    hint: 'See which: grep -E "State|TracerPid" /proc/PID/status. For T: kill -CONT PID. Or do not stop it: py-spy dump --nonblocking --pid PID',
  },
  {
    code: 'process-not-found',
    pattern:
      /^\s*(?:ptrace: No such process|(?:Error: )?Failed to open process|(?:Error: )?Failed to get process executable name|(?:Error: )?No such process\b|Engine error: No such process|💀 (?:No process with pid \d+|Engine error: (?:No such process|Could not read the contents of \/proc)).*|(?:Error: )?No such file or directory \(os error 2\)|eu-stack: dwfl_linux_proc_report pid \d+: No such file|error: attach failed: (?:Cannot get process architecture|no such process|lost connection)|Reason: No such (?:process|file))/i,
    message:
      'there is no process with that number: it has ended, or it has another number in this pid namespace (container)',
    hint: 'Find it with: pgrep -af python. For a container use the number that the host shows: grep NSpid /proc/*/status, or enter it: nsenter -t PID -m -p',
  },
  {
    code: 'python-not-found-in-process',
    pattern:
      /Failed to find (?:a )?python (?:version|interpreter)|Failed to find a python interpreter in the \.data|Could not determine python version|not a python process|Failed to locate .*interpreter|could not find the .*_PyRuntime/i,
    message:
      'the tool found no Python in the process: it is another program (a shell that started Python?), a statically linked or very new interpreter, or one that has already shut down',
    hint: 'Check what it is: ls -l /proc/PID/exe. Capture its child instead (pgrep -P PID), or without Python: gdb -p PID -batch -ex "thread apply all bt"',
  },
  {
    code: 'unsupported-python',
    pattern: /Unsupported version of Python|Python (?:version )?\d\.\d+\S* is not (?:yet )?supported/i,
    message: 'this version of the tool does not know the Python version of the process',
    hint: 'Update it: pip install --upgrade py-spy pystack. Or use: gdb -p PID -batch -ex "thread apply all bt" -ex "thread apply all py-bt"',
  },
  {
    code: 'native-merge-failed',
    pattern: /Failed to merge native and python frames/i,
    message: 'py-spy could not place the native frames among the Python frames, so it printed none of that thread',
    hint: 'Capture both apart: py-spy dump --pid PID, and gdb -p PID -batch -ex "thread apply all bt"',
  },
  {
    code: 'interpreter-unreadable',
    pattern:
      /Failed to copy (?:PyThreadState|PyInterpreterState|PyFrameObject|PyCodeObject|\w+)|Max frame recursion depth reached|Bad address \(os error 14\)|Invalid address|NotEnoughInformation|There was not enough information to locate/i,
    message: 'the interpreter changed or was broken while the tool read it, so the dump is incomplete',
    hint: 'Capture again, two or three times. When it stays so, the process is probably exiting: use gdb -p PID -batch -ex "thread apply all bt"',
  },
  {
    code: 'py-bt-missing',
    // 'Undefined command: "py-bt".  Try "help".'
    pattern: /Undefined command: "py-\w+"|auto-loading has been declined by your/,
    message: 'gdb has not loaded the Python helper, so it shows no Python frames',
    hint: 'Install the debug package (python3-dbg) or load it by hand: gdb -p PID -ex "source PATH/python3.11-gdb.py" -ex "thread apply all py-bt"; or take py-spy dump --pid PID beside it',
  },
  {
    code: 'no-debug-symbols',
    pattern:
      /^\s*(?:\(No debugging symbols found in .*\)|No symbol table is loaded.*|No symbol table info available\.|\(?unable to read python frame information\)?|Missing separate debuginfos?, use: .*|\(no debugging symbols found\).*)$/,
    message: 'symbols are missing, so functions appear without names, files or lines',
    hint: 'Install them (apt install python3-dbg libc6-dbg, or dnf debuginfo-install python3), or let gdb fetch them: export DEBUGINFOD_URLS=https://debuginfod.elfutils.org',
  },
  {
    code: 'libthread-db-missing',
    pattern: /Unable to find libthread_db matching|unable to find libthread_db|Cannot find user-level thread/i,
    message: "gdb's thread library does not match the process's C library: it was run outside the process's container",
    hint: 'Run gdb inside the container, or tell it where the files are: gdb -p PID -ex "set sysroot /proc/PID/root"',
  },
  {
    code: 'gdb-cannot-load-target',
    pattern:
      /^\s*warning: (?:"?target:\/\S+|Target and debugger are in different PID namespaces|Could not load (?:shared library|vsyscall))/,
    message: 'gdb runs in another namespace than the process and may read the wrong files',
    hint: 'Run gdb inside the container, or: gdb -p PID -ex "set sysroot /proc/PID/root"',
  },
  {
    code: 'architecture-mismatch',
    pattern:
      /Exec format error|cannot attach to (?:a )?(?:32|64)-bit|architecture .* is incompatible with|error: wrong architecture/i,
    message: 'the tool and the process are of different architectures',
    hint: 'Use a tool of the architecture of the process: file -L /proc/PID/exe',
  },
  {
    code: 'tool-not-found',
    // "bash: py-spy: command not found", "sudo: py-spy: command not found", "No module named py_spy"
    pattern:
      /\b(?:py-spy|pystack|gdb|lldb|eu-stack|gstack|pstack|austin)['"]?: (?:command not found|not found|No such file or directory)|(?:No such file or directory|executable file not found in \$?PATH).*\b(?:py-spy|pystack|gdb|lldb|eu-stack)\b|exec: \\?"(?:py-spy|pystack|gdb|lldb)\\?": (?:executable file not found|stat)|unknown command .*(?:py-spy|pystack)/,
    message: 'the capture tool is not installed there, or sudo does not see it',
    hint: 'Install it: pip install py-spy, or apt install gdb elfutils. With sudo keep the path: sudo -E env "PATH=$PATH" py-spy dump --pid PID',
  },
  {
    code: 'core-file-unusable',
    pattern:
      /is not a core dump: |exec file is newer than core file|core file may not match specified executable|Failed to read a valid object file image from memory|BFD: warning: .* is truncated/,
    message: 'the core file is cut or does not belong to the executable',
    hint: 'Give the very executable that ran: gdb /path/to/python CORE. Raise the limit before the next one: ulimit -c unlimited',
  },
  {
    code: 'pystack-failed',
    pattern: /^\s*💀 .+💀?$|^\s*Engine error: \S/u,
    message: 'pystack could not read the process',
    hint: 'Try: pystack remote --exhaustive PID, or: py-spy dump --pid PID',
  },
  {
    code: 'py-spy-failed',
    pattern: /^\s*Error: (?:Failed to |failed to )|^\s*\[\S+ (?:WARN|ERROR) +py_spy/,
    message: 'py-spy reports a failure, so its dump may be incomplete',
    hint: 'Capture again, with --nonblocking when the process cannot be stopped; report what it prints with RUST_LOG=debug',
  },
  {
    code: 'foreign-java',
    pattern:
      /^\s*Full thread dump |^\s*"[^"]*".* (?:os_prio|prio)=\d+ .*(?:tid|nid)=|^\s*java\.lang\.Thread\.State: |^\s+at (?:java|javax|jdk|sun|com|org|io|net|scala|kotlin)\.[\w.$/]+\(|^\s+- (?:locked|waiting on|waiting to lock|parking to wait for) +<0x|^\s*at [\w.$]+\([\w$]+\.(?:java|kt|scala):\d+\)/,
    message: 'this is a Java thread dump: out of scope, only Python processes are diagnosed',
    hint: 'For Java use jstack with a Java analyser. For a Python driver of a JVM (PySpark) capture the Python process: py-spy dump --pid PID',
  },
  {
    code: 'foreign-go',
    pattern:
      /^\s*goroutine \d+ (?:gp=\S+ m=\S+ (?:mp=\S+ )?)?\[[^\]]+\]:|^\s*created by \S+(?: in goroutine \d+)?$|^\s+\/\S+\.go:\d+(?: \+0x[0-9a-f]+)?$|^SIGQUIT: quit$/,
    message: 'these are Go goroutines: out of scope, only Python processes are diagnosed',
    hint: 'For Go use panicparse (pp). For a Python process capture: py-spy dump --pid PID',
  },
  {
    code: 'foreign-dotnet',
    pattern: /^\s*OS Thread Id: 0x[0-9a-f]+|^\s*Child SP\s+IP\s+Call Site/i,
    message: 'this is a .NET stack: out of scope, only Python processes are diagnosed',
    hint: 'For .NET use dotnet-stack report. For a Python process capture: py-spy dump --pid PID',
  },
  {
    code: 'foreign-node',
    pattern:
      /^\s*at .+ \((?:node:|file:|\/|[A-Za-z]:\\).+:\d+:\d+\)$|^\s*at (?:async )?(?:node:|file:\/\/|\/)\S+:\d+:\d+$/,
    message: 'this is a JavaScript stack: out of scope, only Python processes are diagnosed',
    hint: 'For Node use its inspector or why-is-node-running. For a Python process capture: py-spy dump --pid PID',
  },
  {
    code: 'foreign-ruby',
    pattern: /^\s*(?:from )?\S+\.rb:\d+:in [`'].+'/,
    message: 'this is a Ruby backtrace: out of scope, only Python processes are diagnosed',
    hint: 'For Ruby use rbspy. For a Python process capture: py-spy dump --pid PID',
  },
  {
    code: 'foreign-php',
    pattern: /^\s*#\d+ \S+\.php\(\d+\): /,
    message: 'this is a PHP stack: out of scope, only Python processes are diagnosed',
    hint: 'For PHP use phpspy. For a Python process capture: py-spy dump --pid PID',
  },
  {
    code: 'foreign-sanitizer',
    pattern: /^\s*={2,}\d+={2,}\s?(?:ERROR|WARNING): \w+Sanitizer|^WARNING: ThreadSanitizer:/,
    message: "this is a sanitizer's report, not a dump of a hung process",
    hint: 'Read it by itself: it names the faulty access. For the hang capture: gdb -p PID -batch -ex "thread apply all bt"',
  },
];
