import type { Frame } from './frame.ts';
import type { Place } from './place.ts';
import type { Wait } from './wait.ts';

/** py-spy's words for what the operating system saw of a thread. Idle is not yet stuck. */
export type Activity = 'idle' | 'active';

/** What a thread has to do with its interpreter's lock. */
export type GilState = 'holds' | 'waits' | 'drops';

/** What several dumps of one thread show: the same stack, another stack, or the same work at full CPU. */
export type Progress = 'stuck' | 'moving' | 'spinning';

/**
 * Which frames the tools that saw a thread are able to show.
 * What a tool cannot show is "not visible", which is not the same as absent.
 */
export interface View {
  readonly python: boolean;
  /** Frames of extension modules and libraries. */
  readonly native: boolean;
  /** C frames of the interpreter itself; py-spy hides nearly all of them, gdb shows them. */
  readonly interpreter: boolean;
  /** Whether the tool also shows threads that run no Python; only then is a thread that is not shown not there. */
  readonly everyThread: boolean;
}

/**
 * The part a thread plays. A blocker is what others wait for, a victim waits for one; idle threads rest by design, working
 * ones get on; the others wait for something outside the capture.
 */
export type Role = 'blocker' | 'victim' | 'idle' | 'working' | 'waiting';

export interface Thread {
  /** The identity as the tool prints it: gdb's number, py-spy's thread id, faulthandler's hexadecimal. */
  readonly id: string;
  /** The operating system's thread id (gdb's LWP). */
  readonly nativeId: number | undefined;
  /** The pthread id, lower-case hexadecimal without padding (`0x7f3a5c001740`). */
  readonly pthreadId: string | undefined;
  readonly name: string | undefined;
  readonly activity: Activity | undefined;
  /** Time on a processor so far, in ticks of the kernel (mostly 10 ms). */
  readonly ticks: number | undefined;
  readonly gil: GilState | undefined;
  /** Whether the tool says that the thread is in the cyclic garbage collector. */
  readonly collecting: boolean;
  /** Innermost first, whatever order the tool prints. */
  readonly frames: readonly Frame[];
  readonly view: View;
  /** Whether the tool cut the outer end of the stack. */
  readonly truncated: boolean;
  /** Whether the numbers of the frames tell that inner ones are missing; of most tools it is not known. */
  readonly innerCut: boolean | undefined;
  /** The native stack, innermost first, where it could not be woven into the Python one; else empty. */
  readonly unplaced: readonly Frame[];
  /** Known only when dumps of several moments were given. */
  readonly progress: Progress | undefined;
  /** Filled in by the analysis. */
  readonly wait: Wait | undefined;
  /** Filled in by the analysis. */
  readonly role: Role | undefined;
  /** What kind of resting thread it is, where its role is idle: "idle executor worker". */
  readonly idleAs: string | undefined;
  /** Index of the innermost frame of the user's own code. Filled in by the analysis. */
  readonly userFrame: number | undefined;
  /** Kernel id of the thread that holds the mutex which this one waits for, when it was read from the process itself. */
  readonly mutexOwner: number | undefined;
  /** Remarks of the tool or of the merge, in plain words. */
  readonly notes: readonly string[];
  readonly place: Place;
}

const BLIND: View = { python: false, native: false, interpreter: false, everyThread: false };

/** A thread whose facts are unknown unless given. */
export function makeThread(known: Partial<Thread> & Pick<Thread, 'id' | 'place'>): Thread {
  return {
    nativeId: undefined,
    pthreadId: undefined,
    name: undefined,
    activity: undefined,
    ticks: undefined,
    gil: undefined,
    collecting: false,
    frames: [],
    view: BLIND,
    truncated: false,
    innerCut: undefined,
    unplaced: [],
    progress: undefined,
    wait: undefined,
    role: undefined,
    idleAs: undefined,
    userFrame: undefined,
    mutexOwner: undefined,
    notes: [],
    ...known,
  };
}

/** What at least one of the two can show. */
export function joinViews(one: View, other: View): View {
  return {
    python: one.python || other.python,
    native: one.native || other.native,
    interpreter: one.interpreter || other.interpreter,
    everyThread: one.everyThread || other.everyThread,
  };
}
