import type { KnownFrame } from '../frames/known-frame.ts';
import type { ThreadFacts } from './facts.ts';

/** The Python function that runs as a signal handler, on top of code that did not call it, and how that shows. */
export interface SignalHandler {
  /** Index of the handler's frame; what is further out was interrupted. */
  readonly index: number;
  /** `arguments`: a number and a frame; `interrupted`: it stands on a C call that calls nobody; `name`: it is called so. */
  readonly by: 'arguments' | 'interrupted' | 'name';
}

export function findSignalHandler({ frames, cut }: ThreadFacts): SignalHandler | undefined {
  for (const [index, known] of frames.entries()) {
    // Where the outer end is cut off, what was interrupted may not be shown.
    if (known.frame.language !== 'python' || (index + 1 >= frames.length && !cut)) continue;
    const by = hasHandlersArguments(known)
      ? 'arguments'
      : isSleeper(frames[index + 1])
        ? 'interrupted'
        : isCalledSo(known, frames[index + 1])
          ? 'name'
          : undefined;
    if (by !== undefined) return { index, by };
  }
  return undefined;
}

/** py-spy --locals: "signum: 12", "frame: <frame at 0x7fe383987a60>". */
function hasHandlersArguments({ frame }: KnownFrame): boolean {
  const [number, interrupted] = frame.arguments.slice(-2);
  return /^\d{1,2}$/.test(number?.value ?? '') && /^<frame at 0x/.test(interrupted?.value ?? '');
}

/** C functions that wait in the kernel and call no Python but for signals: time.sleep(), select(), recv(), wait(). */
function isSleeper(known: KnownFrame | undefined): boolean {
  return (
    known !== undefined &&
    known.frame.language === 'native' &&
    /^(?:time_sleep|pysleep|sleep|select|select_select_impl|select_poll_poll\w*|select_epoll_poll\w*|sock_recv\w*|sock_accept|os_waitpid\w*|os_read\w*|signal_pause\w*)$/.test(
      known.canonical,
    )
  );
}

/** "handle_sigterm", "_signal_handler", "on_SIGUSR1", "sigint_handler"; gunicorn's "handle_exit". Called by no frame of signal's. */
function isCalledSo({ plain }: KnownFrame, caller: KnownFrame | undefined): boolean {
  const outer =
    caller === undefined ||
    (caller.frame.language === 'python' && !/(?:^|[\\/])(?:asyncio[\\/]\w+|signal)\.py$/.test(caller.frame.file ?? ''));
  return outer && NAMES.test(plain);
}

const NAMES =
  /^_?(?:\w*sig(?:nal)?_?handler|handle_?sig\w*|on_?sig\w+|_?sig(?:term|int|hup|usr[12]|alrm|chld|quit|prof)(?:_\w+)?|handle_(?:exit|quit|abort|term|usr[12]|winch|int|hup|chld|alarm|timeout))$/i;
