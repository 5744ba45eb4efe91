/** The ids under which a thread is known to other tools. */
export interface Identity {
  readonly nativeId: number | undefined;
  readonly pthreadId: string | undefined;
}

/** "0x00007F10B8FFE6C0" → "0x7f10b8ffe6c0": one spelling for all tools. */
export function normaliseHex(digits: string): string {
  return `0x${digits
    .replace(/^0x/i, '')
    .replace(/^0+(?=.)/, '')
    .toLowerCase()}`;
}

/** "140080061712064", as `threading.get_ident()` prints the pthread id → "0x7f66f5c4a6c0". */
export function pthreadFromDecimal(digits: string): string | undefined {
  return /^\d{1,20}$/.test(digits) ? `0x${BigInt(digits).toString(16)}` : undefined;
}

export function parseNativeId(digits: string | undefined): number | undefined {
  const number = Number(digits);
  return digits !== undefined && Number.isSafeInteger(number) && number > 0 ? number : undefined;
}

/** Kernel thread ids stay below 2^22; a pthread id is an address, and far above it. */
const LARGEST_NATIVE_ID = 4_194_304;

/** Ids of a thread from a number that does not say which of the two it is. */
export function identify(printed: string): Identity {
  if (/^0x[0-9a-f]{5,16}$/i.test(printed)) return { nativeId: undefined, pthreadId: normaliseHex(printed) };
  const number = parseNativeId(/^\d+$/.test(printed) ? printed : undefined);
  if (number === undefined) return { nativeId: undefined, pthreadId: undefined };
  return number > LARGEST_NATIVE_ID
    ? { nativeId: undefined, pthreadId: pthreadFromDecimal(printed) }
    : { nativeId: number, pthreadId: undefined };
}
