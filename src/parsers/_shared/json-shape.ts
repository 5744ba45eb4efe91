/**
 * What a JSON value has to look like, as a function that reads it. A library for this exists (zod, which the report's
 * schema uses); loading it takes longer than diagnosing a dump, and nothing of what it says of mistakes is shown here.
 */
export type Shape<Value> = (value: unknown) => Value | typeof INVALID;

export type Shaped<Of> = Of extends Shape<infer Value> ? Value : never;

const INVALID = Symbol('invalid');

/** The value in its shape, or `undefined` where it has another. */
export function readShape<Value>(shape: Shape<Value>, value: unknown): Value | undefined {
  const found = shape(value);
  return found === INVALID ? undefined : found;
}

export const string: Shape<string> = (value) => (typeof value === 'string' ? value : INVALID);
export const number: Shape<number> = (value) => (typeof value === 'number' ? value : INVALID);
export const boolean: Shape<boolean> = (value) => (typeof value === 'boolean' ? value : INVALID);
export const anything: Shape<unknown> = (value) => value;

/** "12" as well as 12: GDB/MI writes all values as strings. */
export const numeral: Shape<number> = (value) => {
  const found = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof found === 'number' && Number.isFinite(found) ? found : INVALID;
};

/** One of these words. */
export function word<Word extends string>(...words: readonly Word[]): Shape<Word> {
  return (value) => words.find((one) => one === value) ?? INVALID;
}

/** May be missing or null; anything else that has another shape is a mistake. */
export function maybe<Value>(shape: Shape<Value>): Shape<Value | undefined> {
  return (value) => (value === undefined || value === null ? undefined : shape(value));
}

/** Must be there, and may be null. */
export function nullable<Value>(shape: Shape<Value>): Shape<Value | null> {
  return (value) => (value === null ? null : shape(value));
}

/** Anything of another shape counts as `fallback`. */
export function orElse<Value, Fallback>(shape: Shape<Value>, fallback: Fallback): Shape<Value | Fallback> {
  return (value) => {
    const found = shape(value);
    return found === INVALID ? fallback : found;
  };
}

export function list<Value>(shape: Shape<Value>): Shape<Value[]> {
  return (value) => {
    if (!Array.isArray(value)) return INVALID;
    const found: Value[] = [];
    for (const item of value) {
      const read = shape(item);
      if (read === INVALID) return INVALID;
      found.push(read);
    }
    return found;
  };
}

type Fields = Readonly<Record<string, Shape<unknown>>>;

/** An object with these fields; others are left out. */
export function record<Of extends Fields>(fields: Of): Shape<{ [Key in keyof Of]: Shaped<Of[Key]> }> {
  const entries = Object.entries(fields);
  return (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return INVALID;
    const known = new Map<string, unknown>(Object.entries(value));
    const found: unknown[][] = [];
    for (const [key, shape] of entries) {
      const read = shape(known.get(key));
      if (read === INVALID) return INVALID;
      found.push([key, read]);
    }
    return Object.fromEntries(found);
  };
}
