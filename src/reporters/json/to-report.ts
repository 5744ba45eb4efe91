import type { Diagnosis, Evidence, Hypothesis } from '../../model/diagnosis.ts';
import type { Frame } from '../../model/frame.ts';
import type { Process } from '../../model/process.ts';
import type { Thread } from '../../model/thread.ts';
import type { WaitGraph } from '../../model/wait-graph.ts';
import type { Report } from './report-schema.ts';

type Part<Key extends keyof Report> = Report[Key] extends (infer Item)[] ? Item : never;

/** The diagnosis in the published shape, unknown facts as null. Arguments and locals stay out: they hold secrets. */
export function toReport({ verdict, hypotheses, capture, waits, warnings }: Diagnosis): Report {
  return {
    schema: 'whyhung/report/1',
    verdict,
    hypotheses: hypotheses.map(toHypothesis),
    tools: [...capture.tools],
    moments: capture.moments,
    processes: capture.processes.map(toProcess),
    waits: toWaits(waits),
    warnings: warnings.map(({ code, message, hint, source, line }) => ({
      code,
      message,
      hint: hint ?? null,
      source: source ?? null,
      line: line ?? null,
    })),
  };
}

function toWaits({ nodes, edges, cycles, roots }: WaitGraph): Report['waits'] {
  return {
    nodes: nodes.map(({ id, kind, label, pid, threadId }) => ({
      id,
      kind,
      label,
      process: pid ?? null,
      thread: threadId ?? null,
    })),
    edges: edges.map(({ from, to, kind, inferred, why }) => ({ from, to, kind, inferred, why })),
    cycles: cycles.map((cycle) => [...cycle]),
    roots: roots.map(({ nodes: members, behind }) => ({ nodes: [...members], behind })),
  };
}

function toHypothesis({
  rule,
  cause,
  title,
  summary,
  explanation,
  confidence,
  ...rest
}: Hypothesis): Part<'hypotheses'> {
  const { library, evidence, unseen, alsoMatches, remediation, references } = rest;
  return {
    rule,
    cause,
    title,
    summary,
    explanation,
    confidence,
    library: library ?? null,
    evidence: evidence.map(toEvidence),
    unseen: unseen.map(({ what, command }) => ({ what, command: command ?? null })),
    alsoMatches: [...alsoMatches],
    remediation: remediation.map(({ kind, step, command }) => ({ kind, step, command: command ?? null })),
    references: references.map(({ title, url, establishes }) => ({ title, url, establishes: establishes ?? null })),
  };
}

function toEvidence({ pid, threadId, threadName, note, frames }: Evidence): Part<'hypotheses'>['evidence'][number] {
  return {
    process: pid ?? null,
    thread: threadId,
    threadName: threadName ?? null,
    note,
    frames: frames.map(({ index, frame, note }) => ({ ...toFrame(frame, index), note: note ?? null })),
  };
}

function toFrame(
  { function: name, file, line, module, language }: Frame,
  index: number,
): Part<'processes'>['threads'][number]['frames'][number] {
  return { index, function: name, file: file ?? null, line: line ?? null, module: module ?? null, lang: language };
}

function toProcess({
  pid,
  parentPid,
  command,
  pythonVersion,
  executable,
  origin,
  threads,
  place,
}: Process): Part<'processes'> {
  return {
    pid: pid ?? null,
    parentPid: parentPid ?? null,
    command: command ?? null,
    pythonVersion: pythonVersion ?? null,
    executable: executable ?? null,
    origin: origin ?? null,
    threads: threads.map(toThread),
    place: { ...place },
  };
}

function toThread({
  id,
  nativeId,
  pthreadId,
  name,
  activity,
  gil,
  collecting,
  progress,
  truncated,
  ...rest
}: Thread): Part<'processes'>['threads'][number] {
  const { wait, frames, unplaced, notes, place } = rest;
  return {
    id,
    nativeId: nativeId ?? null,
    pthreadId: pthreadId ?? null,
    name: name ?? null,
    activity: activity ?? null,
    gil: gil ?? null,
    collecting,
    progress: progress ?? null,
    truncated,
    wait: wait === undefined ? null : { ...wait, target: wait.target ?? null, frames: [...wait.frames] },
    frames: frames.map(toFrame),
    unplaced: unplaced.map(toFrame),
    notes: [...notes],
    place: { ...place },
  };
}
