import { CommanderError } from 'commander';
import { EXIT } from './exit-codes.ts';
import { InputError } from './input-error.ts';
import { endQuietlyOnClosedPipe, type Io, ioOfProcess } from './io.ts';
import { makeProgram } from './program.ts';

/** The program, for bin/whyhung.js. */
export async function main(): Promise<void> {
  endQuietlyOnClosedPipe();
  // Not process.exit(): what is written to a pipe may still be under way.
  process.exitCode = await run(process.argv.slice(2), ioOfProcess());
}

/** Runs a command line and returns its exit code. Whatever is not the user's to mend is thrown: a bug shows its stack. */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  let code: number = EXIT.nothing;
  const program = makeProgram(io, (exitCode) => {
    code = exitCode;
  });
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

function formatError({ message, hint }: InputError): string {
  const indented = hint?.split('\n').map((line) => `  ${line}\n`) ?? [];
  return `${message}\n${indented.join('')}`;
}
