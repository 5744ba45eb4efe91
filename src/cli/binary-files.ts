interface Binary {
  /** "a core file", as in "dump.txt: a core file, not text". */
  readonly what: string;
  readonly hint: string;
}

interface Kind extends Binary {
  readonly magic: readonly number[];
}

const NESTED = 'It is too deep inside other archives. Unpack them first, then: whyhung FOLDER';

const KINDS: readonly Kind[] = [
  // These are read where they are, so that only those of a third layer come here.
  { magic: [0x1f, 0x8b], what: 'a gzip archive', hint: NESTED },
  { magic: [0x50, 0x4b, 0x03, 0x04], what: 'a zip archive', hint: NESTED },
  { magic: [0xfd, 0x37, 0x7a, 0x58, 0x5a], what: 'an xz archive', hint: 'Unpack it first: xz -dc FILE | whyhung' },
  { magic: [0x28, 0xb5, 0x2f, 0xfd], what: 'a zstd archive', hint: 'Unpack it first: zstd -dc FILE | whyhung' },
  { magic: [0x42, 0x5a, 0x68], what: 'a bzip2 archive', hint: 'Unpack it first: bzip2 -dc FILE | whyhung' },
  { magic: [0x89, 0x50, 0x4e, 0x47], what: 'a picture', hint: 'Copy the text of the dump instead of its picture.' },
];

const ELF = [0x7f, 0x45, 0x4c, 0x46];
const CORE = {
  what: 'a core file',
  hint: 'Print its stacks first: py-spy dump --core FILE | whyhung   or: gdb -batch -ex "thread apply all bt" PYTHON FILE | whyhung',
};
const PROGRAM = {
  what: 'a program or a library',
  hint: 'Give the dump of a process, not its program: py-spy dump --pid PID | whyhung',
};
const OTHER = {
  what: 'binary data',
  hint: 'Give the text that py-spy, gdb or another tool printed: py-spy dump --pid PID | whyhung',
};

/** Says what a file is that holds no text; `undefined` for text in UTF-8 or UTF-16, also where it is a little broken. */
export function recogniseBinary(bytes: Uint8Array): Binary | undefined {
  const kind = KINDS.find(({ magic }) => magic.every((byte, index) => bytes[index] === byte) && !isPlainText(bytes));
  if (kind !== undefined) return kind;
  // Byte 16 of an ELF file is its type: 4 is a core.
  if (ELF.every((byte, index) => bytes[index] === byte)) return bytes[16] === 4 ? CORE : PROGRAM;
  return looksBinary(bytes.subarray(0, 4096)) ? OTHER : undefined;
}

/** "BZh" and "PK" may begin a line of text as well. */
function isPlainText(bytes: Uint8Array): boolean {
  return bytes
    .subarray(0, 512)
    .every((byte) => (byte >= 0x20 && byte < 0x7f) || byte === 0x0a || byte === 0x0d || byte === 0x09);
}

/** Text in UTF-16 has a NUL in every second byte, at most; a dump with a few stray NULs is still text. */
function looksBinary(head: Uint8Array): boolean {
  if (head.length < 16 || hasMarkOfUtf16(head)) return false;
  let even = 0;
  let odd = 0;
  let controls = 0;
  head.forEach((byte, index) => {
    if (byte === 0 && index % 2 === 0) even += 1;
    else if (byte === 0) odd += 1;
    else if (byte < 0x20 && !TEXT_CONTROLS.has(byte)) controls += 1;
  });
  const alternating = Math.min(even, odd) === 0 && Math.max(even, odd) > head.length * 0.4;
  return !alternating && even + odd + controls > head.length * 0.1;
}

/** Tab, line feed, form feed, carriage return, backspace, bell and escape occur in captured terminals. */
const TEXT_CONTROLS: ReadonlySet<number> = new Set([0x07, 0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x1b]);

function hasMarkOfUtf16([first, second]: Uint8Array): boolean {
  return (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
}
