import { type Command, Option } from 'commander';
import { collectFrom } from './attach-command.ts';
import { noDump } from './diagnose-command.ts';
import { EXIT } from './exit-codes.ts';
import type { Io } from './io.ts';
import { addLiveOptions, type LiveOptions } from './live-options.ts';

interface CaptureOptions extends LiveOptions {
  readonly output: string;
  readonly unmasked: boolean;
}

/** `whyhung capture PID|NAME -o FILE.tgz` */
export function addCaptureCommand(program: Command, io: Io, exit: (code: number) => void): void {
  addLiveOptions(program.command('capture <process>'))
    .description('take the dumps of a live process into an archive, which whyhung FILE diagnoses anywhere')
    .addOption(new Option('-o, --output <file>', 'the archive to write').makeOptionMandatory())
    .option('--unmasked', 'leave passwords and keys in the dumps as they are', false)
    .action(async (target: string, options: CaptureOptions) => {
      const collected = await collectFrom(target, options, io);
      if (collected.inputs.length === 0) throw noDump(collected.warnings);
      const { writeCapture } = await import('./capture-file.ts');
      await writeCapture(options.output, collected, { masked: !options.unmasked, via: options.via, io });
      exit(EXIT.nothing);
    });
}
