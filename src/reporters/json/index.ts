import { maskSecrets } from '../_shared/secrets.ts';
import { defineReporter } from '../reporter.ts';
import { toReport } from './to-report.ts';

/** For programs. The text is ASCII where a terminal could stumble, and says the same as the strings it stands for. */
export default defineReporter({
  format: 'json',
  extension: 'json',
  title: 'for programs; its JSON Schema is whyhung/schema/report-1.json',
  render(diagnosis) {
    const text = JSON.stringify(
      toReport(diagnosis),
      (_key, value) => (typeof value === 'string' ? maskSecrets(value) : value),
      2,
    );
    return `${text.replace(UNPRINTABLE, escapeUnits)}\n`;
  },
});

/** `JSON.stringify` leaves these as they are: DEL, C1 controls, bidi and other format characters, line separators. */
const UNPRINTABLE = /[\x7f-\x9f\p{Cf}\p{Co}\p{Zl}\p{Zp}]/gu;

function escapeUnits(character: string): string {
  return Array.from(
    { length: character.length },
    (_, index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`,
  ).join('');
}
