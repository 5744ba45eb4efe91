// "f(int) const", "f(int) [clone .cold]": what a demangled name may carry behind its parameters.
const QUALIFIERS = /\)(?: const| volatile| &&?| \[clone [\w.]{1,60}\])+$/;

/**
 * The name without a parameter list: `std::thread::join()` → `std::thread::join`.
 * Names from minimal symbols, templates and operators come with one; `operator()` and `(anonymous namespace)` are no lists.
 */
export function bareName(printed: string): string {
  const name = dropQualifiers(printed);
  if (!name.endsWith(')')) return name;
  const open = openingOfLast(name);
  if (open <= 0) return name;
  const before = name.slice(0, open).trimEnd();
  if (before.endsWith('operator') || name.endsWith('(anonymous namespace)')) return name;
  return before;
}

function dropQualifiers(name: string): string {
  const last = name.charCodeAt(name.length - 1);
  // Only t of const, e of volatile, & and ] can end a qualifier: nearly all names are settled here.
  if (last !== 116 && last !== 101 && last !== 38 && last !== 93) return name;
  const found = QUALIFIERS.exec(name);
  return found === null ? name : name.slice(0, found.index + 1);
}

/** Index of the parenthesis that the last character closes, or -1. */
function openingOfLast(name: string): number {
  let depth = 0;
  for (let at = name.length - 1; at >= 0; at--) {
    const code = name.charCodeAt(at);
    if (code === 41) depth++;
    else if (code === 40 && --depth === 0) return at;
  }
  return -1;
}
