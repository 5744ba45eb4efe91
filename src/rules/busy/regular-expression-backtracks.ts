import { defineRule } from '../rule.ts';

const ENGINE =
  'c:{sre_ucs1_match, sre_ucs2_match, sre_ucs4_match, sre_match, sre_at, sre_umatch, sre_ucs1_search, sre_ucs2_search, sre_ucs4_search, sre_search}';

const CALLS = '{match, fullmatch, search, sub, subn, split, findall, finditer}';

export default defineRule({
  id: 'regular-expression-backtracks',
  cause: 'busy-loop',
  library: undefined,
  title: 'a regular expression does not come to an end',
  summary:
    'The thread is inside the matcher of regular expressions. A pattern that can match the same text in many ways tries them all before it gives up, and their number doubles with every few characters. Meanwhile the GIL is held: no other thread runs.',
  explanation:
    'Patterns such as (a+)+$ or (\\w+\\s?)*: nest repetitions, so that a text that nearly matches is split in exponentially many ways. The matcher of CPython tries one after the other, in C, without giving up the GIL and without looking at signals. Ordinary texts match at once; one unlucky text never ends, which is why it hangs once in a while.',
  signatures: [
    { find: ENGINE, confidence: 'possible', stuck: 'likely', notes: { [ENGINE]: 'the matcher at work' } },
    {
      find: 'c:{basic_match, do_match, do_fuzzy_match, do_exact_match}@_regex*',
      confidence: 'possible',
      stuck: 'likely',
    },
    { find: `py:${CALLS}@re.py$`, confidence: 'possible', stuck: 'likely' },
    { find: `py:${CALLS}@re/__init__.py$`, confidence: 'possible', stuck: 'likely' },
    { find: `py:${CALLS}@regex/regex.py$`, confidence: 'possible', stuck: 'likely' },
  ],
  needs: [
    'the Python frames and that the thread is active: py-spy dump --pid PID',
    'the matcher itself, which has no Python frame for compiled patterns: py-spy dump --native --pid PID',
    'a second dump: sleep 5; py-spy dump --pid PID',
  ],
  notWhen: ['the program works through many texts: two moments show other lines'],
  remediation: [
    {
      kind: 'now',
      step: 'The matcher does not look at signals; only ending the process helps. See the text first, if it holds no secrets.',
      command: 'py-spy dump --locals --pid PID',
    },
    {
      kind: 'fix',
      step: 'Rewrite the pattern so that each character can match in one way only: no repetition inside a repetition, atomic groups (?>…) and possessive quantifiers a++ since Python 3.11.',
    },
    {
      kind: 'prevent',
      step: 'Bound the length of texts from outside before they are matched, or use an engine without backtracking (google-re2), or regex with timeout=.',
    },
    {
      kind: 'verify',
      step: 'Time the pattern on the text cut to 20, 22, 24 characters: the time must not double.',
    },
  ],
  references: [
    {
      title: 'python/cpython#67878',
      url: 'https://github.com/python/cpython/issues/67878',
      establishes: 'the functions of re never release the GIL',
    },
    {
      title: 'sqlmapproject/sqlmap#3209',
      url: 'https://github.com/sqlmapproject/sqlmap/issues/3209',
      establishes: 'a match runs for minutes, and the thread that was to give up after a time does not run meanwhile',
    },
    {
      title: 'Python: re, possessive quantifiers and atomic groups',
      url: 'https://docs.python.org/3/library/re.html#regular-expression-syntax',
      establishes: 'since 3.11 quantifiers and groups can be kept from backtracking',
    },
  ],
});
