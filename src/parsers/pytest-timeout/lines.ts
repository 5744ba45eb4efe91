// "test_pool.py ++++++++++ Timeout ++++++++++": opens and closes the dump; pytest may have begun the line.
export const TIMEOUT_RULE = /(?:^|\s)\+{2,} Timeout \+{2,}$/;

// "~~~~~~~~~~ Stack of pool-1 (a) (140080061712064) ~~~~~~~~~~". A long name leaves one tilde on each side.
export const STACK_RULE = /^\s*~+ Stack of (?<name>.*) \((?<id>\d+)\) ~+$/;

// "~~~~~~~~~~ Captured stderr ~~~~~~~~~~" of the dump, "---------- Captured stdout call ----------" of the report
export const CAPTURED_RULE = /^\s*(?:~{2,} Captured (?:log|stdout|stderr) ~{2,}|-{2,} Captured \w+(?: \w+)? -{2,})$/;

// "=================================== FAILURES ==================================="
export const FAILURES_RULE = /^\s*={3,} (?:FAILURES|ERRORS) ={3,}$/;

// "=========================== short test summary info ============================", "===== 1 failed in 1.16s ====="
export const SUMMARY_RULE = /^\s*={3,} (?<says>.+?) ={3,}$/;

// "____________________________ test_all_jobs_are_done ____________________________"
export const TEST_RULE = /^\s*_{3,} (?<test>\S.*?) _{3,}$/;

// "_ _ _ _ _ _ _ _ _": between the entries of a long report
export const ENTRY_RULE = /^\s*(?:_ ){4,}_?$/;

// "test_pool.py:9: in test_all_jobs_are_done" (short), "test_pool.py:9: " and "threading.py:1092: Failed" (long)
const REPORT_FRAME = /^(?<file>[^\s:>][^:]*(?:\\[^:]*)?):(?<line>\d+):(?: in (?<function>\S+)| (?<exception>[\w.]+))?$/;

// "    def join(self, timeout=None):": the long report shows each function from its first line on.
const DEFINITION = /^ {0,12}(?:async )?def (?<name>\w+)/;

// "E       Failed: Timeout (>1.0s) from pytest-timeout."
export const TIMEOUT_ERROR = /^E\s+(?:.*\.)?(?:Failed|TimeoutError|Timeout): (?<says>Timeout .*)$/;

export interface ReportFrame {
  readonly file: string;
  readonly line: number;
  /** Known in the short form only. */
  readonly name: string | undefined;
}

export function parseReportFrame(text: string): ReportFrame | undefined {
  const found = REPORT_FRAME.exec(text)?.groups;
  if (found?.file === undefined) return undefined;
  return { file: found.file, line: Number(found.line), name: found.function };
}

export function parseDefinition(text: string): string | undefined {
  return DEFINITION.exec(text)?.groups?.name;
}
