import { type Command, CommanderError } from 'commander';
import { EXIT } from './exit-codes.ts';
import { InputError } from './input-error.ts';
import { type Io, ioOfProcess } from './io.ts';

/** The program, for bin/whyhung.js. */
export async function main(): Promise<void> {
  // Not process.exit(): what is written to a pipe may still be under way.
  process.exitCode = await run(process.argv.slice(2), ioOfProcess());
}

/** Runs a command line and returns its exit code. Whatever is not the user's to mend is thrown: a bug shows its stack. */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  let code: number = EXIT.nothing;
  const exit = (exitCode: number): void => {
    code = exitCode;
  };
  const program = await programFor(argv, io, exit);
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return code;
  } catch (error) {
    // Commander has printed its own text; help and version end in 0, wrong usage in 2.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.nothing : EXIT.usage;
    if (!(error instanceof InputError)) throw error;
    io.stderr.write(formatError(error));
    return EXIT.usage;
  }
}

/** `whyhung run` loads no more than it needs: it must not keep a short command waiting for all the rules. */
async function programFor([first]: readonly string[], io: Io, exit: (code: number) => void): Promise<Command> {
  if (first === 'run') {
    const { makeRunProgram } = await import('./run-program.ts');
    return makeRunProgram(io, exit);
  }
  const { makeProgram } = await import('./program.ts');
  return makeProgram(io, exit);
}

function formatError({ message, hint }: InputError): string {
  const indented = hint?.split('\n').map((line) => `  ${line}\n`) ?? [];
  return `${message}\n${indented.join('')}`;
}
