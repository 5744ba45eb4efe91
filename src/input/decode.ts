/**
 * Text of a file as it lies on disk. Windows shells redirect as UTF-16, so byte order marks and the NUL pattern of
 * UTF-16 are looked at; everything else is UTF-8, in which broken bytes become U+FFFD instead of an error.
 */
export function decodeText(bytes: Uint8Array): string {
  return new TextDecoder(encodingOf(bytes)).decode(bytes);
}

function encodingOf(bytes: Uint8Array): string {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  if (first === 0xfe && second === 0xff) return 'utf-16be';
  return guessUtf16(bytes.subarray(0, 512)) ?? 'utf-8';
}

/** ASCII written as UTF-16 without a mark has a NUL in nearly every second byte; no UTF-8 text has. */
function guessUtf16(head: Uint8Array): string | undefined {
  if (head.length < 8) return undefined;
  let even = 0;
  let odd = 0;
  head.forEach((byte, index) => {
    if (byte !== 0) return;
    if (index % 2 === 0) even += 1;
    else odd += 1;
  });
  const most = head.length * 0.4;
  if (odd > most && even === 0) return 'utf-16le';
  if (even > most && odd === 0) return 'utf-16be';
  return undefined;
}
