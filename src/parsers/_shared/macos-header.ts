import type { ProcessDraft } from './drafts.ts';

// "Process:         python3.11 [4242]"
const PROCESS = /^\s*Process:\s+(?<name>\S.*?) \[(?<pid>\d+)\]/;

// "Parent Process:  zsh [4000]", "Parent:           zsh [4000]"
const PARENT = /^\s*Parent(?: Process)?:\s+.*\[(?<pid>\d+)\]/;

// "Path:            /opt/homebrew/*/Python"
const PATH = /^\s*Path:\s+(?<path>\S.*)$/;

// "Date/Time:       2026-01-02 03:04:05.678 +0100": the other keys of a report's head
const KEY =
  /^\s*(?:Load Address|Identifier|Version|Code Type|Platform|Parent|Responsible|User ID|Target Type|Date\/Time|Launch Time|OS Version|Report Version|Analysis Tool|Physical footprint|Physical footprint \(peak\)|Idle exit|Hardware [mM]odel|Command|Coalition|Duration|Steps|Event|Data Source|Reason|Active cpus|Memory size|Architecture|Anonymous UUID|Time Awake Since Boot|System Integrity Protection|Exception \w+|Termination \w+|Crashed Thread|Triggered by Thread|UUID|Shared Cache|Num threads|Note|CPU Time|Footprint|Start time|End time|Sequence|Time Since Fork|Fan speed|Heaviest \w+)\s*:/;

/** Takes what the head of a macOS report says of the process; whether the line belongs to such a head. */
export function readMacosHeader(process: ProcessDraft, text: string): boolean {
  const known = PROCESS.exec(text)?.groups;
  if (known !== undefined) {
    process.pid ??= Number(known.pid);
    process.command ??= known.name;
    return true;
  }
  const parent = PARENT.exec(text)?.groups?.pid;
  if (parent !== undefined) {
    process.parentPid ??= Number(parent);
    return true;
  }
  const path = PATH.exec(text)?.groups?.path;
  process.executable ??= path;
  return path !== undefined || KEY.test(text);
}
