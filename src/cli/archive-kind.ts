export type Kind = 'gzip' | 'zip' | 'tar';

/** By their first bytes: names lie, and standard input has none. */
export function kindOf(bytes: Uint8Array): Kind | undefined {
  const [first, second, third, fourth] = bytes;
  if (first === 0x1f && second === 0x8b) return 'gzip';
  // "PK 3 4" begins a file, "PK 5 6" the end of an archive without files.
  if (first === 0x50 && second === 0x4b && ((third === 3 && fourth === 4) || (third === 5 && fourth === 6)))
    return 'zip';
  return isTar(bytes) ? 'tar' : undefined;
}

/** "ustar" stands at byte 257, after fields that are padded with NULs, unlike a text that happens to say so. */
export function isTar(bytes: Uint8Array): boolean {
  return (
    [0x75, 0x73, 0x74, 0x61, 0x72].every((byte, index) => bytes[257 + index] === byte) &&
    bytes.subarray(0, 257).includes(0)
  );
}
