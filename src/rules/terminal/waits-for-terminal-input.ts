import type { Facts, ThreadFacts } from '../../analysis/facts.ts';
import { witness } from '../_shared/evidence.ts';
import { defineRule, type Match } from '../rule.ts';

export default defineRule({
  id: 'waits-for-terminal-input',
  cause: 'terminal-input',
  library: undefined,
  title: 'the process waits for somebody to type',
  summary:
    'A prompt (a debugger, input(), a password question) waits for a line from standard input. In a service, a container or CI nobody will ever type it.',
  explanation:
    'A breakpoint() or pdb.set_trace() left in the code, a tool that asks for confirmation, or a client that asks for a password reads standard input. Where that is not a terminal but stays open, the read waits for ever and nothing shows on the screen.',
  signatures: [
    { find: 'py:cmdloop@cmd.py', confidence: 'likely' },
    { find: 'py:{interaction, user_line, _cmdloop}@pdb.py', confidence: 'likely' },
    { find: 'py:{interaction, cmdloop}@IPython/', confidence: 'likely' },
    { find: 'py:{_raw_input, unix_getpass, getpass, fallback_getpass}@getpass.py', confidence: 'likely' },
    {
      find: 'py:{prompt, confirm, visible_prompt_func, hidden_prompt_func, prompt_func, pause, _build_prompt}@click/termui.py!',
      confidence: 'likely',
    },
    { find: 'py:{prompt, ask, unsafe_ask}@questionary/', confidence: 'likely' },
    { find: 'py:{raw_input, interact}@code.py', confidence: 'likely' },
    { find: 'py:{ask, input}@rich/', confidence: 'likely' },
    { find: 'py:{get_input, boolean_input}@django/', confidence: 'likely' },
    {
      find: 'c:{builtin_input, builtin_input_impl, builtin_raw_input, PyOS_Readline, PyOS_StdioReadline, readline_until_enter_or_signal}! -> c:{#read, #poll}$',
      confidence: 'likely',
    },
    { find: 'c:{n_tty_read, tty_read}!', confidence: 'likely' },
  ],
  match,
  needs: [
    'the Python frames: py-spy dump --pid PID',
    'for input() itself the C frames: py-spy dump --native --pid PID',
  ],
  notWhen: ['the program reads data from a pipe: there is no prompt on the stack', 'somebody does sit at the terminal'],
  remediation: [
    {
      kind: 'now',
      step: 'Look what its standard input is; if it is a terminal, answer the prompt there.',
      command: 'ls -l /proc/PID/fd/0',
    },
    {
      kind: 'fix',
      step: 'Remove the breakpoint; give tools their answer as an option (--yes, --no-input) or from a variable.',
    },
    {
      kind: 'prevent',
      step: 'Start services and jobs with standard input from /dev/null: prompts then fail at once. PYTHONBREAKPOINT=0 switches breakpoint() off.',
    },
    { kind: 'verify', step: 'It runs through without a terminal.', command: 'PYTHONBREAKPOINT=0 APP < /dev/null' },
  ],
  references: [
    {
      title: 'pypa/pipx#704',
      url: 'https://github.com/pypa/pipx/issues/704',
      establishes: 'an installation hangs without a word: ssh below git asks for a passphrase',
    },
    {
      title: 'nautobot/nautobot#4040',
      url: 'https://github.com/nautobot/nautobot/issues/4040',
      establishes: 'a breakpoint in a job whose output is captured: the tests hang',
    },
    {
      title: 'Python library: breakpoint()',
      url: 'https://docs.python.org/3/library/functions.html#breakpoint',
      establishes: 'breakpoint() enters the debugger, unless PYTHONBREAKPOINT=0',
    },
  ],
});

/** A read of file 0 that is not a prompt may also be a filter at the end of a pipe, which waits for its turn. */
function* match({ threads }: Facts): Iterable<Match> {
  for (const one of threads) {
    if (!readsStandardInput(one) || one.thread.idleAs !== undefined || one.thread.progress === 'moving') continue;
    yield { confidence: 'possible', threads: [witness(one, 'reads standard input')] };
  }
}

function readsStandardInput({ thread, frames }: ThreadFacts): boolean {
  if (thread.wait?.kind !== 'read') return false;
  return thread.wait.frames.some((index) =>
    frames[index]?.frame.arguments.some(({ name, value }) => /^(?:__)?fd$/.test(name) && value === '0'),
  );
}
