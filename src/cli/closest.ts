/** The known names that are most likely meant: a few slips away, or with what was typed in them. */
export function closestTo(typed: string, known: readonly string[]): string[] {
  const wanted = typed.toLowerCase();
  const scored = known
    .map((name) => ({ name, distance: name.includes(wanted) && wanted.length > 2 ? 0 : editDistance(wanted, name) }))
    .sort((one, other) => one.distance - other.distance);
  const [best] = scored;
  if (best === undefined || best.distance > Math.max(2, wanted.length * 0.4)) return [];
  return scored
    .filter(({ distance }) => distance === best.distance)
    .slice(0, 3)
    .map(({ name }) => name);
}

/** Letters to insert, delete or replace. */
function editDistance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let at = 0; at < one.length; at += 1) {
    const next = [at + 1];
    for (let index = 0; index < other.length; index += 1) {
      const replaced = (row[index] ?? 0) + (one[at] === other[index] ? 0 : 1);
      next.push(Math.min(replaced, (row[index + 1] ?? 0) + 1, (next[index] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
